import t from 'tap'
import {
  answerOrder,
  getOrder,
  listOrders,
  orderTimeline,
  receiveAcknowledgements,
  receiveOrders,
  responsesByOrderIds,
} from '../../src/orders/service.ts'
import { createShipment } from '../../src/shipments/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'
import { acknowledgementDocument, countStatements, orderDocument, receivedFrom, type AckLine } from './documents.ts'

t.test('answers by portal and API', async t => {
  const { db, owner } = await testDatabase(t)
  const world = await smallWorld(db)
  const buyer = await receivedFrom(world, 'retailer', 'retailerManufacturer')
  const items = world.items.retailerManufacturer
  const seller = world.ctxOf('manufacturer', 'order_manager')
  const place = async () => {
    const [applied] = await receiveOrders(buyer.ctx, [buyer.received(orderDocument(items))])
    return applied?.documentId ?? ''
  }

  t.test('the whole order accepted, and the buyer told by an 855', async t => {
    const id = await place()
    const { responseId, version } = await answerOrder(seller, id, { acceptRest: true, sellerOrderNumber: 'SO-77' })
    t.equal(version, 2)
    const order = await getOrder(buyer.ctx, id)
    t.match(order, {
      state: 'accepted',
      version: 2,
      lines: Array.from({ length: 3 }, () => ({ response: 'accepted', quantityConfirmed: '100', priceConfirmed: String })),
    })
    t.match(order.responses, [
      {
        id: responseId,
        sequence: 1,
        type: 'AD',
        acknowledgementNumber: 'SO-77',
        channel: 'portal',
        lines: [{ lineNumber: '1', acknowledgements: [{ code: 'IA', quantity: '100', unit: 'EA' }] }, {}, {}],
      },
    ])
    const [stored] = await owner`select document from order_response where id = ${responseId}`
    t.match(
      stored?.document,
      {
        orderNumber: order.number,
        orderDate: '2026-03-02',
        references: [{ qualifier: 'DP', value: '0047' }],
        parties: [{ role: 'ST', id: 'DC01' }],
      },
      'what the buyer said is echoed',
    )
    const work = await owner`
      select kind, payload from outbox
      where organisation_id = ${world.id.manufacturer} and key = ${`${order.partnershipId} ${id}`} order by id`
    t.match(
      [...work],
      [
        { kind: 'deliver', payload: { document: '855', documentId: responseId, recipientId: world.id.retailer } },
        { kind: 'reconcile', payload: { orderId: id } },
      ],
    )
    t.match(
      (await orderTimeline(buyer.ctx, id)).map(entry => entry.type),
      ['order.received', 'order.answered'],
    )
  })

  t.test('line by line, the rest later', async t => {
    const id = await place()
    await answerOrder(seller, id, {
      lines: [
        { lineNumber: '1', action: 'change', quantity: '80', price: '2.6', reason: 'Last batch' },
        { position: 2, action: 'reject', reason: 'Discontinued' },
      ],
    })
    t.match(await getOrder(seller, id), {
      state: 'open',
      lines: [
        { status: 'changed', quantityConfirmed: '80', priceConfirmed: '2.6' },
        { status: 'rejected', quantityCancelled: '100', quantityOpen: '0' },
        { status: 'open' },
      ],
    })
    await answerOrder(seller, id, { lines: [{ lineNumber: '3', action: 'backorder', quantity: '40', shipDate: '2026-04-01' }] })
    t.match(await getOrder(seller, id), {
      state: 'changed',
      version: 3,
      lines: [{}, {}, { status: 'backordered', quantityConfirmed: '60', promisedDate: '2026-04-01' }],
    })
    const [responses] = await responsesByOrderIds(buyer.ctx, [id])
    t.match(responses, [
      {
        type: 'AC',
        lines: [
          { acknowledgements: [{ code: 'IC', quantity: '80', price: '2.6', reason: 'Last batch' }] },
          { acknowledgements: [{ code: 'IR' }] },
        ],
      },
      {
        sequence: 2,
        lines: [
          {
            lineNumber: '3',
            acknowledgements: [
              { code: 'IA', quantity: '60' },
              { code: 'IB', quantity: '40', date: '2026-04-01' },
            ],
          },
        ],
      },
    ])
  })

  t.test('a refusal leaves nothing half applied', async t => {
    const id = await place()
    const refused = async (answer: Parameters<typeof answerOrder>[2], code: string, params = {}) =>
      t.rejects(answerOrder(seller, id, answer), { code, params }, code)
    const accept = { lineNumber: '1', action: 'accept' } as const
    await refused({ lines: [accept, { lineNumber: '2', action: 'change', quantity: '101' }] }, 'orders/quantity-exceeded', {
      line: '2',
    })
    await refused({ lines: [accept, { lineNumber: '9', action: 'accept' }] }, 'orders/unknown-line', { line: '9' })
    await refused({ lines: [accept, accept] }, 'request/invalid', { line: '1' })
    await refused({ lines: [accept, { lineNumber: '2', action: 'change' }] }, 'request/invalid', { line: '2' })
    await refused({}, 'orders/nothing-answered')
    t.match(await getOrder(seller, id), {
      version: 1,
      state: 'open',
      responses: [],
      lines: [{ response: 'open' }, { response: 'open' }, { response: 'open' }],
    })
    await answerOrder(seller, id, { acceptRest: true })
    await refused({ acceptRest: true }, 'orders/nothing-answered')
    await refused({ lines: [accept] }, 'orders/invalid-transition', { line: '1' })
    await createShipment(seller, { orderIds: [id], lines: [{ lineNumber: '1', quantity: '60' }] })
    await refused({ lines: [{ lineNumber: '1', action: 'change', quantity: '50' }] }, 'orders/below-shipped', { line: '1' })
  })

  t.test('two people at once: the second must read again', async t => {
    const id = await place()
    const outcomes = await Promise.allSettled([
      answerOrder(seller, id, { acceptRest: true }, 1),
      answerOrder(seller, id, { lines: [{ lineNumber: '1', action: 'reject' }] }, 1),
    ])
    t.strictSame(outcomes.map(one => one.status).sort(), ['fulfilled', 'rejected'])
    t.match(
      outcomes.find(one => one.status === 'rejected'),
      { reason: { code: 'request/precondition-failed', params: { version: 2 } } },
    )
    t.equal((await getOrder(seller, id)).responses.length, 1)
  })

  t.test('nobody else sees it or answers it', async t => {
    const id = await place()
    for (const other of ['stranger', 'supplier', 'farm'] as const) {
      await t.rejects(getOrder(world.ctxOf(other), id), { code: 'record/not-found' })
      await t.rejects(orderTimeline(world.ctxOf(other), id), { code: 'record/not-found' })
      await t.rejects(answerOrder(world.ctxOf(other), id, { acceptRest: true }), { code: 'record/not-found' })
      t.equal((await listOrders(world.ctxOf(other))).items.length, 0)
      t.strictSame(await responsesByOrderIds(world.ctxOf(other), [id]), [[]])
    }
    await t.rejects(
      answerOrder(buyer.ctx, id, { acceptRest: true }),
      { code: 'identity/forbidden' },
      'the buyer does not answer itself',
    )
    await t.rejects(answerOrder(world.ctxOf('manufacturer', 'viewer'), id, { acceptRest: true }), { code: 'identity/forbidden' })
  })

  t.test('an order with its documents is one statement', async t => {
    const id = await place()
    await answerOrder(seller, id, { acceptRest: true })
    await createShipment(seller, { orderIds: [id] })
    const { result, statements } = await countStatements(buyer.ctx, counted => getOrder(counted, id))
    t.equal(statements, 1)
    t.match(result, { state: 'shipped', lines: [{}, {}, {}], responses: [{}], shipments: [{ lines: Array, packages: Array }] })
  })
})

t.test('answers that arrive as 855s', async t => {
  const { db } = await testDatabase(t)
  const world = await smallWorld(db)
  const buyer = await receivedFrom(world, 'retailer', 'retailerManufacturer')
  const seller = await receivedFrom(world, 'manufacturer', 'retailerManufacturer')
  const items = world.items.retailerManufacturer
  const place = async () => {
    const document = orderDocument(items)
    const [applied] = await receiveOrders(buyer.ctx, [buyer.received(document)])
    return { document, id: applied?.documentId ?? '' }
  }
  const answered = async (type: string, lines: AckLine[] = []) => {
    const { document, id } = await place()
    const [applied] = await receiveAcknowledgements(seller.ctx, [seller.received(acknowledgementDocument(document, type, lines))])
    const order = await getOrder(buyer.ctx, id)
    return { applied, state: order.state, lines: order.lines.map(line => `${line.response} ${line.quantityConfirmed}`) }
  }

  t.test('by their codes', async t => {
    t.match(await answered('AK'), { state: 'accepted', lines: ['accepted 100', 'accepted 100', 'accepted 100'] })
    t.match(await answered('RJ'), { state: 'rejected', lines: ['rejected 0', 'rejected 0', 'rejected 0'] })
    t.match(await answered('AE', [['2', ['IQ', '70']]]), {
      state: 'changed',
      lines: ['accepted 100', 'changed 70', 'accepted 100'],
    })
    t.match(
      await answered('AC', [
        ['1', ['IA', '60'], ['IB', '40']],
        ['0002', ['IR', '100']],
      ]),
      { state: 'open', lines: ['backordered 60', 'rejected 0', 'open 0'] },
    )
  })

  t.test('what does not fit is a problem of an answer that is kept', async t => {
    const { applied, lines } = await answered('AC', [
      ['1', ['IQ', '120']],
      ['7', ['IA', '1']],
      ['2', ['IA', '9', { unit: 'CA' }]],
      ['3', ['IH']],
    ])
    t.match(applied, {
      outcome: 'applied',
      problems: [
        { code: 'orders/quantity-exceeded', at: 5 },
        { code: 'orders/unknown-line', at: 6 },
        { code: 'orders/unit-differs', at: 9 },
      ],
    })
    t.strictSame(lines, ['changed 120', 'open 0', 'open 0'])
  })

  t.test('several in one batch, for one order and for others, in their order', async t => {
    const [one, two] = [await place(), await place()]
    const stranger = orderDocument(items)
    const first = acknowledgementDocument(one.document, 'AC', [['1', ['IB', '100']]])
    const { result, statements } = await countStatements(seller.ctx, ctx =>
      receiveAcknowledgements(
        ctx,
        [
          first,
          acknowledgementDocument(two.document, 'AK'),
          acknowledgementDocument(one.document, 'AD', [
            ['1', ['IA', '100']],
            ['2', ['IA', '100']],
            ['3', ['IA', '100']],
          ]),
          acknowledgementDocument(stranger, 'AK'),
        ].map(seller.received),
      ),
    )
    t.match(result, [
      { outcome: 'applied' },
      { outcome: 'applied' },
      { outcome: 'applied' },
      { outcome: 'parked', problems: [{ code: 'orders/unknown-order' }] },
    ])
    t.ok(statements <= 10, `${statements} statements`)
    t.match(await getOrder(buyer.ctx, one.id), {
      state: 'accepted',
      version: 2,
      responses: [{ sequence: 1 }, { sequence: 2, channel: 'x12' }],
    })
    t.match(await getOrder(buyer.ctx, two.id), { state: 'accepted' })
  })

  t.test('the same again is a duplicate; a rejected line stays rejected', async t => {
    const { document, id } = await place()
    const rejecting = acknowledgementDocument(document, 'RD', [
      ['1', ['IR', '100']],
      ['2', ['IR', '100']],
      ['3', ['IR', '100']],
    ])
    t.match(
      await receiveAcknowledgements(seller.ctx, [seller.received(rejecting), seller.received({ ...rejecting, purpose: '07' })]),
      [{ outcome: 'applied' }, { outcome: 'duplicate' }],
    )
    t.match(
      await receiveAcknowledgements(seller.ctx, [
        seller.received(acknowledgementDocument(document, 'AD', [['1', ['IA', '100']]])),
      ]),
      [{ outcome: 'applied', problems: [{ code: 'orders/invalid-transition' }] }],
    )
    t.match(await getOrder(buyer.ctx, id), { state: 'rejected', lines: [{ response: 'rejected' }, {}, {}], responses: [{}, {}] })
  })
})
