import { readAs, withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { recordFindings, type Recorded } from '../exceptions/service.ts'
import type { Finding } from '../exceptions/finding.ts'
import { itemNumbers } from '../items/rules.ts'
import { lineFinder } from '../orders/book.ts'
import { namedBy } from '../orders/change-rules.ts'
import { linkReceiptsOf } from '../receipts/service.ts'
import { businessDate } from '../shared/clock.ts'
import type { ChangeFacts, OrderFacts, ReceivedFacts, ReceivingFacts, ResponseFacts, ShipmentFacts, Source } from './facts.ts'
import { defaultSettings, policyBook, type PolicyBook, type Settings } from './policy.ts'
import {
  closeDifferingCells,
  fetchDifferingCells,
  lockSubjects,
  openDifferingCells,
  selectControlConflicts,
  selectControlGaps,
  selectOrders,
  selectOrdersToSweep,
  selectPartnershipIds,
  selectPolicies,
  selectReceipts,
  selectResponses,
  selectShipments,
  selectUnsettledGroups,
  type OrderRow,
  type ReceiptRow,
  type ResponseRow,
  type ShipmentRow,
} from './queries.ts'
import { acknowledgementFindings } from './rules/r1-acknowledgement-overdue.ts'
import { forecastDifferences } from './rules/r14-forecasts.ts'
import { controlConflicts, controlGaps } from './rules/r2-control-numbers.ts'
import { orderAgainstAnswer } from './rules/r4-order-answer.ts'
import { changesOfOrder } from './rules/r5-order-changes.ts'
import { orderAgainstShipments } from './rules/r6-order-shipment.ts'
import { shipmentsAgainstReceipts } from './rules/r8-receiving.ts'

const orderRules = ['R3', 'R4', 'R5', 'R6', 'R8'] as const

/**
 * Holds one order against its answers (R4), its changes (R3, R5) and its shipments (R6), and those against what was received (R8).
 * Eight statements, and the events of what opened or closed.
 */
export const reconcileOrder = (ctx: Context, orderId: string): Promise<Recorded> => reconcileOrders(ctx, [orderId])

/** The same for several orders at once, in as many statements. */
export const reconcileOrders = (ctx: Context, orderIds: readonly string[]): Promise<Recorded> =>
  withOrganisation(ctx, async tx => {
    await linkReceiptsOf(tx, orderIds, ctx.now())
    await lockSubjects(tx.sql, orderIds)
    const [orders, responses, shipments, receipts] = await Promise.all([
      selectOrders(tx.sql, orderIds),
      selectResponses(tx.sql, orderIds),
      selectShipments(tx.sql, orderIds),
      selectReceipts(tx.sql, orderIds),
    ])
    const policies = policyBook(
      await selectPolicies(tx.sql, orderRules, [...new Set(orders.map(order => order.partnershipId))], null),
    )
    const facts = orders.map(order => factsOf(order, responses, shipments, ctx.now()))
    const arrived = receivingFacts(orders, shipments, receipts)
    const findings = facts.flatMap(each => [
      ...orderAgainstAnswer(each, policies),
      ...changesOfOrder(each, policies),
      ...orderAgainstShipments(each, policies),
      ...shipmentsAgainstReceipts(each, arrived(each), policies),
    ])
    return recordFindings(
      tx,
      { rules: orderRules, subjectIds: [...orderIds, ...shipments.map(shipment => shipment.id)], at: ctx.now() },
      findings,
    )
  })

const sourceOf = (row: { sourceMessageId: string | null; sourceOrdinal: number | null }): Source | null =>
  row.sourceMessageId === null || row.sourceOrdinal === null
    ? null
    : { messageId: row.sourceMessageId, ordinal: row.sourceOrdinal }

const factsOf = (
  order: OrderRow,
  responses: readonly ResponseRow[],
  shipments: readonly ShipmentRow[],
  now: Date,
): OrderFacts => {
  const find = lineFinder(order.lines)
  return {
    ...order,
    source: sourceOf(order),
    responses: responses
      .filter(response => response.orderId === order.orderId)
      .map((response): ResponseFacts => ({
        ...response,
        source: sourceOf(response),
        positions: response.document.lines.map(
          line => find({ lineNumber: line.lineNumber, numbers: itemNumbers(line.products) }) ?? null,
        ),
      })),
    shipments: shipments
      .filter(shipment => shipment.state !== 'cancelled')
      .map((shipment): ShipmentFacts => ({
        ...shipment,
        source: sourceOf(shipment),
        shipDateAt: shipment.dates.find(event => event.qualifier === '011')?.at ?? null,
        estimatedDeliveryAt: shipment.dates.find(event => event.qualifier === '017')?.at ?? null,
        lines: shipment.lines.filter(line => line.orderId === order.orderId || line.orderId === null),
      }))
      .filter(shipment => shipment.lines.some(line => line.orderId === order.orderId)),
    changes: order.changes.map((change): ChangeFacts => ({
      ...change,
      positions: change.document.lines.map(line => find(namedBy(line)) ?? null),
    })),
    today: businessDate(now),
    now: now.toISOString(),
  }
}

/** What was received, for each order of a run. */
const receivingFacts = (orders: readonly OrderRow[], shipments: readonly ShipmentRow[], receipts: readonly ReceiptRow[]) => {
  const packages = shipments.flatMap(({ id, packages: inside }) => inside.map(each => ({ ...each, shipmentId: id })))
  const using = new Set(orders.filter(order => order.receives).map(order => order.orderId))
  const received = receipts.flatMap(({ lines, said, ...receipt }) =>
    lines.map((line): ReceivedFacts => ({
      ...line,
      receiptId: receipt.receiptId,
      number: receipt.number,
      receivedOn: receipt.receivedOn,
      source: sourceOf(receipt),
      conditions: said[line.documentLine - 1]?.conditions?.map(each => each.code) ?? [],
      cartonAt: said[line.documentLine - 1]?.packageAt ?? null,
    })),
  )
  const packageOf = new Map(packages.flatMap(each => (each.lines ?? []).map(position => [`${each.shipmentId} ${position}`, each.package])))
  return ({ orderId, shipments: ours }: OrderFacts): ReceivingFacts => {
    const own = new Set(ours.map(shipment => shipment.id))
    return {
      received: received.filter(each => each.orderId === orderId || (each.orderId === null && own.has(each.shipmentId ?? ''))),
      packages: packages.filter(each => own.has(each.shipmentId)),
      packageOf: (shipmentId, position) => packageOf.get(`${shipmentId} ${position}`) ?? null,
      used: using.has(orderId),
    }
  }
}

/**
 * Holds the buyer's latest forecast against the seller's (R14, FC_DIFF), all purposes and types of the partnership, in buckets
 * that have not ended. The publication that gave rise to it is of no matter: what holds is found from all.
 */
export const reconcileForecast = (
  ctx: Context,
  { partnershipId }: { partnershipId: string; forecastId?: string },
): Promise<Recorded> =>
  withOrganisation(ctx, async tx => {
    await lockSubjects(tx.sql, [partnershipId])
    const today = businessDate(ctx.now())
    const policies = policyBook(await selectPolicies(tx.sql, ['R14'], [partnershipId], null))
    await openDifferingCells(tx.sql, partnershipId, today)
    const recorded = await recordFindings(tx, { rules: ['R14'], partnershipId, at: ctx.now() }, differences(tx, policies, today))
    await closeDifferingCells(tx.sql)
    return recorded
  })

async function* differences(tx: Tx, policies: PolicyBook, today: string): AsyncGenerator<Finding[]> {
  for (;;) {
    const cells = await fetchDifferingCells(tx.sql)
    if (cells.length === 0) return
    yield forecastDifferences(cells, policies, today)
  }
}

/**
 * Looks for groups sent to the actor's organisation that it has not acknowledged in time or has rejected (R1).
 * `hours` are the hub's configured ones; a policy of the partnership goes before them.
 */
export const reconcileAcknowledgements = (ctx: Context, hours: Partial<Settings['R1']> = {}): Promise<Recorded> =>
  withOrganisation(ctx, async tx => {
    const { organisationId } = ctx.actor
    await lockSubjects(tx.sql, [`R1 ${organisationId}`])
    const groups = (await selectUnsettledGroups(tx.sql, organisationId)).map(group => ({
      ...group,
      sentAt: new Date(group.sentAt).toISOString(),
    }))
    const partnershipIds = [...new Set(groups.flatMap(group => group.partnershipId ?? []))]
    const policies = policyBook(await selectPolicies(tx.sql, ['R1'], partnershipIds, organisationId), {
      ...defaultSettings,
      R1: { ...defaultSettings.R1, ...hours },
    })
    return recordFindings(
      tx,
      { rules: ['R1'], organisationId, at: ctx.now() },
      acknowledgementFindings(groups, policies, ctx.now()),
    )
  })

/** Looks at the control numbers of what the actor's organisation has sent: conflicts, and gaps where they are watched (R2). */
export const reconcileControlNumbers = (ctx: Context): Promise<Recorded> =>
  withOrganisation(ctx, async tx => {
    const { organisationId } = ctx.actor
    await lockSubjects(tx.sql, [`R2 ${organisationId}`])
    const now = ctx.now()
    const policies = policyBook(await selectPolicies(tx.sql, ['R2'], [], organisationId))
    const { gapWatch, gapWithinDays } = policies.settingsFor('R2', { date: businessDate(now) })
    const conflicts = (await selectControlConflicts(tx.sql, organisationId)).map(conflict => ({
      ...conflict,
      receivedAt: new Date(conflict.receivedAt).toISOString(),
      firstSeenAt: new Date(conflict.firstSeenAt).toISOString(),
    }))
    const gaps = gapWatch
      ? (await selectControlGaps(tx.sql, organisationId, new Date(now.getTime() - gapWithinDays * 86_400_000))).map(gap => ({
          ...gap,
          noticedAt: new Date(gap.noticedAt).toISOString(),
        }))
      : []
    return recordFindings(tx, { rules: ['R2'], organisationId, at: now }, [
      ...controlConflicts(conflicts, policies, now),
      ...controlGaps(gaps, policies, now),
    ])
  })

const ordersPerPage = 200
const touchedWithinMilliseconds = 3 * 86_400_000

/**
 * The nightly sweep of one organisation: its acknowledgements and control numbers, and, as a buyer, all its orders that are
 * open or were touched in the last days, and all its forecasts. (Its orders as a seller are swept as their buyers'.) Orders
 * go in pages, a transaction each, so memory stays flat and a sweep that is broken off can simply begin again.
 */
export const sweepOrganisation = async (ctx: Context): Promise<Recorded> => {
  const { organisationId } = ctx.actor
  const total: Recorded = { found: 0, opened: 0, closed: 0 }
  const add = ({ found, opened, closed }: Recorded): void => {
    total.found += found
    total.opened += opened
    total.closed += closed
  }
  add(await reconcileAcknowledgements(ctx))
  add(await reconcileControlNumbers(ctx))
  const since = new Date(ctx.now().getTime() - touchedWithinMilliseconds)
  let after = ''
  for (;;) {
    const page = await readAs(ctx.db, organisationId, sql =>
      selectOrdersToSweep(sql, organisationId, since, after, ordersPerPage),
    )
    const last = page.at(-1)
    if (!last) break
    add(
      await reconcileOrders(
        ctx,
        page.map(order => order.id),
      ),
    )
    after = last.id
  }
  const partnerships = await readAs(ctx.db, organisationId, sql => selectPartnershipIds(sql, organisationId))
  for (const { id } of partnerships) add(await reconcileForecast(ctx, { partnershipId: id }))
  return total
}
