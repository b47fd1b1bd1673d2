import t from 'tap'
import { sweepOrganisation } from '../../src/reconciliation/service.ts'
import { workOff } from '../helpers/edi.ts'
import { trade } from './trade.ts'

type Exception = { id: string; code: string; state: string; summary: string; evidence: Record<string, unknown>[]; version: number }

t.test('each difference between ship notice and 861 is an exception of both, with message, segment and element', async t => {
  const { api, items, order, ship, advise, get } = await trade(t)
  const id = await order('D-1', ['24', '24'])
  const shipment = await ship([id], { number: 'ASN-D1' })
  const open = async (who: 'retailer' | 'manufacturer' | 'farm') =>
    (await get<{ items: Exception[] }>(who, '/api/exceptions?rule=R8&open=true')).items.toSorted((a, b) => a.code.localeCompare(b.code))
  t.same(await open('manufacturer'), [])
  const messageId = await advise('RA-D1', [
    'REF*SI*ASN-D1', 'DTM*050*20260311', 'PRF*D-1', `RCD*1*20*EA***4*EA*02`, `LIN*1*UP*${items[0]!.upc}`,
    `RCD*2*24*EA***5*EA*01`, `LIN*2*UP*${items[1]!.upc}`, 'CTT*2',
  ])
  const seen = await open('manufacturer')
  t.match(seen, [
    { code: 'R8_DAMAGED', state: 'open', evidence: [{ documentKind: 'shipment', documentId: shipment.id }, { messageId, set: 0, segment: 'RCD', position: 8, element: 6, value: '5' }] },
    { code: 'R8_SHORT', state: 'open', moneyAtRisk: '10.00', evidence: [{ field: 'lines[0].quantity' }, { field: 'lines[1].quantity' }, { messageId, segment: 'RCD', position: 6, element: 2, value: '20' }] },
  ])
  t.same(await open('retailer'), seen)
  t.same(await open('farm'), [])

  await advise('RA-D1', ['REF*SI*ASN-D1', 'DTM*050*20260311', 'PRF*D-1', 'RCD*1*24*EA', `LIN*1*UP*${items[0]!.upc}`, 'RCD*2*24*EA', `LIN*2*UP*${items[1]!.upc}`], '05')
  t.same(await open('manufacturer'), [], 'corrected, they close by themselves')
  await advise('RA-D1', ['DTM*050*20260311'], '01')
  t.same(await open('manufacturer'), [], 'taken back, the shipment is on its way again')
  await workOff(api.db)
})

t.test('the seller agrees or disputes with a reason, the buyer answers, and all that was said is kept', async t => {
  const { api, world, order, ship, post, get } = await trade(t)
  const id = await order('D-2', ['24', '24'])
  const shipment = await ship([id], { number: 'ASN-D2' })
  const receipt = await post('retailer', '/api/receipts', {
    shipmentId: shipment.id, lines: [{ lineNumber: '1', quantity: '20' }, { lineNumber: '2', quantity: '24', damaged: '5' }],
  })
  type Difference = { id: string; code: string; state: string; version: number; answers: { side: string; action: string; reason: string | null }[] }
  const list = async (query = '') => (await get<{ items: Difference[] }>('manufacturer', `/api/receiving-differences${query}`)).items
  const [short, damaged] = (await list()).toSorted((a, b) => b.code.localeCompare(a.code)) as [Difference, Difference]
  t.match([short, damaged], [{ code: 'R8_SHORT', state: 'open', answers: [], moneyAtRisk: '10.00' }, { code: 'R8_DAMAGED', state: 'open' }])
  const answer = async (who: 'retailer' | 'manufacturer' | 'farm' | 'manufacturer/viewer', difference: Difference, payload: object, headers = {}) =>
    (await api.call(who, `POST /api/receiving-differences/${difference.id}/answers`, { payload, headers })).json()
  const reason = 'The carrier signed for all cartons.'

  t.match(await answer('manufacturer', short, { action: 'dispute' }), { code: 'request/invalid', detail: 'Say why you dispute it.' })
  t.match(await answer('manufacturer/viewer', short, { action: 'agree' }), { code: 'identity/forbidden' })
  t.match(await answer('farm', short, { action: 'agree' }), { code: 'record/not-found' })
  t.match(await answer('retailer', short, { action: 'dispute', reason }), { code: 'receipts/answer-not-possible', params: { state: 'open', side: 'buyer' } })
  t.match(await answer('manufacturer', short, { action: 'agree' }, { 'if-match': '"9"' }), { code: 'request/precondition-failed' })
  t.match(await answer('manufacturer', short, { action: 'dispute', reason }, { 'if-match': `"${short.version}"` }), {
    state: 'disputed', answers: [{ sequence: 1, side: 'seller', action: 'dispute', reason, actor: /^usr_|key/, compared: { expected: '24', actual: '20' } }],
  })
  t.match(await answer('manufacturer', short, { action: 'dispute', reason }), { code: 'receipts/answer-not-possible' })
  t.match(await get('retailer', `/api/exceptions/${short.id}`), { state: 'collaborating' })
  t.match(await answer('retailer', short, { action: 'dispute', reason: 'Counted twice.' }), { state: 'upheld' })
  t.match(await answer('manufacturer', short, { action: 'agree' }), { state: 'agreed', answers: [{ action: 'dispute' }, { side: 'buyer' }, { side: 'seller', action: 'agree', reason: null }] })
  t.match(await get('retailer', `/api/exceptions/${short.id}`), { state: 'resolved', resolution: 'buyers_value' })
  t.match(await answer('retailer', short, { action: 'agree' }), { code: 'receipts/answer-not-possible', params: { state: 'agreed' } })

  t.match(await answer('manufacturer', damaged, { action: 'dispute', reason }), { state: 'disputed' })
  t.match(await answer('retailer', damaged, { action: 'agree' }), { state: 'conceded' })
  t.same((await list('?state=open')).length, 0)
  t.match(await list('?state=agreed'), [{ id: short.id }])
  t.match(await list(`?subjectId=${id}&partnershipId=${world.partnership.retailerManufacturer}`), [{}, {}])

  await api.call('retailer', `PUT /api/receipts/${receipt['id']}`, { payload: { lines: [{ lineNumber: '1', quantity: '18' }, { lineNumber: '2', quantity: '24' }] }, headers: { 'if-match': '"1"' } })
  await workOff(api.db)
  t.match(await get('manufacturer', `/api/receiving-differences/${short.id}`), { state: 'open', compared: { actual: '18' }, answers: [{}, {}, {}] }, 'another value is another difference; what was said stays')
  t.match(await get('manufacturer', `/api/receiving-differences/${damaged.id}`), { state: 'conceded' })
  const { data } = await api.graphql('retailer', `mutation { answerReceivingDifference(id: "${short.id}", input: { action: agree }) { state answers { side action } } }`)
  t.match(data, { answerReceivingDifference: { state: 'conceded' } })
})

t.test('a shipment that is not received is found at night, also when it is invoiced long since', async t => {
  const { world, order, ship, post, get } = await trade(t)
  const day = (days: number) => new Date(Date.now() + days * 86_400_000)
  const first = await order('D-3', ['12'])
  await post('retailer', '/api/receipts', { shipmentId: (await ship([first])).id })
  const id = await order('D-4', ['12', '6'])
  const shipment = await ship([id], { number: 'ASN-D4', estimatedDelivery: day(1).toISOString().slice(0, 10) })
  await post('manufacturer', '/api/invoices', { number: 'INV-D4', shipmentId: shipment.id })
  const found = async () => (await get<{ items: { code: string; moneyAtRisk: string; subjectId: string }[] }>('manufacturer', '/api/receiving-differences?state=open')).items
  const sweep = (days: number) => sweepOrganisation({ ...world.ctxOf('retailer'), now: () => day(days) })
  await sweep(4)
  t.same(await found(), [])
  await sweep(40)
  t.match(await found(), [{ code: 'R8_NOT_RECEIVED', subjectId: id, moneyAtRisk: '40.80' }])
  await post('retailer', '/api/receipts', { shipmentId: shipment.id, number: 'LATE' })
  t.same(await found(), [], 'it came after all')
  t.match(await get('retailer', `/api/orders/${id}/timeline`), { items: [{ type: 'order.received' }] })
  const { items } = await get<{ items: { type: string }[] }>('manufacturer', `/api/orders/${id}/timeline`)
  t.ok(items.some(entry => entry.type === 'receipt.received'), 'the receipt is in the history of the order')
})
