import { Exception, ExceptionFilter, ExceptionResolution, type Resolution } from '../../exceptions/schema.ts'
import { assignException, getException, listExceptions, resolveException } from '../../exceptions/service.ts'
import { checker } from '../checker.ts'
import { builder, filterInput, input, output, page } from './builder.ts'
import { filtered, mutation, query } from './resolve.ts'

export const ExceptionType = output(Exception)
const ExceptionPage = page('Exception', ExceptionType)
const checkFilter = checker(ExceptionFilter)
const checkResolution = checker(ExceptionResolution)

builder.queryFields(t => ({
  exceptions: t.field({
    type: ExceptionPage,
    description: 'What does not agree, newest first.',
    args: { filter: t.arg({ type: filterInput(ExceptionFilter) }), limit: t.arg.int(), cursor: t.arg.string() },
    resolve: query('records.read', filtered(checkFilter, listExceptions)),
  }),
  exception: t.field({
    type: ExceptionType,
    args: { id: t.arg.id({ required: true }) },
    resolve: query('records.read', (ctx, { id }: { id: string }) => getException(ctx, id)),
  }),
}))

builder.mutationFields(t => ({
  resolveException: t.field({
    type: ExceptionType,
    description: 'Close an exception, saying whose value holds.',
    args: {
      id: t.arg.id({ required: true }),
      input: t.arg({ type: input(ExceptionResolution), required: true }),
      ifVersion: t.arg.int(),
    },
    resolve: mutation('exceptions.resolve', (ctx, args: { id: string; input: { resolution: Resolution }; ifVersion?: number }) =>
      resolveException(ctx, args.id, checkResolution(args.input).resolution, args.ifVersion),
    ),
  }),
  assignException: t.field({
    type: ExceptionType,
    description: 'Give an exception to a colleague.',
    args: { id: t.arg.id({ required: true }), userId: t.arg.id({ required: true }), ifVersion: t.arg.int() },
    resolve: mutation('exceptions.resolve', (ctx, args: { id: string; userId: string; ifVersion?: number }) =>
      assignException(ctx, args.id, args.userId, args.ifVersion),
    ),
  }),
}))
