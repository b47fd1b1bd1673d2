import t from 'tap'
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
