import t from 'tap'
import { withOrganisation } from '../../src/db/client.ts'
import type { Context } from '../../src/db/context.ts'
import { findingKey, type Finding } from '../../src/exceptions/finding.ts'
import {
  assignException,
  exceptionsBySubjectIds,
  getException,
  listExceptions,
  recordFindings,
  recordProblems,
  reopenException,
  resolveException,
} from '../../src/exceptions/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'

const { db, owner } = await testDatabase(t)
const world = await smallWorld(db)
const retailer = world.ctxOf('retailer')
const supplier = world.ctxOf('supplier')
const trade = {
  organisationId: world.id.retailer,
  counterpartId: world.id.supplier,
  partnershipId: world.partnership.retailerSupplier,
}

const finding = (subjectId: string, line: number, actual: string): Finding => ({
  rule: 'R4',
  code: 'R4_QUANTITY',
  key: findingKey('R4', 'R4_QUANTITY', trade.partnershipId, subjectId, line),
  severity: 'error',
  ...trade,
  subjectKind: 'order',
  subjectId,
  summary: `Line ${line}: 100 ordered, ${actual} confirmed.`,
  compared: {
    expected: '100',
    actual,
    difference: String(Number(actual) - 100),
    tolerance: { percent: '0', absolute: '0', match: 'both' },
  },
  evidence: [
    {
      side: 'buyer',
      documentKind: 'order',
      documentId: subjectId,
      messageId: 'msg_1',
      set: 0,
      segment: 'PO1',
      position: 7,
      element: 2,
      value: '100',
    },
  ],
  moneyAtRisk: '42.50',
  currency: 'USD',
})

const record = (ctx: Context, subjectId: string, findings: readonly Finding[], at = new Date()) =>
  withOrganisation(ctx, tx => recordFindings(tx, { rules: ['R4'], subjectIds: [subjectId], at }, findings))
const only = async (ctx: Context, subjectId: string) => {
  const { items } = await listExceptions(ctx, { subjectId })
  t.equal(items.length, 1)
  return items[0]!
}
const events = async (id: string) =>
  (await owner<{ type: string }[]>`select type from event where subject_id = ${id} order by id`).map(row => row.type)

t.test('a finding opens, stays, closes by itself and comes back', async t => {
  t.match(await record(retailer, 'ord_life', [finding('ord_life', 1, '80')], new Date('2026-03-02T10:00:00Z')), {
    found: 1,
    opened: 1,
    closed: 0,
  })
  const opened = await only(retailer, 'ord_life')
  t.match(opened, {
    state: 'open',
    version: 1,
    moneyAtRisk: '42.50',
    currency: 'USD',
    firstSeenAt: '2026-03-02T10:00:00.000Z',
    closedAt: null,
    compared: { expected: '100', actual: '80', difference: '-20' },
    evidence: [{ segment: 'PO1', position: 7, element: 2 }],
  })

  t.match(await record(supplier, 'ord_life', [finding('ord_life', 1, '80')], new Date('2026-03-02T11:00:00Z')), {
    found: 1,
    opened: 0,
    closed: 0,
  })
  t.match(
    await only(retailer, 'ord_life'),
    { id: opened.id, version: 1, firstSeenAt: opened.firstSeenAt, lastSeenAt: '2026-03-02T11:00:00.000Z' },
    'the same again is no new version',
  )

  await record(retailer, 'ord_life', [finding('ord_life', 1, '60')])
  t.match(await only(retailer, 'ord_life'), { id: opened.id, version: 2, compared: { actual: '60' } }, 'other values are')

  t.match(await record(supplier, 'ord_life', []), { found: 0, opened: 0, closed: 1 })
  const closed = await only(retailer, 'ord_life')
  t.match(closed, { id: opened.id, state: 'auto_resolved', version: 3 })
  t.ok(closed.closedAt)
  t.match(await record(supplier, 'ord_life', []), { closed: 0 }, 'it closes once')

  t.match(await record(retailer, 'ord_life', [finding('ord_life', 1, '60')]), { opened: 1 })
  t.match(await only(retailer, 'ord_life'), { id: opened.id, state: 'open', closedAt: null })
  t.same(await events(opened.id), ['exception.opened', 'exception.closed', 'exception.opened'])
})

t.test('the scope bounds what closes', async t => {
  await record(retailer, 'ord_a', [finding('ord_a', 1, '80')])
  await record(retailer, 'ord_b', [finding('ord_b', 1, '80')])
  t.match(await record(retailer, 'ord_a', []), { closed: 1 })
  t.match(await only(retailer, 'ord_b'), { state: 'open' })
  await withOrganisation(retailer, tx => recordFindings(tx, { rules: ['R6'], subjectIds: ['ord_b'], at: new Date() }, []))
  t.match(await only(retailer, 'ord_b'), { state: 'open' }, 'another rule')
  t.match(
    await withOrganisation(retailer, tx =>
      recordFindings(tx, { rules: ['R4'], partnershipId: trade.partnershipId, at: new Date() }, []),
    ),
    { closed: 2 },
  )
})

t.test('what a person resolved stays resolved until its values change or it comes back', async t => {
  await record(retailer, 'ord_hand', [finding('ord_hand', 1, '80')])
  const { id } = await only(retailer, 'ord_hand')
  const resolved = await resolveException(supplier, id, 'sellers_value', 1)
  t.match(resolved, { state: 'resolved', resolution: 'sellers_value', resolvedBy: world.userId('supplier'), version: 2 })
  t.match(await record(retailer, 'ord_hand', [finding('ord_hand', 1, '80')]), { opened: 0 })
  t.match(await only(retailer, 'ord_hand'), { state: 'resolved', version: 2 })

  t.match(await record(retailer, 'ord_hand', [finding('ord_hand', 1, '70')]), { opened: 1 }, 'other values')
  t.match(await only(retailer, 'ord_hand'), { state: 'open', resolution: null, closedAt: null })

  await resolveException(retailer, id, 'manual')
  t.match(await record(retailer, 'ord_hand', []), { closed: 0 })
  t.match(await only(retailer, 'ord_hand'), { state: 'resolved', resolution: 'manual' })
  t.match(await record(retailer, 'ord_hand', [finding('ord_hand', 1, '70')]), { opened: 1 }, 'gone and come back')
})

t.test('steps follow the table and the version', async t => {
  await record(retailer, 'ord_steps', [finding('ord_steps', 1, '80')])
  const { id } = await only(retailer, 'ord_steps')
  await t.rejects(reopenException(retailer, id), { code: 'exceptions/invalid-transition' })
  await t.rejects(resolveException(retailer, id, 'manual', 7), { code: 'request/precondition-failed' })
  t.match(await assignException(retailer, id, world.userId('retailer', 'planner'), 1), {
    state: 'assigned',
    assignedTo: world.userId('retailer', 'planner'),
    version: 2,
  })
  await t.rejects(
    assignException(retailer, id, world.userId('supplier', 'planner')),
    { code: 'record/not-found' },
    'only to a colleague',
  )
  await t.rejects(assignException(world.ctxOf('retailer', 'viewer'), id, world.userId('retailer')), {
    code: 'identity/forbidden',
  })
  await resolveException(retailer, id, 'not_an_error')
  await t.rejects(assignException(retailer, id, world.userId('retailer')), { code: 'exceptions/invalid-transition' })
  t.match(await reopenException(supplier, id), { state: 'open', resolution: null, closedAt: null })
})

t.test('nobody outside the partnership sees or touches it', async t => {
  await record(retailer, 'ord_mine', [finding('ord_mine', 1, '80')])
  const { id } = await only(retailer, 'ord_mine')
  t.equal((await only(supplier, 'ord_mine')).id, id)
  for (const name of ['manufacturer', 'farm', 'stranger'] as const) {
    const ctx = world.ctxOf(name)
    t.same((await listExceptions(ctx)).items, [])
    t.same(await exceptionsBySubjectIds(ctx, ['ord_mine']), [[]])
    await t.rejects(getException(ctx, id), { code: 'record/not-found' })
    await t.rejects(resolveException(ctx, id, 'manual'), { code: 'record/not-found' })
    t.match(await record(ctx, 'ord_mine', []), { closed: 0 })
    await t.rejects(record(ctx, 'ord_mine', [finding('ord_mine', 2, '1')]), /row-level security/)
  }
  t.match(await getException(supplier, id), { state: 'open', version: 1 })
})

t.test('lists are filtered and paged', async t => {
  await record(
    retailer,
    'ord_page',
    Array.from({ length: 5 }, (_, i) => finding('ord_page', i + 1, String(10 * i))),
  )
  const first = await listExceptions(retailer, { subjectId: 'ord_page', limit: 2 })
  const second = await listExceptions(retailer, { subjectId: 'ord_page', limit: 2, cursor: first.nextCursor! })
  const third = await listExceptions(retailer, { subjectId: 'ord_page', limit: 2, cursor: second.nextCursor! })
  t.equal(new Set([...first.items, ...second.items, ...third.items].map(item => item.id)).size, 5)
  t.equal(third.nextCursor, null)
  t.equal((await listExceptions(retailer, { subjectId: 'ord_page', rule: 'R6' })).items.length, 0)
  t.equal(
    (await listExceptions(retailer, { subjectId: 'ord_page', severity: 'error', code: 'R4_QUANTITY', open: true })).items.length,
    5,
  )
  t.equal((await listExceptions(retailer, { subjectId: 'ord_page', open: false })).items.length, 0)
  t.equal((await listExceptions(retailer, { subjectId: 'ord_page', since: '2999-01-01T00:00:00Z' })).items.length, 0)
  t.equal((await listExceptions(retailer, { partnershipId: world.partnership.retailerFarm })).items.length, 0)
  t.same(
    (await exceptionsBySubjectIds(supplier, ['ord_none', 'ord_page'])).map(list => list.length),
    [0, 5],
  )
})

t.test('many findings in batches are the same as at once', async t => {
  const many = Array.from({ length: 2500 }, (_, i) => finding('ord_many', i, '1'))
  const batches = async function* () {
    yield many.slice(0, 700)
    yield many.slice(700, 1999)
    yield many.slice(1999)
  }
  t.same(
    await withOrganisation(retailer, tx =>
      recordFindings(tx, { rules: ['R4'], subjectIds: ['ord_many'], at: new Date() }, batches()),
    ),
    { found: 2500, opened: 2500, closed: 0 },
  )
  t.same(await record(retailer, 'ord_many', many.slice(0, 1500)), { found: 1500, opened: 0, closed: 1000 })
})

t.test('problems of documents: raised, kept apart by the set they came in, closed when they are over', async t => {
  const about = (ordinal: number, problems: { code: string; detail: string; at?: number }[], documentId?: string) =>
    withOrganisation(retailer, tx =>
      recordProblems(tx, new Date(), [
        {
          ...trade,
          side: 'buyer',
          documentKind: 'order',
          ...(documentId !== undefined && { documentId }),
          source: { messageId: 'msg_p', ordinal },
          problems,
        },
      ]),
    )
  await about(0, [{ code: 'exchange/parked', detail: 'The order is not here yet.' }])
  t.match(await only(supplier, 'msg_p/0'), { rule: 'DOCUMENT', code: 'EXCHANGE_PARKED', subjectKind: 'set', state: 'open' })

  await about(0, [{ code: 'items/unknown-item', detail: 'UP 1 is not known.', at: 9 }], 'ord_p')
  t.match(await only(retailer, 'msg_p/0'), { state: 'auto_resolved' }, 'the set has become an order')
  t.match(await only(retailer, 'ord_p'), {
    code: 'ITEMS_UNKNOWN_ITEM',
    evidence: [{ side: 'buyer', documentId: 'ord_p', messageId: 'msg_p', set: 0, position: 9 }],
  })

  await about(5, [{ code: 'orders/duplicate-differs', detail: 'It differs.' }], 'ord_p')
  t.same((await listExceptions(retailer, { subjectId: 'ord_p', open: true })).items.map(item => item.code).sort(), [
    'ITEMS_UNKNOWN_ITEM',
    'ORDERS_DUPLICATE_DIFFERS',
  ])
  await about(0, [], 'ord_p')
  t.same(
    (await listExceptions(retailer, { subjectId: 'ord_p', open: true })).items.map(item => item.code),
    ['ORDERS_DUPLICATE_DIFFERS'],
  )

  await about(
    7,
    Array.from({ length: 52 }, (_, i) => ({ code: 'week-not-monday', detail: `Week ${i}.`, at: i + 10 })),
    'ord_weeks',
  )
  const weeks = await only(retailer, 'ord_weeks')
  t.match(weeks, { summary: /52 times/, compared: { actual: '52' } })
  t.equal(weeks.evidence.length, 10)
})
