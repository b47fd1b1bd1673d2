import t from 'tap'
import { workOff } from '../helpers/edi.ts'
import { trade } from './trade.ts'

t.test('an 861 becomes a receipt that both sides see, linked to order and shipment', async t => {
  const { api, items, order, ship, advise, receipt, receivedOf, get } = await trade(t)
  const id = await order('R-1', ['24', '24'])
  const shipment = await ship([id], { number: 'ASN-R1' })
  const messageId = await advise('RA-1', [
    'REF*SI*ASN-R1', 'DTM*050*20260311', 'PRF*R-1',
    `RCD*1*20*EA***4*EA*02`, `LIN*1*UP*${items[0]!.upc}`,
    `RCD*2*24*EA***2*EA*01`, `LIN**IN*${items[1]!.buyerItem}`,
    'CTT*2',
  ])
  t.match(await get('retailer', `/api/messages/${messageId}`), { processingState: 'processed', ackOutcome: 'A' })
  t.match(await receipt('RA-1'), {
    number: 'RA-1', type: '2', state: 'received', receivedOn: '2026-03-11', shipmentNumber: 'ASN-R1', orderNumber: 'R-1', linked: true,
    channel: 'x12', version: 1, references: [{ qualifier: 'SI' }],
    lines: [
      { orderId: id, orderLinePosition: 1, lineNumber: '1', shipmentId: shipment.id, gtin: items[0]!.gtin, quantity: '20', quantityShort: '4', unit: 'EA' },
      { orderId: id, orderLinePosition: 2, lineNumber: '2', shipmentId: shipment.id, quantity: '24', quantityDamaged: '2' },
    ],
  })
  t.same(await receivedOf(id), ['20', '24'])
  t.match(await get('manufacturer', `/api/orders/${id}`), {
    receipts: [{ number: 'RA-1', receivedOn: '2026-03-11', lines: [{ orderLinePosition: 1, quantity: '20' }, { quantityDamaged: '2' }] }],
    deliveries: [{ document: '850' }],
  })
  t.match(await get('manufacturer', '/api/receipts?role=seller'), { items: [{ number: 'RA-1' }], nextCursor: null })
  t.match(await get('farm', '/api/receipts'), { items: [] })
  t.match((await api.call('farm', `GET /api/receipts/${(await receipt('RA-1'))!.id}`)).statusCode, 404)

  t.test('the same again is a duplicate, other content a conflict, 05 replaces and 01 takes back', async t => {
    await advise('RA-1', [
      'REF*SI*ASN-R1', 'DTM*050*20260311', 'PRF*R-1', `RCD*1*20*EA***4*EA*02`, `LIN*1*UP*${items[0]!.upc}`,
      `RCD*2*24*EA***2*EA*01`, `LIN**IN*${items[1]!.buyerItem}`, 'CTT*2',
    ])
    t.match(await receipt('RA-1'), { version: 1 })
    const other = await advise('RA-1', ['DTM*050*20260311', 'PRF*R-1', 'RCD*1*1*EA', `LIN*1*UP*${items[0]!.upc}`])
    t.match(await get('retailer', `/api/messages/${other}/sets`), { items: [{ state: 'quarantined', errorCode: 'receipts/duplicate-differs' }] })
    t.same(await receivedOf(id), ['20', '24'])
    await advise('RA-1', ['REF*SI*ASN-R1', 'DTM*050*20260311', 'PRF*R-1', 'RCD*1*24*EA', `LIN*1*UP*${items[0]!.upc}`], '05')
    t.match(await receipt('RA-1'), { version: 2, lines: [{ quantity: '24' }] })
    t.same(await receivedOf(id), ['24', '0'])
    await advise('RA-1', ['DTM*050*20260311'], '01')
    t.match(await receipt('RA-1'), { version: 3, state: 'cancelled', lines: [{ quantity: '24' }] })
    t.same(await receivedOf(id), ['0', '0'])
  })
})

t.test('whole cartons, by their SSCCs', async t => {
  const { order, ship, advise, receipt, receivedOf } = await trade(t)
  const id = await order('R-2', ['24', '24'])
  const shipment = await ship([id], { number: 'ASN-R2' })
  const [one, two, three] = shipment.packages
  await advise('RA-2', [
    'DTM*050*20260311', 'RCD**1*CT', `MAN*GM*00${one!.sscc}`, 'RCD******1*CT*01', `MAN*GM*00${two!.sscc}`,
  ])
  t.match(await receipt('RA-2'), {
    linked: true, shipmentNumber: null,
    lines: [
      { documentLine: 1, orderId: id, orderLinePosition: 1, package: one!.package, sscc: one!.sscc, quantity: '12', unit: 'EA', quantityDamaged: '0' },
      { documentLine: 2, orderId: id, orderLinePosition: 1, package: two!.package, sscc: two!.sscc, quantity: '12', quantityDamaged: '12' },
    ],
  })
  t.same(await receivedOf(id), ['24', '0'])
  await advise('RA-3', ['REF*SI*ASN-R2', 'DTM*050*20260312', 'RCD**10*EA', `LIN**VN*x`, `MAN*GM*00${three!.sscc}`, 'RCD**1*CT', 'MAN*GM*00107222220000000998'])
  t.match(await receipt('RA-3'), {
    lines: [{ orderLinePosition: null, sscc: three!.sscc }, { orderId: null, shipmentId: shipment.id, package: null, sscc: '107222220000000998' }],
  })
})

t.test('a receipt that comes before its order and ship notice finds them', async t => {
  const { api, items, order, ship, advise, receipt, receivedOf, get } = await trade(t)
  await advise('RA-9', ['REF*SI*ASN-R9', 'DTM*050*20260311', 'PRF*R-9', 'RCD*1*12*EA', `LIN*1*UP*${items[0]!.upc}`])
  t.match(await receipt('RA-9'), { linked: false, lines: [{ orderId: null, orderNumber: 'R-9', shipmentId: null, quantity: '12' }] })
  const open = async () => (await get<{ items: { code: string }[] }>('retailer', '/api/exceptions?open=true')).items.map(each => each.code).sort()
  t.same(await open(), ['RECEIPTS_UNKNOWN_ORDER', 'RECEIPTS_UNKNOWN_SHIPMENT'])
  const id = await order('R-9', ['12'])
  t.match(await receipt('RA-9'), { linked: false, lines: [{ orderId: id, orderLinePosition: 1, shipmentId: null }] }, 'the order is here')
  t.same(await receivedOf(id), ['12'])
  t.same(await open(), ['R8_NO_SHIP_NOTICE', 'RECEIPTS_UNKNOWN_SHIPMENT'])
  const shipment = await ship([id], { number: 'ASN-R9' })
  await workOff(api.db)
  t.match(await receipt('RA-9'), { linked: true, lines: [{ orderId: id, shipmentId: shipment.id, orderLinePosition: 1 }] })
  t.same(await receivedOf(id), ['12'])
  t.same(await open(), [])
})
