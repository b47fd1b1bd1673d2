import t from 'tap'
import type { OrderChangeAnswerDocument, OrderChangeDocument } from '../../src/documents/canonical.ts'
import { listExceptions } from '../../src/exceptions/service.ts'
import { receiveAcknowledgements, receiveChangeAnswers, receiveChanges, receiveOrders } from '../../src/orders/service.ts'
import { reconcileOrder } from '../../src/reconciliation/service.ts'
import { receiveShipments } from '../../src/shipments/service.ts'
import type { Context } from '../../src/db/context.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'
import { acknowledgementDocument, noticeDocument, orderDocument, receivedFrom } from '../orders/documents.ts'

/** R5 and the 865 of R3: changes of orders, on the database with the documents as they arrive. */

const { db } = await testDatabase(t)
const world = await smallWorld(db)
const items = world.items.retailerManufacturer.slice(0, 2)
const start = new Date('2026-03-04T09:00:00Z')
const at = (ctx: Context, hours = 0): Context => ({ ...ctx, now: () => new Date(start.getTime() + hours * 3_600_000) })
const from = async (who: 'retailer' | 'manufacturer') => {
  const side = await receivedFrom(world, who, 'retailerManufacturer')
  return { ...side, ctx: at(side.ctx) }
}
const buyer = await from('retailer')
const seller = await from('manufacturer')

const heading = { references: [], parties: [], dates: [], at: 2 }
const place = async (answered = true) => {
  const document = orderDocument(items, {}, ['100', '50'])
  const [applied] = await receiveOrders(buyer.ctx, [buyer.received(document)])
  if (answered) await receiveAcknowledgements(seller.ctx, [seller.received(acknowledgementDocument(document, 'AK'))])
  const id = applied?.documentId ?? ''
  const change = (sequence: string, lines: Partial<OrderChangeDocument['lines'][number]>[], rest: Partial<OrderChangeDocument> = {}) =>
    receiveChanges(buyer.ctx, [
      buyer.received<OrderChangeDocument>({
        purpose: '04', type: 'SA', orderNumber: document.number, orderDate: document.orderDate, sequence, changedOn: '2026-03-04',
        ...heading, ...rest, lines: lines.map((line, index) => ({ code: 'CA', products: [], at: 5 + index, ...line })),
      }),
    ])
  const answer = (sequence: string, type: string, lines: Partial<OrderChangeAnswerDocument['lines'][number]>[] = []) =>
    receiveChangeAnswers(seller.ctx, [
      seller.received<OrderChangeAnswerDocument>({
        purpose: '00', type, orderNumber: document.number, orderDate: document.orderDate, sequence, ...heading,
        lines: lines.map((line, index) => ({ code: 'CA', products: [], acknowledgements: [], at: 5 + index, ...line })),
      }),
    ])
  const findings = async (hours = 0) => {
    await reconcileOrder(at(world.ctxOf('retailer'), hours), id)
    const { items: open } = await listExceptions(world.ctxOf('manufacturer'), { subjectId: id, open: true })
    return open.filter(one => one.rule !== 'DOCUMENT').map(one => ({ ...one, brief: `${one.code} ${one.compared.expected} → ${one.compared.actual}` }))
  }
  return { document, id, change, answer, findings }
}

t.test('R3: the answer to a change is missing after a day, and no longer when it has come', async t => {
  const { change, answer, findings } = await place()
  await change('1', [{ lineNumber: '1', code: 'QI', quantity: '120', unit: 'EA' }])
  t.same(await findings(23), [])
  t.match(await findings(25), [{ rule: 'R3', code: 'R3_CHANGE_UNANSWERED', severity: 'error', evidence: [{ segment: 'BCH', element: 5, value: '1' }] }])
  await answer('1', 'AT')
  t.same(await findings(26), [])
})

t.test('R5: a change that waits, one below what has shipped, and what settles them', async t => {
  const { document, change, findings } = await place()
  await change('2', [{ lineNumber: '2', code: 'QD', quantity: '45', unit: 'EA' }])
  t.match(await findings(), [{ code: 'R5_GAP', severity: 'warning', evidence: [{ segment: 'BCH', element: 5, value: '2' }] }])
  await receiveShipments(seller.ctx, [
    seller.received(noticeDocument(`N-${document.number}`, [
      { order: document, lineNumber: '1', quantity: '100' }, { order: document, lineNumber: '2', quantity: '48' },
    ])),
  ])
  await change('1', [{ lineNumber: '2', code: 'QI', quantity: '60', unit: 'EA' }])
  // The second was released by the first, and is now below what has shipped.
  t.match((await findings()).filter(one => one.rule === 'R5'), [
    { brief: 'R5_AFTER_SHIPMENT 45 → null', summary: /change 2 was not made: Line 2 cannot be reduced to 45: 48 EA have shipped/, evidence: [{ segment: 'POC', element: 3, position: 5, value: '45' }] },
  ])
  await change('3', [{ lineNumber: '2', code: 'QD', quantity: '48', unit: 'EA' }])
  t.same((await findings()).filter(one => one.rule === 'R5'), [])
})

t.test('R5: the seller rejects or counters; R4 says nothing of what was changed', async t => {
  const { change, answer, findings } = await place()
  await change('1', [{ lineNumber: '1', code: 'PQ', quantity: '120', unit: 'EA', price: '2.4' }, { lineNumber: '2', code: 'QI', quantity: '80', unit: 'EA' }])
  t.same(await findings(), [], 'nothing is wrong while the seller thinks')
  await answer('1', 'AC', [
    { lineNumber: '1', code: 'PQ', acknowledgements: [{ code: 'IQ', quantity: '110', unit: 'EA', at: 6 }], price: '2.5' },
    { lineNumber: '2', code: 'QI', acknowledgements: [{ code: 'IR', at: 9 }] },
  ])
  const open = await findings()
  t.same(open.map(one => one.brief).sort(), ['R5_PRICE 2.4 → 2.5', 'R5_QUANTITY 120 → 110', 'R5_REJECTED 80 → 50'])
  t.match(open.find(one => one.code === 'R5_QUANTITY'), {
    moneyAtRisk: '24.00',
    evidence: [
      { side: 'buyer', segment: 'POC', element: 3, position: 5, value: '120' },
      { side: 'seller', documentKind: 'order_change_answer', segment: 'ACK', element: 2, position: 6, value: '110' },
    ],
  })
  t.match(open.find(one => one.code === 'R5_REJECTED'), {
    evidence: [{ segment: 'POC', element: 2, position: 6, value: 'QI' }, { segment: 'ACK', element: 1, position: 9, value: 'IR' }],
  })
  // The buyer gives in: another change says what the seller can do.
  await change('2', [{ lineNumber: '1', code: 'PQ', quantity: '110', unit: 'EA', price: '2.5' }, { lineNumber: '2', code: 'CT', dates: [{ qualifier: '038', date: '2026-03-20' }] }])
  await answer('2', 'AT')
  t.same(await findings(), [])
})

t.test('R5: a cancellation that the seller rejects', async t => {
  const { change, answer, findings } = await place()
  await change('1', [], { purpose: '01' })
  t.same(await findings(), [])
  await answer('1', 'RJ')
  t.match(await findings(), [{ code: 'R5_REJECTED', summary: /rejects the cancellation/ }])
})
