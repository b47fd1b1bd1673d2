import fc from 'fast-check'
import t from 'tap'
import type { ShipNoticeDocument } from '../../src/documents/canonical.ts'
import { isSscc } from '../../src/documents/gs1.ts'
import { writeShipNotice } from '../../src/documents/ship-notice-tree.ts'
import { answerOrder, getOrder, receiveOrders } from '../../src/orders/service.ts'
import {
  createShipment,
  getShipment,
  listShipments,
  proposePacking,
  receiveShipments,
  shipmentsByOrderIds,
} from '../../src/shipments/service.ts'
import { decimal } from '../../src/shared/decimal.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'
import { segmentTexts } from '../documents/helper.ts'
import { countStatements, noticeDocument, orderDocument, receivedFrom } from '../orders/documents.ts'

t.test('shipments that are entered', async t => {
  const { db, owner } = await testDatabase(t)
  const world = await smallWorld(db)
  const buyer = await receivedFrom(world, 'retailer', 'retailerManufacturer')
  const items = world.items.retailerManufacturer
  const seller = world.ctxOf('manufacturer', 'order_manager')
  const place = async (quantities: readonly string[] = []) => {
    const [applied] = await receiveOrders(buyer.ctx, [buyer.received(orderDocument(items, {}, quantities))])
    return applied?.documentId ?? ''
  }
  const counter = async () =>
    (await owner`select last_serial from sscc_series where prefix = '0722222' and extension_digit = 0`)[0]?.last_serial as
      string | undefined

  t.test('all that is open, packed by the case, and the buyer told by an 856', async t => {
    const id = await place(['30', '24', '6'])
    t.match(await proposePacking(seller, id), {
      lines: [{ lineNumber: '1', quantity: '30', unit: 'EA' }, { quantity: '24' }, { quantity: '6' }],
      packages: [
        { package: 'C1', contents: [{ lineNumber: '1', quantity: '12' }] },
        { package: 'C2' },
        { package: 'C3', contents: [{ lineNumber: '1', quantity: '6' }] },
        { package: 'C4', contents: [{ lineNumber: '2', quantity: '24' }] },
        { package: 'C5', contents: [{ lineNumber: '3', quantity: '6' }] },
      ],
    })
    const shipment = await createShipment(seller, {
      orderIds: [id],
      shipDate: '2026-03-10',
      estimatedDelivery: '2026-03-12',
      carrier: { scac: 'ABFS', mode: 'M' },
      billOfLading: 'BOL-881',
    })
    t.match(shipment, {
      state: 'shipped',
      structure: '0001',
      shipDate: '2026-03-10',
      estimatedDelivery: '2026-03-12',
      references: [{ qualifier: 'BM', value: 'BOL-881' }],
      carrier: { scac: 'ABFS' },
    })
    t.equal(shipment.packages.length, 5)
    t.ok(
      shipment.packages.every(one => one.sscc !== null && isSscc(one.sscc) && one.sscc.slice(1).startsWith('0722222')),
      "SSCCs of the seller's prefix",
    )
    t.match(
      shipment.lines.map(line => `${line.lineNumber} ${line.quantity} ${line.package}`),
      ['1 12 C1', '1 12 C2', '1 6 C3', '2 24 C4', '3 6 C5'],
    )
    const order = await getOrder(buyer.ctx, id)
    t.match(order, {
      state: 'shipped',
      version: 2,
      lines: [{ quantityShipped: '30', quantityOpen: '0', status: 'shipped' }, {}, {}],
      shipments: [{ id: shipment.id, estimatedDelivery: '2026-03-12' }],
    })
    t.equal(shipment.number, `${order.number}-1`)
    const [stored] = await owner`select document from shipment where id = ${shipment.id}`
    t.match(stored?.document, {
      orders: [{ number: order.number, references: [{ qualifier: 'DP', value: '0047' }] }],
      parties: [{ role: 'ST', id: 'DC01' }],
      dates: [{ qualifier: '011', date: '2026-03-10' }, { qualifier: '017' }],
      ladingQuantity: 5,
    })
    const work =
      await owner`select kind, key,
      payload from outbox where organisation_id = ${world.id.manufacturer} and key like ${`% ${id}`} order by id`
    t.match(
      [...work],
      [
        { kind: 'deliver', payload: { document: '856', documentId: shipment.id, recipientId: world.id.retailer } },
        { kind: 'reconcile', payload: { orderId: id } },
      ],
    )
    await t.rejects(createShipment(seller, { orderIds: [id] }), { code: 'shipments/nothing-to-ship' })
  })

  t.test('several orders on one pallet', async t => {
    const [one, two] = [await place(['12']), await place(['12'])]
    const shipment = await createShipment(seller, {
      number: 'ASN-7',
      orderIds: [one, two],
      lines: [
        { orderId: one, lineNumber: '1', quantity: '12' },
        { orderId: two, lineNumber: '1', quantity: '6' },
      ],
      packages: [
        { package: 'P1', type: 'pallet' },
        {
          package: 'A',
          type: 'carton',
          parent: 'P1',
          trackingNumber: '1Z999',
          contents: [{ orderId: one, lineNumber: '1', quantity: '12' }],
        },
        { package: 'B', type: 'carton', parent: 'P1', contents: [{ orderId: two, lineNumber: '1', quantity: '6' }] },
      ],
    })
    t.match(shipment.packages, [
      { package: 'A', parent: 'P1', trackingNumber: '1Z999' },
      { package: 'B' },
      { package: 'P1', type: 'pallet', parent: null },
    ])
    t.match(
      (await getOrder(buyer.ctx, two)).shipments,
      [{ number: 'ASN-7', packages: [{ package: 'B' }, { package: 'P1' }], lines: [{ quantity: '6', package: 'B' }] }],
      'an order shows its own part',
    )
    const loaded = await shipmentsByOrderIds(buyer.ctx, [two, 'ord_nothing', one])
    t.match(
      loaded.map(list => list.map(each => each.id)),
      [[shipment.id], [], [shipment.id]],
    )
    t.match(
      await owner`select payload from outbox where kind = 'reconcile' and organisation_id = ${world.id.manufacturer}
        order by id desc limit 2`,
      [{ payload: { orderId: two } }, { payload: { orderId: one } }],
    )
    await t.rejects(createShipment(seller, { number: 'ASN-7', orderIds: [two], lines: [{ lineNumber: '2', quantity: '1' }] }), {
      code: 'record/conflict',
    })
  })

  t.test('a standard pack with batches, and one without packages', async t => {
    const id = await place(['30', '24', '6'])
    const shipment = await createShipment(seller, {
      orderIds: [id],
      structure: '0002',
      lines: [{ lineNumber: '1', quantity: '30' }],
      packages: [
        { package: 'P1', type: 'pallet', weight: { value: '210', unit: 'KG' } },
        ...['A', 'B', 'C'].map(name => ({
          package: name,
          type: 'carton' as const,
          parent: 'P1',
          contents: [{ lineNumber: '1', quantity: '10', lotNumber: 'L2407/A', expiryDate: '2027-01-31' }],
        })),
      ],
    })
    t.equal(shipment.structure, '0002')
    const [stored] = await owner`select document from shipment where id = ${shipment.id}`
    const texts = segmentTexts(writeShipNotice(stored?.document as ShipNoticeDocument))
    t.match(texts[0], /\*0002$/)
    t.strictSame(
      texts.filter(text => /^(HL|SN1|REF\*LT|DTM\*036|PO4|CTT)/.test(text)),
      ['HL*1**S', 'HL*2*1*O', 'HL*3*2*T', 'PO4******210*KG', 'HL*4*3*I', 'SN1**30*EA**30*EA', 'REF*LT*L2407/A', 'DTM*036*20270131',
        'HL*5*4*P', 'HL*6*4*P', 'HL*7*4*P', 'CTT*7'],
    )
    t.match(await createShipment(seller, { orderIds: [id], structure: '0004' }), {
      structure: '0004',
      packages: [],
      lines: [{ lineNumber: '2', quantity: '24', package: null }, { lineNumber: '3' }],
    })
  })

  t.test('packed by the case when ordered by the case, and several orders together', async t => {
    const byCase = orderDocument(items, {}, ['3', '1', '1'])
    const [applied] = await receiveOrders(buyer.ctx, [
      buyer.received({ ...byCase, lines: byCase.lines.map(line => ({ ...line, unit: 'CA' })) }),
    ])
    const ids = [applied?.documentId ?? '', await place(['14', '1', '1'])]
    await owner`update item set packs = '[{"level": "inner", "quantity": "4"}, {"level": "pallet", "quantity": "48"}]'
      where organisation_id = ${world.id.manufacturer}`
    const proposal = await proposePacking(seller, {
      orderIds: ids,
      pallets: 'all',
      lines: ids.map((orderId, index) => ({ orderId, lineNumber: '1', quantity: index === 0 ? '3' : '14' })),
    })
    t.match(proposal, {
      lines: [
        { orderId: ids[0], unit: 'CA', picks: [{ level: 'case', count: '3' }] },
        { orderId: ids[1], unit: 'EA', picks: [{ level: 'case', count: '1' }, { level: 'each', count: '2' }] },
      ],
    })
    t.strictSame(
      proposal.packages.map(one => `${one.package} ${one.parent ?? ''} ${one.contents.map(each => each.quantity).join()}`),
      ['P1  ', 'C1 P1 1', 'C2 P1 1', 'C3 P1 1', 'C4 P1 12', 'P2  ', 'C5 P2 2'],
    )
    t.equal((await createShipment(seller, { orderIds: ids, lines: proposal.lines.map(({ orderId, lineNumber, quantity }) =>
      ({ orderId, lineNumber, quantity })), packages: proposal.packages })).packages.length, 7, 'and shipped so')
  })

  t.test('a refusal names line and rule and leaves nothing half applied', async t => {
    const id = await place(['100', '100', '100'])
    await answerOrder(seller, id, { acceptRest: true, lines: [{ lineNumber: '3', action: 'reject' }] })
    const other = await receiveOrders((await receivedFrom(world, 'manufacturer', 'manufacturerFarm')).ctx, [])
    t.strictSame(other, [])
    const before = { serial: await counter(), order: await getOrder(seller, id) }
    const refused = (input: Omit<Parameters<typeof createShipment>[1], 'orderIds'>, code: string, params = {}) =>
      t.rejects(createShipment(seller, { orderIds: [id], ...input }), { code, params }, code)
    await refused(
      {
        lines: [
          { lineNumber: '1', quantity: '10' },
          { lineNumber: '2', quantity: '102.1' },
        ],
      },
      'shipments/over-open-quantity',
      { line: '2', most: '102', rule: 'R6', tolerance: { percent: '2', absolute: '0', match: 'both' } },
    )
    await refused({ lines: [{ lineNumber: '3', quantity: '1' }] }, 'shipments/line-closed', { line: '3' })
    await refused({ lines: [{ lineNumber: '9', quantity: '1' }] }, 'orders/unknown-line', { line: '9' })
    const packed = (...packages: NonNullable<Parameters<typeof createShipment>[1]['packages']>) =>
      refused({ lines: [{ lineNumber: '1', quantity: '10' }], packages }, 'shipments/invalid-packing')
    const contents = (quantity: string, lineNumber = '1') => [{ lineNumber, quantity }]
    await packed({ package: 'A', type: 'carton', contents: contents('9') })
    await packed(
      { package: 'A', type: 'carton', contents: contents('10') },
      { package: 'A', type: 'carton', contents: contents('1') },
    )
    await packed({ package: 'A', type: 'carton', parent: 'X', contents: contents('10') })
    await packed(
      { package: 'A', type: 'carton', contents: contents('10') },
      { package: 'B', type: 'carton', parent: 'A', contents: [] },
    )
    await packed({ package: 'A', type: 'carton', contents: contents('10') }, { package: 'B', type: 'carton' })
    await packed({ package: 'A', type: 'carton', contents: [...contents('10'), ...contents('1', '2')] })
    const structured = (input: object) =>
      refused({ lines: ['1', '2'].map(lineNumber => ({ lineNumber, quantity: '1' })), ...input }, 'shipments/invalid-packing')
    const both = [...contents('1'), ...contents('1', '2')]
    await structured({ structure: '0001', packages: [] })
    await structured({ structure: '0002', packages: [{ package: 'A', type: 'carton', contents: both }] })
    await structured({ structure: '0002', packages: [] })
    await structured({ structure: '0004', packages: [{ package: 'A', type: 'carton', contents: both }] })
    await t.rejects(createShipment(seller, { orderIds: [id, await place()], lines: [{ lineNumber: '1', quantity: '1' }] }), {
      code: 'request/invalid',
    })
    t.strictSame(await getOrder(seller, id), before.order)
    t.equal(await counter(), before.serial, 'no serial numbers are used up')
    await createShipment(seller, { orderIds: [id], lines: [{ lineNumber: '1', quantity: '102' }], packages: [] })
    t.match(
      await getOrder(seller, id),
      { state: 'partly_shipped', lines: [{ quantityShipped: '102', quantityOpen: '0' }, {}, {}] },
      'within 2 % is taken',
    )
  })

  t.test('over the order as far as the partners have agreed', async t => {
    const id = await place(['100', '100', '100'])
    const sides = { partnership_id: world.partnership.retailerManufacturer, buyer_id: world.id.retailer, seller_id: world.id.manufacturer }
    const agree = (policyId: string, over: object, more: object = {}) =>
      owner`insert into reconciliation_policy ${owner({ id: policyId, rule: 'R6', settings: owner.json({ over } as never), valid_from: '2026-01-01', ...sides, ...more })}`
    const refused = (lineNumber: string, quantity: string, most: string) =>
      t.rejects(createShipment(seller, { orderIds: [id], lines: [{ lineNumber, quantity }] }), { code: 'shipments/over-open-quantity', params: { most, rule: 'R6' } })
    await agree('pol_1', { percent: '5' })
    await agree('pol_2', { percent: '50' }, { valid_to: '2026-02-01' })
    await agree('pol_3', { percent: '10', absolute: '3', match: 'either' }, { partnership_item_id: items[1]!.partnershipItemId })
    await agree('pol_4', { percent: 'much' }, { partnership_item_id: items[2]!.partnershipItemId })
    await refused('1', '106', '105')
    await refused('2', '104', '103')
    await refused('3', '106', '105')
    const lines = [['1', '105'], ['2', '103'], ['3', '105']].map(([lineNumber = '', quantity = '']) => ({ lineNumber, quantity }))
    t.equal((await createShipment(seller, { orderIds: [id], lines, packages: [] })).lines.length, 3)
    await owner`delete from reconciliation_policy`
  })

  t.test('only by the seller, of orders of one partnership', async t => {
    const id = await place()
    await t.rejects(createShipment(buyer.ctx, { orderIds: [id] }), { code: 'identity/forbidden' })
    for (const other of ['stranger', 'supplier', 'farm'] as const) {
      await t.rejects(createShipment(world.ctxOf(other), { orderIds: [id] }), { code: 'record/not-found' })
      await t.rejects(proposePacking(world.ctxOf(other), id), { code: 'record/not-found' })
    }
    const shipment = await createShipment(seller, { orderIds: [id] })
    await t.rejects(getShipment(world.ctxOf('supplier'), shipment.id), { code: 'record/not-found' })
    t.equal((await listShipments(world.ctxOf('supplier'))).items.length, 0)
    t.match((await listShipments(buyer.ctx, { limit: 1 })).items, [{ id: shipment.id }])
    const farm = {
      of: await receivedFrom(world, 'retailer', 'retailerFarm'),
      too: await receivedFrom(world, 'manufacturer', 'manufacturerFarm'),
    }
    const ids = (
      await Promise.all([
        receiveOrders(farm.of.ctx, [farm.of.received(orderDocument(world.items.retailerFarm))]),
        receiveOrders(farm.too.ctx, [farm.too.received(orderDocument(world.items.manufacturerFarm))]),
      ])
    ).map(([one]) => one?.documentId ?? '')
    await t.rejects(createShipment(world.ctxOf('farm'), { orderIds: ids }), { code: 'shipments/mixed-partnerships' })
  })

  t.test('no SSCC twice, however many ship at once', async t => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 6 }), async quantities => {
        const ids: string[] = []
        for (const quantity of quantities) ids.push(await place([String(quantity)]))
        const before = BigInt((await counter()) ?? 0)
        const shipments = await Promise.all(
          ids.map((id, index) =>
            createShipment(seller, { orderIds: [id], lines: [{ lineNumber: '1', quantity: String(quantities[index]) }] }),
          ),
        )
        const ssccs = shipments.flatMap(one => one.packages.map(each => each.sscc))
        t.equal(new Set(ssccs).size, ssccs.length)
        t.equal(BigInt((await counter()) ?? 0), before + BigInt(ssccs.length), 'each serial is used')
      }),
      { numRuns: 8 },
    )
    const [row] =
      await owner`select count(*)::int as all,
      count(distinct sscc)::int as different from shipment_package where sscc is not null`
    t.equal(row?.all, row?.different)
  })

  t.test('one order shipped twice at the same time is not shipped over', async t => {
    const id = await place(['100'])
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(() => createShipment(seller, { orderIds: [id], lines: [{ lineNumber: '1', quantity: '60' }] })),
    )
    t.strictSame(outcomes.map(one => one.status).sort(), ['fulfilled', 'rejected', 'rejected'])
    t.match(await getOrder(seller, id), { lines: [{ quantityShipped: '60' }, {}, {}] })
  })
})

t.test('ship notices that arrive', async t => {
  const { db, owner } = await testDatabase(t)
  const world = await smallWorld(db)
  const buyer = await receivedFrom(world, 'retailer', 'retailerManufacturer')
  const seller = await receivedFrom(world, 'manufacturer', 'retailerManufacturer')
  const place = async () => {
    const document = orderDocument(world.items.retailerManufacturer)
    const [applied] = await receiveOrders(buyer.ctx, [buyer.received(document)])
    return { document, id: applied?.documentId ?? '' }
  }
  const sscc = '107222220000000018'

  t.test('move their orders; more than was ordered is recorded too', async t => {
    const [one, two] = [await place(), await place()]
    const { result, statements } = await countStatements(seller.ctx, ctx =>
      receiveShipments(ctx, [
        seller.received(
          noticeDocument('S1', [
            { order: one.document, lineNumber: '1', quantity: '60', sscc },
            { order: two.document, lineNumber: '2', quantity: '130' },
          ]),
        ),
        seller.received(noticeDocument('S2', [{ order: one.document, lineNumber: '001', quantity: '40' }])),
      ]),
    )
    t.match(result, [
      { outcome: 'applied', documentKind: 'shipment', problems: [] },
      { outcome: 'applied', problems: [] },
    ])
    t.ok(statements <= 14, `${statements} statements`)
    t.match(await getOrder(buyer.ctx, one.id), {
      state: 'partly_shipped',
      lines: [{ quantityShipped: '100', status: 'shipped' }, {}, {}],
      shipments: [{ number: 'S1', packages: [{ sscc }] }, { number: 'S2' }],
    })
    t.match(await getOrder(buyer.ctx, two.id), { lines: [{}, { quantityShipped: '130', quantityOpen: '0' }, {}] })
    t.match(
      await owner`select key,
      payload from outbox where kind = 'deliver' and payload ->> 'documentId' = ${result[0]?.documentId ?? ''}`,
      [{ key: `${seller.partnership.id} ${one.id}`, payload: { document: '856' } }],
    )
  })

  t.test('what does not fit is a problem', async t => {
    const { document, id } = await place()
    const [applied] = await receiveShipments(seller.ctx, [
      seller.received(
        noticeDocument('S3', [
          { order: orderDocument([]), lineNumber: '1', quantity: '5', sscc },
          { order: document, lineNumber: '8', quantity: '1' },
        ]),
      ),
    ])
    t.match(applied, {
      outcome: 'applied',
      problems: [
        { code: 'shipments/sscc-reused', at: 6 },
        { code: 'shipments/unknown-order', at: 20 },
        { code: 'shipments/unknown-line', at: 21 },
      ],
    })
    t.match((await getShipment(buyer.ctx, applied?.documentId ?? '')).lines, [
      { orderId: null, quantity: '5' },
      { orderId: id, orderLinePosition: null },
    ])
    const [cases] = await receiveShipments(seller.ctx, [
      seller.received(
        (({ lines, ...rest }) => ({ ...rest, lines: lines.map(line => ({ ...line, unit: 'CA' })) }))(
          noticeDocument('S4', [{ order: document, lineNumber: '1', quantity: '9' }]),
        ),
      ),
    ])
    t.match(cases, { outcome: 'applied', problems: [{ code: 'shipments/unit-differs' }] })
    t.match(await getOrder(buyer.ctx, id), { lines: [{ quantityShipped: '0' }, {}, {}] })
  })

  t.test('sent again, with another content, replaced, taken back', async t => {
    const { document, id } = await place()
    const notice = noticeDocument('S5', [{ order: document, lineNumber: '1', quantity: '60' }])
    const shipped = async () => (await getOrder(buyer.ctx, id)).lines.map(line => line.quantityShipped)
    const outcomes = async (...documents: (typeof notice)[]) =>
      (await receiveShipments(seller.ctx, documents.map(seller.received))).map(one => one.outcome)
    t.strictSame(await outcomes(notice, notice, { ...notice, time: '0900' }), ['applied', 'duplicate', 'conflict'])
    t.strictSame(await shipped(), ['60', '0', '0'])
    const replacement = { ...noticeDocument('S5', [{ order: document, lineNumber: '2', quantity: '50' }]), purpose: '05' }
    t.strictSame(await outcomes(replacement, replacement), ['applied', 'duplicate'])
    t.strictSame(await shipped(), ['0', '50', '0'])
    t.strictSame(
      await outcomes(
        { ...notice, purpose: '01', lines: [] },
        { ...notice, purpose: '01' },
        { ...notice, number: 'S6', purpose: '01' },
      ),
      ['applied', 'duplicate', 'parked'],
    )
    t.strictSame(await shipped(), ['0', '0', '0'])
    t.match(await getOrder(buyer.ctx, id), { state: 'open', shipments: [{ number: 'S5', state: 'cancelled' }] })
    const all = noticeDocument('S7', [{ order: document, lineNumber: '1', quantity: '10' }])
    t.strictSame(await outcomes(all, { ...all, purpose: '01' }), ['applied', 'applied'], 'both in one batch')
    t.strictSame(await shipped(), ['0', '0', '0'])
  })

  t.test('the ledger is the sum of the shipments, whatever arrives', async t => {
    const line = fc.record({
      order: fc.integer({ min: 0, max: 2 }),
      lineNumber: fc.constantFrom('1', '2', '3', '4'),
      quantity: fc.integer({ min: 1, max: 80 }).map(String),
    })
    const notice = fc.record({
      number: fc.integer({ min: 0, max: 4 }),
      purpose: fc.constantFrom('00', '00', '05', '01'),
      lines: fc.array(line, { minLength: 1, maxLength: 4 }),
    })
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(notice, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
        async batches => {
          run += 1
          const orders = [await place(), await place(), await place()]
          for (const batch of batches)
            await receiveShipments(
              seller.ctx,
              batch.map(({ number, purpose, lines }) =>
                seller.received(
                  noticeDocument(
                    `R${run}-${number}`,
                    lines.flatMap(each => {
                      const order = orders[each.order]
                      return order ? [{ ...each, order: order.document }] : []
                    }),
                    { purpose },
                  ),
                ),
              ),
            )
          for (const { id } of orders) {
            const { lines } = await getOrder(buyer.ctx, id)
            const sums =
              await owner`select l.order_line_position as position,
              sum(l.quantity)::text as quantity from shipment_line l join shipment s on s.id = l.shipment_id
          where l.order_id = ${id} and s.state = 'shipped' and l.order_line_position is not null group by 1`
            for (const each of lines) {
              t.equal(each.quantityShipped, sums.find(row => row.position === each.position)?.quantity ?? '0')
              const [ordered, open, gone, cancelled] = [
                each.quantityOrdered,
                each.quantityOpen,
                each.quantityShipped,
                each.quantityCancelled,
              ].map(decimal)
              const over = gone!.plus(cancelled!).minus(ordered!)
              t.ok(ordered!.plus(over.gt(0) ? over : 0).eq(open!.plus(gone!).plus(cancelled!)))
            }
          }
        },
      ),
      { numRuns: 25 },
    )
  })
})
