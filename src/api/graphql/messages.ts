import { DeadWork, Message, MessageDetail, MessageFilter, MessageSet, OutboxItem } from '../../exchange/schema.ts'
import {
  confirmOutbox,
  getMessage,
  listDeadWork,
  listMessages,
  listOutbox,
  listSets,
  replayMessage,
  resendMessage,
  retryDeadWork,
} from '../../exchange/service.ts'
import type { Context } from '../../db/context.ts'
import { checker } from '../checker.ts'
import { builder, filterInput, output, page } from './builder.ts'
import { filtered, mutation, query } from './resolve.ts'

const MessagePage = page('Message', output(Message))
const MessageSetPage = page('MessageSet', output(MessageSet))
const OutboxPage = page('Outbox', output(OutboxItem))
const DeadWorkPage = page('DeadWork', output(DeadWork))
const MessageDetailType = output(MessageDetail)
const checkFilter = checker(MessageFilter)

builder.objectFields(MessageDetailType, t => ({
  sets: t.field({
    type: MessageSetPage,
    args: { limit: t.arg.int(), cursor: t.arg.string() },
    resolve: ({ id }, { limit, cursor }, { service }) =>
      listSets(service, id, { ...(limit && { limit }), ...(cursor && { cursor }) }),
  }),
}))

builder.queryFields(t => ({
  messages: t.field({
    type: MessagePage,
    description: 'Transmissions received and sent, newest first.',
    args: { filter: t.arg({ type: filterInput(MessageFilter, 'MessageFilter') }), limit: t.arg.int(), cursor: t.arg.string() },
    resolve: query('edi.inspect', filtered(checkFilter, listMessages)),
  }),
  message: t.field({
    type: MessageDetailType,
    args: { id: t.arg.id({ required: true }) },
    resolve: query('edi.inspect', (ctx, { id }: { id: string }) => getMessage(ctx, id)),
  }),
  messageSets: t.field({
    type: MessageSetPage,
    description: 'The sets of a message that you may see.',
    args: { messageId: t.arg.id({ required: true }), limit: t.arg.int(), cursor: t.arg.string() },
    resolve: query('records.read', (ctx, { messageId, ...rest }: { messageId: string; limit?: number; cursor?: string }) =>
      listSets(ctx, messageId, rest),
    ),
  }),
  outbox: t.field({
    type: OutboxPage,
    description: 'X12 that waits for you.',
    args: { limit: t.arg.int(), cursor: t.arg.string() },
    resolve: query('edi.fetch', listOutbox),
  }),
  deadJobs: t.field({
    type: DeadWorkPage,
    description: 'Work that failed for good.',
    args: { limit: t.arg.int(), cursor: t.arg.string() },
    resolve: query('edi.operate', listDeadWork),
  }),
}))

/** A mutation that sets something going and has nothing to show but that it did. */
const set =
  (act: (ctx: Context, id: string) => Promise<void>) =>
  async (ctx: Context, { id }: { id: string }): Promise<boolean> => {
    await act(ctx, id)
    return true
  }

builder.mutationFields(t => {
  const args = { id: t.arg.id({ required: true }) }
  return {
    replayMessage: t.boolean({
      args,
      description: 'Process a quarantined message again.',
      resolve: mutation('edi.operate', set(replayMessage)),
    }),
    releaseMessage: t.boolean({
      args,
      description: 'Let a control number conflict through and process the message.',
      resolve: mutation(
        'edi.operate',
        set((ctx, id) => replayMessage(ctx, id, { release: true })),
      ),
    }),
    resendMessage: t.boolean({
      args,
      description: 'Send a document again, with a new control number.',
      resolve: mutation('edi.operate', set(resendMessage)),
    }),
    acknowledgeOutbox: t.boolean({
      args,
      description: 'Say that you have a message safely.',
      resolve: mutation('edi.fetch', set(confirmOutbox)),
    }),
    retryDeadJob: t.boolean({
      args,
      description: 'Try failed work again.',
      resolve: mutation('edi.operate', set(retryDeadWork)),
    }),
  }
})
