import t from 'tap'
import { listOutbox, readMessageBytes } from '../../src/exchange/service.ts'
import { receiveOrders } from '../../src/orders/service.ts'
import { testApi } from '../helpers/api.ts'
import { workOff } from '../helpers/edi.ts'
import { orderDocument, receivedFrom } from '../orders/documents.ts'

const api = await testApi(t)
const { world } = api
const buyer = await receivedFrom(world, 'retailer', 'retailerManufacturer')
const place = async (quantities: readonly string[]) => {
  const [applied] = await receiveOrders(buyer.ctx, [
    buyer.received(orderDocument(world.items.retailerManufacturer, {}, quantities)),
  ])
  return applied?.documentId ?? ''
}
const call = (what: `${'GET' | 'POST' | 'PATCH'} /${string}`, payload?: object, headers = {}) =>
  api.call('manufacturer/order_manager', what, { headers, ...(payload && { payload }) })
const order = async (id: string) => (await call(`GET /api/orders/${id}`)).json()

/** The 856s in the retailer's outbox, oldest first, as their segments. */
const noticesSent = async (): Promise<string[][]> => {
  await workOff(api.db)
  const { items } = await listOutbox(world.ctxOf('retailer'))
  const notices: string[][] = []
  for (const { messageId } of items.filter(item => item.sets.includes('856'))) {
    const parts: Uint8Array[] = []
    for await (const part of (await readMessageBytes(world.ctxOf('retailer'), messageId)).chunks) parts.push(part)
    notices.push(Buffer.concat(parts).toString('latin1').split('~').map(segment => segment.trim()))
  }
  return notices.sort((a, b) => Number(a[0]?.split('*')[13]) - Number(b[0]?.split('*')[13]))
}

const [one, two] = [await place(['30', '24', '6']), await place(['12', '1', '1'])]

t.test('a shipment of two orders on a pallet, as a standard pack: packed, entered, sent as 856, corrected, taken back', async t => {
  const proposed = await call('POST /api/packing-proposals', { orderIds: [one, two], pallets: 'all' })
  t.equal(proposed.statusCode, 200)
  const { packages } = proposed.json<{ packages: { package: string; type: string }[] }>()
  t.same(packages.map(each => each.package), ['P1', 'C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'C8'])

  const made = await call('POST /api/shipments', {
    orderIds: [one, two],
    structure: '0002',
    packages,
    shipFrom: 'PLANT1',
    carrier: { scac: 'ABFS', mode: 'M' },
    trackingNumber: 'PRO-1',
    shipDate: '2026-11-22',
    estimatedDelivery: '2026-11-24',
  })
  t.equal(made.statusCode, 201, made.body)
  const shipment = made.json<{ id: string; number: string; packages: { package: string; sscc: string }[] }>()
  const sscc = (name: string) => shipment.packages.find(each => each.package === name)?.sscc
  const [first] = await noticesSent()
  const number = (await order(one)).number as string
  const other = (await order(two)).number as string
  t.match(first?.find(segment => segment.startsWith('BSN')), new RegExp(`^BSN\\*00\\*${shipment.number}\\*\\d{8}\\*\\d{4}\\*0002$`))
  t.same(first?.filter(segment => /^(TD5|REF\*CN|DTM|PRF|HL|MAN|SN1|CTT|N1\*SF)/.test(segment)), [
    'HL*1**S', 'TD5**2*ABFS*M', 'REF*CN*PRO-1', 'DTM*011*20261122', 'DTM*017*20261124', `N1*SF*Brightwell Plant*UL*${world.locations.PLANT1!.gln}`,
    'HL*2*1*O', `PRF*${number}***20260302`,
    'HL*3*2*T', `MAN*GM*00${sscc('P1')}`,
    'HL*4*3*I', 'SN1**24*EA**30*EA', 'HL*5*4*P', `MAN*GM*00${sscc('C1')}`, 'HL*6*4*P', `MAN*GM*00${sscc('C2')}`,
    'HL*7*3*I', 'SN1**6*EA**30*EA', 'HL*8*7*P', `MAN*GM*00${sscc('C3')}`,
    'HL*9*3*I', 'SN1**24*EA**24*EA', 'HL*10*9*P', `MAN*GM*00${sscc('C4')}`,
    'HL*11*3*I', 'SN1**6*EA**6*EA', 'HL*12*11*P', `MAN*GM*00${sscc('C5')}`,
    'HL*13*1*O', `PRF*${other}***20260302`,
    'HL*14*13*T', `MAN*GM*00${sscc('P1')}`,
    'HL*15*14*I', 'SN1**12*EA**12*EA', 'HL*16*15*P', `MAN*GM*00${sscc('C6')}`,
    'HL*17*14*I', 'SN1**1*EA**1*EA', 'HL*18*17*P', `MAN*GM*00${sscc('C7')}`,
    'HL*19*14*I', 'SN1**1*EA**1*EA', 'HL*20*19*P', `MAN*GM*00${sscc('C8')}`,
    'CTT*20',
  ])

  const path = `/api/shipments/${shipment.id}` as const
  const change = { estimatedDelivery: '2026-11-26', trackingNumber: 'PRO-2', packages: [{ package: 'C3', trackingNumber: '1Z9' }] }
  t.match((await call(`PATCH ${path}`, change, { 'if-match': '"7"' })).json(), { status: 412, code: 'request/precondition-failed' })
  t.match((await call(`PATCH ${path}`, { packages: [{ package: 'C99' }] })).json(), { code: 'shipments/invalid-packing', params: { package: 'C99' } })
  t.match((await call(`PATCH ${path}`, {})).json(), { status: 400, code: 'request/invalid' })
  t.match((await api.call('retailer', `PATCH ${path}`, { payload: change })).json(), { status: 403, code: 'identity/forbidden' })
  const corrected = await call(`PATCH ${path}`, change, { 'if-match': '"1"' })
  t.match(corrected, { statusCode: 200, headers: { etag: '"2"' } })
  t.match(corrected.json(), { estimatedDelivery: '2026-11-26', shipDate: '2026-11-22', references: [{ qualifier: 'CN', value: 'PRO-2' }] })
  t.match((await call(`PATCH ${path}`, change)).json(), { version: 2 }, 'nothing new')
  const sent = await noticesSent()
  t.equal(sent.length, 2, 'and nothing is sent for it')
  t.match(sent[1]?.find(segment => segment.startsWith('BSN')), new RegExp(`^BSN\\*05\\*${shipment.number}\\*`))
  t.ok(sent[1]?.includes('DTM*017*20261126') && sent[1].includes('MAN*CP*1Z9') && !sent[1].includes('REF*CN*PRO-1'))

  t.match((await order(one)).lines, [{ quantityShipped: '30' }, { quantityShipped: '24' }, { quantityShipped: '6' }])
  const cancelled = await call(`POST ${path}/cancel`)
  t.match(cancelled.json(), { state: 'cancelled', version: 3 })
  t.match(await order(one), { state: 'open', lines: [{ quantityShipped: '0', quantityOpen: '30' }, { quantityOpen: '24' }, {}] })
  t.match((await noticesSent())[2]?.find(segment => segment.startsWith('BSN')), new RegExp(`^BSN\\*01\\*${shipment.number}\\*`))
  t.match((await call(`POST ${path}/cancel`)).json(), { status: 409, code: 'shipments/cancelled' })
  t.match((await call(`PATCH ${path}`, change)).json(), { status: 409, code: 'shipments/cancelled' })
})

t.test('what has been invoiced stays shipped', async t => {
  const { id } = (await call('POST /api/shipments', { orderIds: [two] })).json<{ id: string }>()
  t.equal((await call('POST /api/invoices', { number: 'INV-1', shipmentId: id })).statusCode, 201)
  t.match((await call(`POST /api/shipments/${id}/cancel`)).json(), { status: 409, code: 'shipments/in-use', params: { invoice: 'INV-1' } })
  t.match((await order(two)).lines, [{ quantityShipped: '12' }, {}, {}])
})

t.test('the same by GraphQL', async t => {
  const { id } = (await call('POST /api/shipments', { orderIds: [one], structure: '0004' })).json<{ id: string }>()
  const amend = `mutation ($id: ID!) { amendShipment(id: $id, input: { estimatedDelivery: "2026-12-01" }, ifVersion: 1) { version estimatedDelivery } }`
  t.match(await api.graphql('manufacturer/order_manager', amend, { id }), { data: { amendShipment: { version: 2, estimatedDelivery: '2026-12-01' } } })
  t.match(await api.graphql('manufacturer/order_manager', amend, { id }), { errors: [{ extensions: { code: 'request/precondition-failed' } }] })
  const cancel = `mutation ($id: ID!) { cancelShipment(id: $id) { state } }`
  t.match(await api.graphql('manufacturer/viewer', cancel, { id }), { errors: [{ extensions: { code: 'identity/forbidden' } }] })
  t.match(await api.graphql('manufacturer/order_manager', cancel, { id }), { data: { cancelShipment: { state: 'cancelled' } } })
  const reserve = `mutation { reserveSsccs(input: { count: 2, extensionDigit: 4 }) }`
  t.match(await api.graphql('manufacturer/order_manager', reserve), { data: { reserveSsccs: [/^40722222\d{10}$/, /^40722222\d{10}$/] } })
  const propose = `query ($ids: [ID!]!) { packingProposal(orderIds: $ids, options: { pallets: all }) { packages { package parent } lines { picks { level count } } } }`
  t.match(await api.graphql('manufacturer/order_manager', propose, { ids: [one] }), {
    data: { packingProposal: { packages: [{ package: 'P1' }, { package: 'C1', parent: 'P1' }], lines: [{ picks: [{ level: 'case', count: '2' }, { level: 'each' }] }] } },
  })
})
