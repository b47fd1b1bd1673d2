import type { GraphQLResolveInfo } from 'graphql'
import type { Context } from '../../db/context.ts'
import { authorise, type Action } from '../../identity/rules.ts'
import { fingerprintOf, onceApart, onceFor } from '../idempotency.ts'
import type { GraphContext } from './builder.ts'

type Resolver<A, T> = (parent: unknown, args: Given<A>, context: GraphContext, info: GraphQLResolveInfo) => Promise<T>
/** GraphQL clients say null for what they leave out. */
type Given<A> = { [K in keyof NonNullable<A>]: NonNullable<A>[K] | null | undefined }

/** A field that reads, for those who may. */
export const query =
  <A, T>(action: Action, read: (ctx: Context, args: A) => Promise<T>): Resolver<A, T> =>
  (_parent, args, { service }) => {
    authorise(service.actor, action)
    return read(service, withoutNulls(args) as A)
  }

type Page = { limit?: number; cursor?: string }

/** A list that takes a filter beside its page; the filter is checked as REST checks it. */
export const filtered =
  <F, T>(check: (value: unknown, place?: string) => F, list: (ctx: Context, filter: F & Page) => Promise<T>) =>
  (ctx: Context, { filter, ...page }: { filter?: Omit<F, 'limit' | 'cursor'> } & Page): Promise<T> =>
    list(ctx, { ...check(filter ?? {}, '/filter'), ...page })

/** A field that changes something, for those who may; once for an Idempotency-Key. `apart` when the service commits by itself. */
export const mutation =
  <A, T>(action: Action, change: (ctx: Context, args: A) => Promise<T>, { apart = false } = {}): Resolver<A, T> =>
  async (_parent, given, { service, idempotencyKey, operationId = 0 }, info) => {
    authorise(service.actor, action)
    const args = withoutNulls(given) as A
    if (idempotencyKey === undefined) return change(service, args)
    // A request may have several documents, and each several mutations: every one has its own place under the request's key.
    const claim = {
      key: `${idempotencyKey}#${operationId}.${info.path.key}`,
      fingerprint: fingerprintOf('graphql', info.fieldName, args),
    }
    const { answer } = await (apart ? onceApart : onceFor)(service, claim, ctx => change(ctx, args))
    return answer
  }

/** What is null was left out. */
const withoutNulls = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(withoutNulls)
    : typeof value === 'object' && value !== null && !(value instanceof Date)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, part]) => part !== null)
            .map(([key, part]) => [key, withoutNulls(part)]),
        )
      : value
