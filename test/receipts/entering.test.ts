import t from 'tap'
import { makeSscc } from '../../src/documents/gs1.ts'
import { trade } from './trade.ts'

const today = new Date().toISOString().slice(0, 10)
type Answer = { id: string; version: number; code: string; detail: string; params: object; lines: { quantity: string }[] }

t.test('a receipt is entered, corrected and taken back, and the seller with EDI gets each as an 861', async t => {
  const { api, items, order, ship, post, receivedOf, outbox, x12ForSeller } = await trade(t)
  await x12ForSeller('861', '005010')
  const id = await order('E-1', ['24', '24'])
  const shipment = await ship([id], { number: 'ASN-E1' })
  const made = await post('retailer/order_manager', '/api/receipts', {
    shipmentId: shipment.id, number: 'GR-1', receivedOn: '2026-03-12',
    lines: [{ lineNumber: '1', quantity: '20', damaged: '2' }, { lineNumber: '2', quantity: '24', wrong: '3' }],
  })
  t.match(made, {
    number: 'GR-1', linked: true, channel: 'api', version: 1, shipmentNumber: 'ASN-E1',
    lines: [
      { orderId: id, shipmentId: shipment.id, quantity: '20', quantityDamaged: '2', quantityShort: '4' },
      { quantity: '24', quantityWrong: '3' },
    ],
  })
  t.same(await receivedOf(id), ['20', '24'])
  const sent = await outbox()
  t.match(sent, /^GS\*RC\*.*\*005010~$/m)
  for (const segment of [
    `BRA*GR-1*${today.replaceAll('-', '')}*00*2`, 'REF*SI*ASN-E1', 'DTM*050*20260312', 'PRF*E-1***20260302',
    'RCD**20*EA***2*EA*01*4*EA*02', `LIN*1*IN*${items[0]!.buyerItem}`, 'RCD**27*EA***3*EA*05', 'CTT*2',
  ]) t.ok(sent.includes(`${segment}~`), segment)

  const put = (payload: object, headers: Record<string, string>) => api.call('retailer', `PUT /api/receipts/${made.id}`, { payload, headers })
  const lines = [{ lineNumber: '1', quantity: '24' }]
  t.match(await put({ lines }, {}), { statusCode: 428 })
  t.match(await put({ lines }, { 'if-match': '"9"' }), { statusCode: 412 })
  const changed = await put({ lines }, { 'if-match': '"1"' })
  t.match(changed.json(), { version: 2, receivedOn: today, lines: [{ quantity: '24', quantityShort: '0' }] })
  t.same(await receivedOf(id), ['24', '0'])
  t.match(await outbox(), /BRA\*GR-1\*\d{8}\*05\*2/)
  t.match((await api.call('manufacturer', `POST /api/receipts/${made.id}/cancel`)).json(), { code: 'identity/forbidden' })
  await post('retailer', `/api/receipts/${made.id}/cancel`, {})
  t.same(await receivedOf(id), ['0', '0'])
  t.match(await outbox(), /BRA\*GR-1\*\d{8}\*01\*2/)
  t.match((await put({ lines }, { 'if-match': '"3"' })).json(), { code: 'receipts/cancelled' })
})

t.test('what is entered is checked, and refused by line and rule with nothing half applied', async t => {
  const { api, order, ship, receivedOf, post } = await trade(t)
  const id = await order('E-2', ['24', '24'])
  const shipment = await ship([id], { number: 'ASN-E2' })
  const [carton] = shipment.packages
  const attempt = async (payload: object, who: 'retailer' | 'manufacturer' | 'farm' | 'retailer/viewer' = 'retailer') =>
    (await api.call(who, 'POST /api/receipts', { payload })).json<Answer>()
  const of = (...lines: object[]) => attempt({ shipmentId: shipment.id, lines })
  t.match(await attempt({}), { code: 'request/invalid' })
  t.match(await attempt({ shipmentId: shipment.id }, 'manufacturer'), { code: 'identity/forbidden' })
  t.match(await attempt({ shipmentId: shipment.id }, 'retailer/viewer'), { code: 'identity/forbidden' })
  t.match(await attempt({ shipmentId: shipment.id }, 'farm'), { code: 'record/not-found' })
  t.match(await of({ lineNumber: '9', quantity: '1' }), { code: 'orders/unknown-line', params: { line: '9' } })
  t.match(await of({ lineNumber: '1', quantity: '10' }, { lineNumber: '2', quantity: '4', damaged: '5' }), { code: 'receipts/condition-exceeds-quantity', params: { line: '2' } })
  t.match(await of({ lineNumber: '1', quantity: '10' }, { lineNumber: '1', quantity: '1' }), { code: 'request/invalid', params: { line: '1' }, detail: 'Line 1 occurs twice.' })
  t.match(await of({ lineNumber: '1' }), { code: 'request/invalid', params: { line: '1' } })
  t.match(await of({ quantity: '1' }), { code: 'request/invalid', params: { line: '1' } })
  t.match(await of({ sscc: '007222220000000011' }), { code: 'receipts/invalid-sscc', params: { line: '1' } })
  t.match(await of({ sscc: carton!.sscc, damaged: '1' }), { code: 'request/invalid' })
  t.match(await of({ lineNumber: '1', quantity: '1', condition: 'damaged' }), { code: 'request/invalid' })
  t.match(await attempt({ shipmentId: shipment.id, receivedOn: '2999-01-01' }), { code: 'request/invalid' })
  t.same(await receivedOf(id), ['0', '0'])

  await post('retailer', '/api/receipts', { shipmentId: shipment.id, lines: [{ sscc: `00${carton!.sscc}` }, { sscc: makeSscc('0722222', 9, 5), condition: 'damaged' }] })
  t.same(await receivedOf(id), ['12', '0'])
  t.match(await of({ sscc: carton!.sscc }), { code: 'receipts/sscc-received-before', params: { receipt: 'ASN-E2-R1' } })
  t.match(await post('retailer', '/api/receipts', { shipmentId: shipment.id }), { number: 'ASN-E2-R2', lines: [{ quantity: '12' }, { quantity: '24' }] }, 'the rest, well received')
  t.same(await receivedOf(id), ['24', '24'])
  t.match(await attempt({ shipmentId: shipment.id }), { code: 'receipts/nothing-to-receive' })
  t.match(await attempt({ shipmentId: shipment.id, number: 'ASN-E2-R2', lines: [{ lineNumber: '1', quantity: '1' }] }), { code: 'record/conflict' })
})

t.test('sent again under one Idempotency-Key it is one receipt; an order without a ship notice can be received', async t => {
  const { api, order, receivedOf, get } = await trade(t)
  const id = await order('E-3', ['10', '5'])
  const call = () => api.call('retailer', 'POST /api/receipts', { payload: { orderId: id, lines: [{ lineNumber: '1', quantity: '10' }] }, headers: { 'idempotency-key': 'once' } })
  const [first, second] = [await call(), await call()]
  t.same(first.json(), second.json())
  t.match(second.headers, { 'idempotency-replayed': 'true' })
  t.match(first.json(), { number: 'E-3-R1', shipmentNumber: null, linked: true, lines: [{ shipmentId: null, orderLinePosition: 1 }] })
  t.same(await receivedOf(id), ['10', '0'])
  t.match(await get('manufacturer', `/api/receipts?orderId=${id}`), { items: [{ number: 'E-3-R1' }] })
})
