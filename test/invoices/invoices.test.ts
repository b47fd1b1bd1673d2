import fc from 'fast-check'
import t from 'tap'
import type { InvoiceDocument } from '../../src/documents/canonical.ts'
import { invoiceTotal, lineAmount, netCharges, rightTotals, totalIsRight } from '../../src/invoices/rules.ts'
import { createInvoice, getInvoice, invoicesByOrderIds, listInvoices, receiveInvoices } from '../../src/invoices/service.ts'
import { answerOrder, getOrder, receiveOrders } from '../../src/orders/service.ts'
import { createShipment } from '../../src/shipments/service.ts'
import { Decimal, decimal } from '../../src/shared/decimal.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'
import { invoiceDocument, orderDocument, receivedFrom } from '../orders/documents.ts'

const invoice = (
  lines: Pick<InvoiceDocument['lines'][number], 'quantity' | 'price' | 'priceBasis' | 'allowancesCharges' | 'taxes'>[],
  rest: Partial<InvoiceDocument> = {},
): InvoiceDocument => ({
  number: '1',
  date: '2026-03-11',
  references: [],
  parties: [],
  dates: [],
  total: '0',
  lines: lines.map(line => ({ unit: 'EA', products: [], ...line })),
  ...rest,
})

t.test('arithmetic', t => {
  t.equal(lineAmount({ quantity: '120', price: '425', priceBasis: 'HP' }), '510.00')
  t.equal(lineAmount({ quantity: '2500', price: '12.4', priceBasis: 'TP' }), '31.00')
  t.equal(lineAmount({ quantity: '3', price: '0.335' }), '1.01')
  t.equal(
    netCharges([
      { indicator: 'A', amount: '5' },
      { indicator: 'C', amount: '12.50' },
      { indicator: 'N', amount: '99' },
      { indicator: 'A' },
      { indicator: 'A', amount: '7', method: '01' },
    ]).toFixed(2),
    '7.50',
  )
  const document = invoice(
    [
      { quantity: '10', price: '1.005' },
      { quantity: '10', price: '1.005', allowancesCharges: [{ indicator: 'A', amount: '0.50' }] },
    ],
    { allowancesCharges: [{ indicator: 'C', amount: '4' }], taxes: [{ type: 'ST', amount: '1.20' }] },
  )
  t.equal(invoiceTotal(document), '24.80')
  const thirds = invoice(Array.from({ length: 3 }, () => ({ quantity: '1', price: '0.335' })))
  t.equal(invoiceTotal(thirds), '1.02')
  t.equal(invoiceTotal(thirds, 'total'), '1.01')
  t.strictSame(rightTotals(thirds), ['1.02', '1.01'])
  t.ok(totalIsRight({ ...thirds, total: '1.01' }) && totalIsRight({ ...thirds, total: '1.02' }))
  t.notOk(totalIsRight({ ...thirds, total: '1.03' }))
  t.ok(totalIsRight({ ...thirds, total: '-1.02', type: 'CR' }), 'a credit below zero')
  const taxed = invoice([{ quantity: '1', price: '10', taxes: [{ type: 'ST', amount: '0.7' }] }], {
    taxes: [{ type: 'ST', amount: '0.7' }],
  })
  t.strictSame(rightTotals(taxed), ['11.40', '10.70'], 'the taxes of the heading may be those of the lines')
  t.end()
})

t.test('money never drifts by a cent', t => {
  const cents = fc.integer({ min: 0, max: 5_000_000 }).map(n => decimal(n).dividedBy(100).toFixed(2))
  fc.assert(
    fc.property(
      fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 9999 }).map(String), price: cents }), { maxLength: 40 }),
      cents,
      cents,
      (lines, charge, allowance) => {
        const total = invoiceTotal(
          invoice(lines, {
            allowancesCharges: [
              { indicator: 'C', amount: charge },
              { indicator: 'A', amount: allowance },
            ],
          }),
        )
        const inCents =
          lines.reduce((sum, line) => sum + BigInt(line.quantity) * BigInt(line.price.replace('.', '')), 0n)
          + BigInt(charge.replace('.', ''))
          - BigInt(allowance.replace('.', ''))
        return new Decimal(inCents.toString()).eq(decimal(total).times(100))
      },
    ),
  )
  t.end()
})

t.test('invoices that are entered', async t => {
  const { db, owner } = await testDatabase(t)
  const world = await smallWorld(db)
  const buyer = await receivedFrom(world, 'retailer', 'retailerManufacturer')
  const seller = world.ctxOf('manufacturer', 'order_manager')
  let number = 0
  const place = async (shipped?: { lineNumber: string; quantity: string }[]) => {
    const [applied] = await receiveOrders(buyer.ctx, [buyer.received(orderDocument(world.items.retailerManufacturer))])
    const orderId = applied?.documentId ?? ''
    const shipment = shipped && (await createShipment(seller, { orderIds: [orderId], lines: shipped, billOfLading: 'BOL-1' }))
    return { orderId, shipmentId: shipment?.id ?? '' }
  }

  t.test('flipped from a shipment at the confirmed prices, and the buyer told by an 810', async t => {
    const [applied] = await receiveOrders(buyer.ctx, [buyer.received(orderDocument(world.items.retailerManufacturer))])
    const orderId = applied?.documentId ?? ''
    await answerOrder(seller, orderId, { acceptRest: true, lines: [{ lineNumber: '2', action: 'change', price: '1.9' }] })
    const shipment = await createShipment(seller, {
      orderIds: [orderId],
      lines: [
        { lineNumber: '1', quantity: '60' },
        { lineNumber: '2', quantity: '10' },
      ],
      billOfLading: 'BOL-1',
    })
    const made = await createInvoice(seller, {
      number: 'INV-1',
      shipmentId: shipment.id,
      invoiceDate: '2026-03-11',
      total: '175.50',
      allowancesCharges: [
        { indicator: 'C', code: 'D240', amount: '12.50', description: 'Freight' },
        { indicator: 'A', amount: '6.00' },
      ],
    })
    t.match(made, {
      number: 'INV-1',
      type: 'invoice',
      total: '175.50',
      orderId,
      shipmentId: shipment.id,
      currency: 'USD',
      lines: [
        { lineNumber: '1', quantity: '60', price: '2.5', amount: '150.00' },
        { lineNumber: '2', quantity: '10', price: '1.9', amount: '19.00' },
      ],
    })
    const order = await getOrder(buyer.ctx, orderId)
    t.match(order, {
      state: 'partly_shipped',
      version: 4,
      invoices: [{ number: 'INV-1', total: '175.50', lines: [{}, {}] }],
      lines: [{ quantityInvoiced: '60' }, { quantityInvoiced: '10' }, { quantityInvoiced: '0' }],
    })
    const [stored] = await owner`select document from invoice where id = ${made.id}`
    t.match(stored?.document, {
      orderNumber: order.number,
      shipmentNumber: shipment.number,
      references: [{ qualifier: 'DP' }, { qualifier: 'SI', value: shipment.number }, { qualifier: 'BM', value: 'BOL-1' }],
      parties: [{ role: 'ST' }],
    })
    t.match(await owner`select payload from outbox where kind = 'deliver' and payload ->> 'documentId' = ${made.id}`, [
      { payload: { document: '810', recipientId: world.id.retailer } },
    ])
    await t.rejects(createInvoice(seller, { number: 'INV-2', shipmentId: shipment.id }), { code: 'invoices/nothing-to-invoice' })
  })

  t.test('an order is invoiced when all of it is', async t => {
    const { orderId } = await place([
      { lineNumber: '1', quantity: '100' },
      { lineNumber: '2', quantity: '100' },
      { lineNumber: '3', quantity: '100' },
    ])
    await createInvoice(seller, { number: `A-${++number}`, orderId, lines: [{ lineNumber: '1', quantity: '100' }] })
    t.match(await getOrder(buyer.ctx, orderId), { state: 'shipped', lines: [{ status: 'invoiced' }, { status: 'shipped' }, {}] })
    await createInvoice(seller, { number: `A-${++number}`, orderId })
    t.match(await getOrder(buyer.ctx, orderId), { state: 'invoiced' })
    const credit = await createInvoice(seller, {
      number: `A-${++number}`,
      orderId,
      type: 'credit',
      lines: [{ lineNumber: '1', quantity: '10' }],
    })
    t.match(credit, { type: 'credit', total: '25.00' })
    t.match(await getOrder(buyer.ctx, orderId), { state: 'shipped', lines: [{ quantityInvoiced: '90' }, {}, {}] })
    t.equal((await invoicesByOrderIds(buyer.ctx, [orderId]))[0]?.length, 3)
    t.match((await listInvoices(buyer.ctx, { type: 'credit' })).items, [{ id: credit.id }])
  })

  t.test('a refusal leaves nothing', async t => {
    const { orderId, shipmentId } = await place([{ lineNumber: '1', quantity: '50' }])
    const before = await getOrder(seller, orderId)
    const refused = (input: Omit<Parameters<typeof createInvoice>[1], 'number'>, code: string, params = {}) =>
      t.rejects(createInvoice(seller, { number: 'R-1', ...input }), { code, params }, code)
    await refused({ orderId, lines: [{ lineNumber: '1', quantity: '51' }] }, 'invoices/over-shipped-quantity', {
      line: '1',
      most: '50',
    })
    await refused({ orderId, lines: [{ lineNumber: '2', quantity: '1' }] }, 'invoices/over-shipped-quantity', { line: '2' })
    await refused({ orderId, lines: [{ lineNumber: '9', quantity: '1' }] }, 'orders/unknown-line', { line: '9' })
    await refused({ orderId, type: 'credit', lines: [{ lineNumber: '1', quantity: '1' }] }, 'invoices/over-shipped-quantity')
    await refused({ shipmentId, total: '125.01' }, 'invoices/total-mismatch', { expected: '125.00' })
    await refused({}, 'request/invalid')
    t.strictSame(await getOrder(seller, orderId), before)
    await t.rejects(createInvoice(buyer.ctx, { number: 'R-1', orderId }), { code: 'identity/forbidden' })
    for (const other of ['stranger', 'supplier'] as const) {
      await t.rejects(createInvoice(world.ctxOf(other), { number: 'R-1', orderId }), { code: 'record/not-found' })
      await t.rejects(createInvoice(world.ctxOf(other), { number: 'R-1', shipmentId }), { code: 'record/not-found' })
    }
    const made = await createInvoice(seller, { number: 'R-1', shipmentId })
    await t.rejects(
      createInvoice(seller, { number: 'R-1', orderId: (await place([{ lineNumber: '1', quantity: '1' }])).orderId }),
      { code: 'record/conflict' },
    )
    await t.rejects(getInvoice(world.ctxOf('supplier'), made.id), { code: 'record/not-found' })
    t.equal((await listInvoices(world.ctxOf('supplier'))).items.length, 0)
  })

  t.test('two at once do not invoice the same goods twice', async t => {
    const { orderId } = await place([{ lineNumber: '1', quantity: '50' }])
    const outcomes = await Promise.allSettled([1, 2, 3].map(n => createInvoice(seller, { number: `T-${n}`, orderId })))
    t.strictSame(outcomes.map(one => one.status).sort(), ['fulfilled', 'rejected', 'rejected'])
    t.match(await getOrder(seller, orderId), { lines: [{ quantityInvoiced: '50' }, {}, {}] })
  })
})

t.test('invoices that arrive', async t => {
  const { db } = await testDatabase(t)
  const world = await smallWorld(db)
  const buyer = await receivedFrom(world, 'retailer', 'retailerManufacturer')
  const seller = await receivedFrom(world, 'manufacturer', 'retailerManufacturer')
  const document = orderDocument(world.items.retailerManufacturer)
  const [applied] = await receiveOrders(buyer.ctx, [buyer.received(document)])
  const orderId = applied?.documentId ?? ''
  const right = invoiceDocument(
    'X-1',
    document,
    [
      { lineNumber: '1', quantity: '60', price: '2.5' },
      { lineNumber: '2', quantity: '10', price: '1.8' },
    ],
    '168.00',
  )

  t.match(
    await receiveInvoices(
      seller.ctx,
      [
        right,
        right,
        { ...right, total: '170.00' },
        { ...right, number: 'X-2', total: '169.00' },
        invoiceDocument('X-3', orderDocument([]), [{ lineNumber: '1', quantity: '1', price: '1' }], '1.00'),
        invoiceDocument('X-4', document, [{ lineNumber: '7', quantity: '1', price: '1' }], '1.00'),
        invoiceDocument('X-5', document, [{ lineNumber: '1', quantity: '20', price: '2.5' }], '-50.00', { type: 'CR' }),
      ].map(seller.received),
    ),
    [
      { outcome: 'applied', documentKind: 'invoice', problems: [] },
      { outcome: 'duplicate', problems: [] },
      { outcome: 'conflict', problems: [{ code: 'invoices/duplicate-differs' }] },
      { outcome: 'applied', problems: [{ code: 'invoices/total-mismatch', at: 9 }] },
      { outcome: 'applied', problems: [{ code: 'invoices/unknown-order' }] },
      { outcome: 'applied', problems: [{ code: 'invoices/unknown-line', at: 5 }] },
      { outcome: 'applied', problems: [] },
    ],
  )
  t.match(await getOrder(buyer.ctx, orderId), {
    state: 'open',
    lines: [{ quantityInvoiced: '100' }, { quantityInvoiced: '20' }, {}],
    invoices: [{ number: 'X-1' }, { number: 'X-2' }, { number: 'X-4' }, { number: 'X-5', type: 'credit' }],
  })
})
