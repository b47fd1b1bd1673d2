import type { Sql } from '../db/client.ts'
import type {
  OrderAcknowledgementDocument,
  OrderChangeAnswerDocument,
  OrderChangeDocument,
  PurchaseOrderDocument,
} from '../documents/canonical.ts'
import { decimalText } from '../shared/decimal.ts'
import type { ChangeState } from './change-schema.ts'
import type { HeldLine, HeldOrder } from './queries.ts'
import { orderDates, orderTotal, shipToOf, type Problem } from './rules.ts'
import type { DocumentChannel } from './schema.ts'

/** Writing and reading changes of orders and what was said to them. */

export type KnownChange = {
  readonly id: string; readonly orderId: string; readonly sequence: string | null; readonly ordinal: number | null
  readonly state: ChangeState; readonly document: OrderChangeDocument; readonly channel: DocumentChannel
  readonly sourceMessageId: string | null; readonly sourceOrdinal: number | null; readonly respondBy: Date | null
}

/** All changes of orders, as they came. */
export const selectChanges = (sql: Sql, orderIds: readonly string[]) => sql<KnownChange[]>`
  select id, order_id as "orderId", sequence, ordinal, state, document, channel, source_message_id as "sourceMessageId",
    source_ordinal as "sourceOrdinal", respond_by as "respondBy"
  from order_change where order_id = any(${orderIds as string[]}::text[]) order by order_id, ordinal nulls last, id`

export type NewChange = {
  readonly id: string; readonly order: Pick<HeldOrder, 'id' | 'partnershipId' | 'buyerId' | 'sellerId'>
  readonly sequence: string | null; readonly ordinal: number | null; readonly purpose: string; readonly type: string
  readonly state: ChangeState; readonly respondBy: Date | null; readonly document: OrderChangeDocument
  readonly problems: readonly Problem[]; readonly channel: DocumentChannel; readonly sourceMessageId: string | undefined
  readonly sourceOrdinal: number | undefined; readonly actor: string
}

export const insertChange = (sql: Sql, change: NewChange, now: Date) => sql`
  insert into order_change (id, order_id, partnership_id, buyer_id, seller_id, sequence, ordinal, purpose, type, state,
    respond_by, document, problems, channel, source_message_id, source_ordinal, actor, created_at, decided_at)
  values (${change.id}, ${change.order.id}, ${change.order.partnershipId}, ${change.order.buyerId}, ${change.order.sellerId},
    ${change.sequence}, ${change.ordinal}, ${change.purpose}, ${change.type}, ${change.state}, ${change.respondBy},
    ${JSON.stringify(change.document)}::text::jsonb, ${JSON.stringify(change.problems)}::text::jsonb, ${change.channel},
    ${change.sourceMessageId ?? null}, ${change.sourceOrdinal ?? null}, ${change.actor}, ${now},
    ${change.state === 'held' ? null : now})`

/** A change that waited is made or refused. */
export const decideChange = (
  sql: Sql,
  id: string,
  change: Pick<NewChange, 'ordinal' | 'state' | 'respondBy' | 'problems'>,
  now: Date,
) => sql`
  update order_change set ordinal = ${change.ordinal}, state = ${change.state}, respond_by = ${change.respondBy},
    problems = ${JSON.stringify(change.problems)}::text::jsonb, decided_at = ${now} where id = ${id}`

export const setChangeStates = (sql: Sql, states: readonly { readonly id: string; readonly state: ChangeState }[]) => sql`
  update order_change c set state = t.state
  from unnest(${states.map(s => s.id)}::text[], ${states.map(s => s.state)}::text[]) as t(id, state)
  where c.id = t.id and c.state <> t.state`

/** An order that is replaced as a whole begins anew: what had been changed of the one before holds no longer. */
export const voidChanges = (sql: Sql, orderId: string) => sql`
  update order_change set state = 'replaced' where order_id = ${orderId} and state <> 'refused'`

export type NewChangeAnswer = {
  readonly id: string; readonly order: Pick<HeldOrder, 'id' | 'partnershipId' | 'buyerId' | 'sellerId'>
  readonly changeId: string; readonly document: OrderChangeAnswerDocument; readonly channel: DocumentChannel | 'hub'
  readonly sourceMessageId: string | undefined; readonly sourceOrdinal: number | undefined; readonly actor: string
}

export const insertChangeAnswer = (sql: Sql, answer: NewChangeAnswer, now: Date) => sql`
  insert into order_change_answer (id, order_id, change_id, partnership_id, buyer_id, seller_id, type, document, channel,
    source_message_id, source_ordinal, actor, created_at)
  values (${answer.id}, ${answer.order.id}, ${answer.changeId}, ${answer.order.partnershipId}, ${answer.order.buyerId},
    ${answer.order.sellerId}, ${answer.document.type ?? null}, ${JSON.stringify(answer.document)}::text::jsonb,
    ${answer.channel}, ${answer.sourceMessageId ?? null}, ${answer.sourceOrdinal ?? null}, ${answer.actor}, ${now})`

export type KnownAnswer = {
  readonly id: string; readonly orderId: string; readonly changeId: string; readonly document: OrderChangeAnswerDocument
  readonly channel: DocumentChannel | 'hub'; readonly sourceMessageId: string | null; readonly sourceOrdinal: number | null
}
export const selectChangeAnswers = (sql: Sql, orderIds: readonly string[]) => sql<KnownAnswer[]>`
  select id, order_id as "orderId", change_id as "changeId", document, channel, source_message_id as "sourceMessageId",
    source_ordinal as "sourceOrdinal"
  from order_change_answer where order_id = any(${orderIds as string[]}::text[]) order by order_id, id`

type FoldRow = {
  document: PurchaseOrderDocument; cancelled: boolean; answers: OrderAcknowledgementDocument[]
  changes: { id: string; document: OrderChangeDocument; answers: OrderChangeAnswerDocument[] }[]
}

/**
 * What an order follows from, as far as it was known at an instant: the order as it was before its first change, its 855s, its
 * changes and their 865s. Those of an order that was replaced since are another order's.
 */
export const selectFacts = (sql: Sql, orderId: string, at: Date | 'infinity' = 'infinity') => sql<FoldRow[]>`
  with known as (select ${at === 'infinity' ? sql`'infinity'::timestamptz` : sql`${at}::timestamptz`} as at),
  replaced as (
    select max(version) as version, max(replaced_at) as at from order_version, known
    where order_id = ${orderId} and replaced_by = 'replacement' and replaced_at <= known.at
  ), first as (
    select v.document from order_version v, replaced r
    where v.order_id = ${orderId} and v.version > coalesce(r.version, 0) order by v.version limit 1
  )
  select coalesce((select document from first), o.document) as document,
    exists (select 1 from order_version v, replaced r, known where v.order_id = o.id and v.replaced_by = 'cancellation'
      and v.version > coalesce(r.version, 0) and v.replaced_at <= known.at) as cancelled,
    coalesce((select jsonb_agg(r.document order by r.sequence) from order_response r, known where r.order_id = o.id
      and r.created_at <= known.at and r.created_at >= coalesce((select at from replaced), '-infinity')), '[]') as answers,
    coalesce((select jsonb_agg(jsonb_build_object('id', c.id, 'document', c.document, 'answers', coalesce((
        select jsonb_agg(a.document order by a.id) from order_change_answer a, known
        where a.change_id = c.id and a.channel <> 'hub' and a.created_at <= known.at), '[]')) order by c.ordinal)
      from order_change c, known where c.order_id = o.id and c.ordinal is not null and c.decided_at <= known.at
        and c.decided_at >= coalesce((select at from replaced), '-infinity') and c.state not in ('held', 'refused', 'replaced')), '[]') as changes
  from purchase_order o where o.id = ${orderId}`

/** The terms of lines that changes have moved. What was shipped and invoiced of them is `updateLines`' affair. */
export const updateTerms = (sql: Sql, lines: readonly (HeldLine & { readonly orderId: string; readonly changeId: string | null; readonly changeAt: number | null })[]) => sql`
  update order_line l set unit = t.unit, price = t.price, price_basis = t.basis, quantity_ordered = t.ordered,
    partnership_item_id = t.item, gtin = t.gtin, buyer_item = t.buyer, seller_item = t.seller, description = t.description,
    change_id = t.change, change_position = t.at
  from unnest(${lines.map(l => l.orderId)}::text[], ${lines.map(l => l.position)}::int[], ${lines.map(l => l.unit)}::text[],
    ${lines.map(l => l.price)}::numeric[], ${lines.map(l => l.priceBasis)}::text[],
    ${lines.map(l => decimalText(l.ledger.ordered))}::numeric[], ${lines.map(l => l.partnershipItemId)}::text[],
    ${lines.map(l => l.gtin)}::text[], ${lines.map(l => l.buyerItem)}::text[], ${lines.map(l => l.sellerItem)}::text[],
    ${lines.map(l => l.description)}::text[], ${lines.map(l => l.changeId)}::text[], ${lines.map(l => l.changeAt)}::int[]
  ) as t(order_id, position, unit, price, basis, ordered, item, gtin, buyer, seller, description, change, at)
  where l.order_id = t.order_id and l.position = t.position`

/** The document of an order after a change, and what the header shows of it. */
export const updateDocument = (sql: Sql, orderId: string, document: PurchaseOrderDocument, standing: PurchaseOrderDocument['lines']) => {
  const dates = orderDates(document)
  return sql`
  update purchase_order set document = ${JSON.stringify(document)}::text::jsonb, ship_to = ${shipToOf(document)},
    ship_not_before = ${dates.shipNotBefore}, ship_no_later = ${dates.shipNoLater},
    delivery_requested = ${dates.deliveryRequested}, cancel_after = ${dates.cancelAfter},
    currency = coalesce(${document.currency ?? null}, currency),
    total_amount = ${decimalText(orderTotal({ lines: standing }))}, line_count = ${document.lines.length}
  where id = ${orderId}`
}

/** Keeps the document that a change or the answer to one takes the place of, under its version. */
export const keepChangedVersion = (sql: Sql, order: HeldOrder, replacedBy: 'change' | 'answer', changeId: string, now: Date) => sql`
  insert into order_version (order_id, version, partnership_id, buyer_id, seller_id, document, replaced_at, replaced_by, change_id)
  values (${order.id}, ${order.version}, ${order.partnershipId}, ${order.buyerId}, ${order.sellerId},
    ${JSON.stringify(order.document)}::text::jsonb, ${now}, ${replacedBy}, ${changeId})`

export type VersionRow = {
  version: number; since: string; until: string | null; replacedBy: string | null; changeId: string | null
  document: PurchaseOrderDocument
}

/** The documents of an order, oldest first, the one in force last; none when the order is not the reader's. */
export const selectVersions = (sql: Sql, orderId: string) => sql<VersionRow[]>`
  select version, ${instantOf(sql, sql`lag(until, 1, created_at) over (order by version)`)} as since,
    ${instantOf(sql, sql`until`)} as until, "replacedBy", "changeId", document
  from (
    select v.version, v.replaced_at as until, v.replaced_by as "replacedBy", v.change_id as "changeId", v.document, o.created_at
    from order_version v join purchase_order o on o.id = v.order_id where v.order_id = ${orderId}
    union all
    select o.version, null, null, null, o.document, o.created_at from purchase_order o where o.id = ${orderId}
  ) versions order by version`

const instantOf = (sql: Sql, instant: ReturnType<Sql>) => sql`to_char(${instant} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** What had been shipped and invoiced of each line by an instant. */
export const selectMoved = (sql: Sql, orderId: string, at: Date) => sql<
  { position: number; shipped: string; invoiced: string }[]
>`
  select position, sum(shipped)::text as shipped, sum(invoiced)::text as invoiced from (
    select l.order_line_position as position, l.quantity as shipped, 0 as invoiced
    from shipment_line l join shipment s on s.id = l.shipment_id join order_line o on o.order_id = l.order_id and o.position = l.order_line_position
    where l.order_id = ${orderId} and s.state <> 'cancelled' and s.created_at <= ${at}::timestamptz and l.unit = o.unit
    union all
    select l.order_line_position, 0, case i.type when 'credit' then -l.quantity else l.quantity end
    from invoice_line l join invoice i on i.id = l.invoice_id join order_line o on o.order_id = i.order_id and o.position = l.order_line_position
    where i.order_id = ${orderId} and i.created_at <= ${at}::timestamptz and l.unit = o.unit
  ) moved group by position`

/** Changes of orders with their answers, as they came. */
export const selectShownChanges = (sql: Sql, orderIds: readonly string[]) => sql`
  select c.id, c.order_id as "orderId", c.sequence, c.ordinal, c.purpose, c.type, c.state,
    ${instantOf(sql, sql`c.respond_by`)} as "respondBy", c.document, c.problems, c.channel, c.actor,
    ${instantOf(sql, sql`c.created_at`)} as "createdAt", ${instantOf(sql, sql`c.decided_at`)} as "decidedAt",
    (select coalesce(json_agg(json_build_object('id', a.id, 'type', a.type, 'document', a.document, 'channel', a.channel,
       'actor', a.actor, 'createdAt', ${instantOf(sql, sql`a.created_at`)}) order by a.id), '[]')
     from order_change_answer a where a.change_id = c.id) as answers
  from order_change c where c.order_id = any(${orderIds as string[]}::text[]) order by c.order_id, c.id`
