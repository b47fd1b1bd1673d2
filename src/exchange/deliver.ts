import type { Context } from '../db/context.ts'
import { withOrganisation, type Database, type Tx } from '../db/client.ts'
import { emit } from '../db/outbox.ts'
import { DocumentError, writeInVersion, type OutboundDocument } from '../documents/index.ts'
import { recordProblems } from '../exceptions/service.ts'
import { documentOf as forecastDocument } from '../forecasts/service.ts'
import { compiledGuide } from '../guides/compiled.ts'
import { checkingFor } from '../guides/rules.ts'
import { activeGuidesAround } from '../guides/service.ts'
import type { Partnership } from '../partners/schema.ts'
import { channelOf, counterpartOf, getPartnership } from '../partners/service.ts'
import { crashPoint } from '../shared/crashpoint.ts'
import { newId } from '../shared/ids.ts'
import { standardGuide, validateTransaction, writeInterchange, WriteError, type Loop } from '../x12/index.ts'
import { nextControlNumber, outboundSets, storeOutbound, type Outbound } from './outbound.ts'

export type Delivery = {
  readonly document: OutboundDocument
  readonly documentId: string
  readonly recipientId: string
  readonly revision?: number
  /** Sent again under a new control number, although it was sent before. */
  readonly resend?: boolean
}

/**
 * Tells one party of one document in its channel. For X12 that is one interchange in the party's outbox, committed together with
 * the control numbers it used and the acknowledgement it now waits for. A document that cannot be written as the guide wants is
 * not sent: the delivery fails, with its reason, and an exception says so.
 */
export const deliver = (
  ctx: Context & { readonly db: Database },
  work: Delivery,
  done: (tx: Tx) => Promise<void>,
): Promise<void> =>
  withOrganisation(ctx, async tx => {
    const inTx = { ...ctx, db: tx }
    const loaded = await loadDocument(inTx, work)
    if (loaded) {
      const partnership = await getPartnership(inTx, loaded.partnershipId)
      const earlier = await selectDelivery(tx, work, partnership.id)
      if (!earlier || work.resend || earlier.state === 'failed')
        await send(inTx, tx, work, loaded.content, partnership, earlier?.id)
    }
    await done(tx)
    crashPoint('deliver.before-commit')
  }).then(() => crashPoint('deliver.committed'))

const send = async (
  ctx: Context,
  tx: Tx,
  work: Delivery,
  content: unknown,
  partnership: Partnership,
  earlier: string | undefined,
): Promise<void> => {
  const counterpartId = counterpartOf(partnership, work.recipientId)
  const channel = channelOf(partnership, work.recipientId, work.document)
  const record = { id: earlier ?? newId('dlv'), counterpartId, partnershipId: partnership.id, channel: channel.channel, work }
  if (channel.channel !== 'x12') return upsertDelivery(tx, { ...record, state: 'shown' })

  const outcome = await writeDocument(tx, ctx, work, content, partnership, channel.x12Version)
  const problems = 'error' in outcome ? [{ code: outcome.error, detail: outcome.detail, severity: 'error' as const }] : []
  // Also without problems: a document that went out this time closes what its failure had opened.
  await recordProblems(tx, ctx.now(), [
    {
      organisationId: partnership.buyerId,
      counterpartId: partnership.sellerId,
      partnershipId: partnership.id,
      side: counterpartId === partnership.buyerId ? 'buyer' : 'seller',
      documentKind: documentKinds[work.document],
      documentId: record.id,
      problems,
    },
  ])
  if ('error' in outcome)
    return upsertDelivery(tx, { ...record, state: 'failed', errorCode: outcome.error, errorDetail: outcome.detail })
  if (earlier) await stopWaitingFor(tx, earlier)
  const messageId = await storeOutbound(tx, {
    ...outcome,
    organisationId: work.recipientId,
    counterpartId,
    actor: ctx.actor.name,
  })
  await upsertDelivery(tx, { ...record, state: 'sent', messageId })
  await emit(tx, [
    {
      type: 'document.sent',
      organisationId: partnership.buyerId,
      counterpartId: partnership.sellerId,
      partnershipId: partnership.id,
      subjectId: work.documentId,
      data: { document: work.document, recipientId: work.recipientId, messageId, controlNumber: outcome.interchangeControl },
    },
  ])
}

const documentKinds = { '850': 'order', '855': 'order_response', '860': 'order_change', '865': 'order_change_answer', '856': 'shipment', '861': 'receipt', '810': 'invoice', '830': 'forecast' } as const

type Earlier = { readonly id: string; readonly state: 'sent' | 'shown' | 'failed' }

const selectDelivery = async (tx: Tx, work: Delivery, partnershipId: string): Promise<Earlier | undefined> => {
  const [row] = await tx.sql<Earlier[]>`
    select id, state from delivery where partnership_id = ${partnershipId} and organisation_id = ${work.recipientId} and document = ${work.document}
      and document_id = ${work.documentId} and revision = ${work.revision ?? 1}`
  return row
}

type DeliveryRecord = {
  readonly id: string
  readonly counterpartId: string
  readonly partnershipId: string
  readonly channel: string
  readonly work: Delivery
  readonly state: Earlier['state']
  readonly messageId?: string
  readonly errorCode?: string
  readonly errorDetail?: string
}

const upsertDelivery = async (tx: Tx, { work, ...record }: DeliveryRecord): Promise<void> => {
  await tx.sql`
    insert into delivery as d (id, organisation_id, counterpart_id, partnership_id, document, document_id, revision, channel, state, message_id, error_code, error_detail)
    values (${record.id}, ${work.recipientId}, ${record.counterpartId}, ${record.partnershipId}, ${work.document}, ${work.documentId}, ${work.revision ?? 1},
      ${record.channel}, ${record.state}, ${record.messageId ?? null}, ${record.errorCode ?? null}, ${record.errorDetail ?? null})
    on conflict (id) do update set state = excluded.state, channel = excluded.channel, message_id = coalesce(excluded.message_id, d.message_id),
      error_code = excluded.error_code, error_detail = excluded.error_detail, resends = d.resends + 1`
}

/** The transmission that a new one replaces no longer waits for its 997; the new one does. */
const stopWaitingFor = async (tx: Tx, deliveryId: string): Promise<void> => {
  await tx.sql`
    update functional_group g set acknowledgement_state = null from delivery d
    where d.id = ${deliveryId} and g.message_id = d.message_id and g.acknowledgement_state = 'pending'`
}

/** The canonical document as it stands, whichever domain keeps it; undefined when it is not there (any more). */
const loadDocument = async (
  ctx: Context & { readonly db: Tx },
  work: Delivery,
): Promise<{ partnershipId: string; content: unknown } | undefined> => {
  const { sql } = ctx.db
  const id = work.documentId
  const one = async (rows: Promise<readonly { partnershipId: string; content: unknown }[]>) => (await rows)[0]
  switch (work.document) {
    case '850':
      return one(sql`select partnership_id as "partnershipId", document as content from purchase_order where id = ${id}`)
    case '855':
      return one(sql`select partnership_id as "partnershipId", document as content from order_response where id = ${id}`)
    case '860':
      return one(sql`select partnership_id as "partnershipId", document as content from order_change where id = ${id}`)
    case '865':
      return one(sql`select partnership_id as "partnershipId", document as content from order_change_answer where id = ${id}`)
    case '856':
      return one(sql`select partnership_id as "partnershipId", document as content from shipment where id = ${id}`)
    case '861':
      return one(sql`select partnership_id as "partnershipId", document as content from receipt where id = ${id}`)
    case '810':
      return one(sql`select partnership_id as "partnershipId", document as content from invoice where id = ${id}`)
    case '830': {
      const forecast = await one(sql`select partnership_id as "partnershipId", null as content from forecast where id = ${id}`)
      return forecast && { partnershipId: forecast.partnershipId, content: await forecastDocument(ctx, id) }
    }
    default:
      return work.document satisfies never
  }
}

const setControl = '0001'

/** What the guide in force between the two says against a document that the standard allows; undefined when nothing. */
const againstGuide = async (
  tx: Tx,
  ctx: Context,
  work: Delivery,
  partnership: Partnership,
  version: string,
  root: Loop,
): Promise<string | undefined> => {
  const guides = await activeGuidesAround(tx, work.recipientId)
  const checking = checkingFor(guides, partnership, counterpartOf(partnership, work.recipientId), work.document, version)
  const guide = checking.by && (await compiledGuide({ ...ctx, db: tx }, checking, version, work.document))
  const faults = guide
    ? validateTransaction({ set: work.document, controlNumber: setControl, version, root }, guide).filter(
        finding => finding.severity === 'error',
      )
    : []
  if (faults.length === 0) return undefined
  const told = faults.slice(0, 5).map(finding => finding.message)
  return `The guide in force does not allow it: ${told.join(' ')}`
}

type Written = Omit<Outbound, 'organisationId' | 'counterpartId' | 'actor'>

const writeDocument = async (
  tx: Tx,
  ctx: Context,
  work: Delivery,
  content: unknown,
  partnership: Partnership,
  version: string,
): Promise<Written | { error: string; detail: string }> => {
  const toBuyer = work.recipientId === partnership.buyerId
  const [from, to] = toBuyer
    ? [partnership.sellerIdentity, partnership.buyerIdentity]
    : [partnership.buyerIdentity, partnership.sellerIdentity]
  if (!from || !to)
    return {
      error: 'exchange/no-identity',
      detail: `The partnership does not say which ISA and GS ids ${from ? 'the recipient has' : 'sign what goes out'}. Set them in the partnership.`,
    }
  const guide = standardGuide(version, work.document)
  if (!guide)
    return {
      error: 'exchange/version-unsupported',
      detail: `Set ${work.document} cannot be written in version ${version}. Choose another version for this channel.`,
    }
  try {
    const root = writeInVersion(work.document, content as never, version)
    const faults = validateTransaction({ set: work.document, controlNumber: setControl, version, root }, guide).filter(
      finding => finding.severity === 'error',
    )
    if (faults.length > 0)
      return {
        error: 'exchange/not-writable',
        detail: faults
          .slice(0, 5)
          .map(finding => finding.message)
          .join(' '),
      }
    const unwanted = await againstGuide(tx, ctx, work, partnership, version, root)
    if (unwanted !== undefined) return { error: 'exchange/against-guide', detail: unwanted }
    const sender = `${from.qualifier}:${from.id}`
    const receiver = `${to.qualifier}:${to.id}`
    const interchangeControl = await nextControlNumber(tx, sender, receiver, 'interchange')
    const groupControl = await nextControlNumber(tx, sender, receiver, 'group')
    const test = partnership.usage === 'test'
    const written = writeInterchange({
      header: { sender: from, receiver: to, at: ctx.now(), controlNumber: interchangeControl, usage: test ? 'T' : 'P' },
      groups: [
        {
          header: {
            functionalId: guide.functionalId,
            senderCode: from.group,
            receiverCode: to.group,
            at: ctx.now(),
            controlNumber: groupControl,
            version,
          },
          transactions: [{ set: work.document, controlNumber: setControl, root }],
        },
      ],
    })
    const group = {
      functionalId: guide.functionalId,
      senderCode: from.group,
      receiverCode: to.group,
      controlNumber: String(groupControl),
      version,
      awaitsAcknowledgement: true,
    }
    return {
      bytes: written,
      sender,
      receiver,
      interchangeControl: String(interchangeControl).padStart(9, '0'),
      test,
      group,
      sets: outboundSets(written, {
        partnershipId: partnership.id,
        documentKind: documentKinds[work.document],
        documentId: work.documentId,
      }),
    }
  } catch (error) {
    if (error instanceof WriteError || error instanceof DocumentError)
      return { error: 'exchange/not-writable', detail: error.message }
    throw error
  }
}
