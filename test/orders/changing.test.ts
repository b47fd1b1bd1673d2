import t from 'tap'
import type {
  ChangeLineDocument,
  OrderChangeAnswerDocument,
  OrderChangeDocument,
  PurchaseOrderDocument,
} from '../../src/documents/canonical.ts'
import { getOrder, receiveAcknowledgements, receiveChangeAnswers, receiveChanges, receiveOrders } from '../../src/orders/service.ts'
import { receiveShipments } from '../../src/shipments/service.ts'
import { testApi } from '../helpers/api.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { acknowledgementDocument, noticeDocument, orderDocument, receivedFrom } from './documents.ts'

const api = await testApi(t)
const { world, owner } = api
const hub = { qualifier: 'ZZ', id: 'ACCORDHUB', group: 'ACCORDHUB' }
const items = world.items.retailerManufacturer
await owner`
  insert into partnership_channel (partnership_id, organisation_id, counterpart_id, document, channel) values
    (${world.partnership.retailerManufacturer}, ${world.id.manufacturer}, ${world.id.retailer}, '860', 'x12'),
    (${world.partnership.retailerManufacturer}, ${world.id.retailer}, ${world.id.manufacturer}, '865', 'x12')`
const buyer = await receivedFrom(world, 'retailer', 'retailerManufacturer')
const seller = await receivedFrom(world, 'manufacturer', 'retailerManufacturer')
let control = 100

const change = (
  order: PurchaseOrderDocument,
  sequence: string | null,
  lines: readonly Partial<ChangeLineDocument>[],
  rest: Partial<OrderChangeDocument> = {},
): OrderChangeDocument => ({
  purpose: '04',
  type: 'SA',
  orderNumber: order.number,
  orderDate: order.orderDate,
  ...(sequence !== null && { sequence }),
  changedOn: '2026-03-04',
  references: [],
  parties: [],
  dates: [],
  at: 2,
  ...rest,
  lines: lines.map((line, index) => ({ code: 'CA', products: [], at: 3 + index, ...line })),
})
const place = async (quantities: string[] = ['100', '50']) => {
  const document = orderDocument(items.slice(0, quantities.length), {}, quantities)
  const [applied] = await receiveOrders(buyer.ctx, [buyer.received(document)])
  return { document, id: applied?.documentId ?? '' }
}
const changed = async (...documents: OrderChangeDocument[]) => receiveChanges(buyer.ctx, documents.map(buyer.received))
const linesOf = async (id: string) =>
  (await getOrder(buyer.ctx, id)).lines.map(
    line => `${line.lineNumber}: ${line.quantityOrdered} ${line.response} open ${line.quantityOpen}`,
  )
const changesOf = async (id: string) =>
  (await owner`select sequence, ordinal, state from order_change where order_id = ${id} order by id`).map(
    ({ sequence, ordinal, state }) => `${sequence}/${ordinal} ${state}`,
  )

t.test('an 860 over HTTP changes the order, and what it was stays readable', async t => {
  const edi = (functionalId: string, ...sets: [string, ...string[]][]) =>
    send(
      world.ctxOf('retailer'),
      interchange({ from: world.identityOf('retailer'), to: hub, control: ++control, groupReceiver: '5550100200' }, functionalId, sets),
    )
  await edi('PO', [
    '850', 'BEG*00*SA*CHG-1**20260302', 'REF*DP*0047', 'DTM*038*20260312',
    `PO1*1*100*EA*2.5**UP*${items[0]!.upc}`, `PO1*2*50*EA*1.8**UP*${items[1]!.upc}`, 'CTT*2',
  ])
  await workOff(api.db)
  await edi('PC', [
    '860', 'BCH*04*SA*CHG-1**1*20260302*****20260304', 'DTM*038*20260320',
    `POC*1*QD*80*80*EA*2.5**UP*${items[0]!.upc}`, 'POC*2*DI', `POC*3*AI*24*24*EA*4.95**UP*${items[2]!.upc}`, 'CTT*3',
  ])
  await workOff(api.db)
  const [{ id, version }] = (await api.call('retailer', 'GET /api/orders?number=CHG-1')).json().items
  t.match((await api.call('manufacturer', `GET /api/orders/${id}`)).json(), {
    shipNoLater: '2026-03-20', lineCount: 3, totalAmount: '318.8',
    lines: [
      { quantityOrdered: '80', quantityOpen: '80', response: 'open' },
      { quantityOrdered: '50', quantityOpen: '0', quantityCancelled: '50', response: 'cancelled' },
      { lineNumber: '3', quantityOrdered: '24', gtin: items[2]!.gtin, sellerItem: items[2]!.sellerItem, response: 'open' },
    ],
  })
  const versions = (await api.call('manufacturer', `GET /api/orders/${id}/versions`)).json().items
  t.match(versions, [
    { version: 1, replacedBy: 'change', document: { lines: [{ quantity: '100' }, {}] } },
    { version, until: null, document: { lines: [{ quantity: '80' }, {}, {}] } },
  ])
  t.equal(versions[0].until, versions[1].since)
  t.same((await api.call('manufacturer', `GET /api/orders/${id}/versions/1/differences`)).json().differences, [
    { lineNumber: null, field: 'dates.038', before: '2026-03-12', after: '2026-03-20' },
    { lineNumber: '1', field: 'quantity', before: '100', after: '80' },
    { lineNumber: '3', field: 'line', before: null, after: `24 EA UP ${items[2]!.upc} at 4.95` },
  ])
  t.equal((await api.call('supplier', `GET /api/orders/${id}/versions/1/differences`)).statusCode, 404)
  t.equal((await api.call('retailer', `GET /api/orders/${id}/versions/9/differences`)).statusCode, 404)
  const before = new Date(Date.parse(versions[0].until) - 1).toISOString()
  t.match((await api.call('retailer', `GET /api/orders/${id}/as-of/${before}`)).json(), {
    changes: 0, lines: [{ quantityOrdered: '100', response: 'open' }, { quantityOrdered: '50', response: 'open' }],
  })
  t.match((await api.call('retailer', `GET /api/orders/${id}/as-of/2099-01-01`)).json(), { changes: 1, lines: [{ quantityOrdered: '80' }, {}, {}] })
  t.equal((await api.call('retailer', `GET /api/orders/${id}/as-of/2020-01-01`)).statusCode, 404)
  t.equal((await api.call('retailer', `GET /api/orders/${id}/as-of/2026-13-45`)).statusCode, 400)
  const [sent] = await owner`select message_id from delivery where document = '860' and state = 'sent'`
  const text = (await api.call('manufacturer', `GET /api/messages/${sent!.message_id}/bytes`)).body
  t.match(text, /GS\*PC\*/)
  t.match(text, /BCH\*04\*SA\*CHG-1\*\*1\*20260302\*\*\*\*\*20260304~/)
  t.match(text, /POC\*1\*QD\*80\*80\*EA\*2\.5\*\*UP\*/)
})

t.test('changes are made once and in order', async t => {
  const { document, id } = await place()
  const first = change(document, '1', [{ lineNumber: '1', code: 'QI', quantity: '120', unit: 'EA' }])
  const second = change(document, '2', [{ lineNumber: '1', code: 'QD', quantity: '90', unit: 'EA' }])
  const third = change(document, '3', [{ lineNumber: '2', code: 'PC', price: '1.9' }])
  t.match(await changed(third, second), [
    { outcome: 'applied', problems: [{ code: 'orders/change-held' }] },
    { outcome: 'applied', problems: [{ code: 'orders/change-held' }] },
  ])
  t.same(await linesOf(id), ['1: 100 open open 100', '2: 50 open open 50'])
  t.match(await changed(first, first, { ...second, lines: [] }), [
    { outcome: 'applied', problems: [] }, { outcome: 'duplicate' }, { outcome: 'conflict', problems: [{ code: 'orders/change-differs' }] },
  ])
  t.same(await linesOf(id), ['1: 90 open open 90', '2: 50 open open 50'])
  t.same((await changesOf(id)).sort(), ['1/1 superseded', '2/2 pending', '3/3 pending'])
  t.match(await getOrder(buyer.ctx, id), { lines: [{}, { price: '1.9' }] })
  // A correction of the first: the second still follows it.
  t.match(await changed({ ...change(document, '1', [{ lineNumber: '2', code: 'QI', quantity: '60', unit: 'EA' }]), purpose: '05' }), [{ outcome: 'applied' }])
  t.same(await linesOf(id), ['1: 90 open open 90', '2: 60 open open 60'])
})

t.test('a change below what has shipped is answered by a rejecting 865 and changes nothing', async t => {
  const { document, id } = await place()
  await receiveShipments(seller.ctx, [seller.received(noticeDocument(`N-${document.number}`, [{ order: document, lineNumber: '1', quantity: '60' }]))])
  const [applied] = await changed(change(document, '1', [
    { lineNumber: '1', code: 'QD', quantity: '40', unit: 'EA' }, { lineNumber: '2', code: 'QI', quantity: '70', unit: 'EA' },
  ]))
  t.match(applied, { outcome: 'applied', problems: [{ code: 'orders/below-shipped', detail: /Line 1 .*reduced to 40: 60 EA have shipped/ }] })
  t.same(await linesOf(id), ['1: 100 open open 40', '2: 50 open open 50'])
  t.same(await changesOf(id), ['1/null refused'])
  await workOff(api.db)
  const [sent] = await owner`
    select d.message_id from delivery d join order_change_answer a on a.id = d.document_id where a.change_id = ${applied!.documentId!}`
  const text = (await api.call('retailer', `GET /api/messages/${sent!.message_id}/bytes`)).body
  t.match(text, new RegExp(`BCA\\*00\\*RD\\*${document.number}\\*\\*1\\*20260302`))
  t.match(text, /POC\*1\*QD\*40\*40\*EA.*~[\s\S]*ACK\*IR~[\s\S]*N9\*L1\*1\*REASON~[\s\S]*MSG\*Line 1 cannot be reduced to 40: 60 EA have shipped\.~/)
  t.match(await changed(change(document, '2', [], { purpose: '01' })), [{ problems: [{ code: 'orders/below-shipped' }] }])
  t.match(await changed(change(document, '3', [{ lineNumber: '1', code: 'DI' }])), [{ problems: [{ code: 'orders/below-shipped' }] }])
  t.match(await changed(change(document, '4', [{ lineNumber: '1', code: 'QD', quantity: '60', unit: 'EA' }])), [{ problems: [] }])
  t.same(await linesOf(id), ['1: 60 open open 0', '2: 50 open open 50'])
})

t.test('what cannot be made is refused with its reason', async t => {
  const { document, id } = await place()
  const refusals: [Partial<ChangeLineDocument>, string][] = [
    [{ lineNumber: '9', code: 'QD', quantity: '1', unit: 'EA' }, 'orders/unknown-line'],
    [{ lineNumber: '1', code: 'XX' }, 'orders/unknown-change'],
    [{ lineNumber: '1', code: 'AI', quantity: '1', unit: 'EA' }, 'orders/line-number-taken'],
    [{ lineNumber: '3', code: 'AI', quantity: '1' }, 'orders/change-incomplete'],
    [{ lineNumber: '1', code: 'QI', quantity: '10', unit: 'EA' }, 'orders/change-contradicts'],
    [{ lineNumber: '1', code: 'QD', quantity: '10', unit: 'CA' }, 'orders/unit-differs'],
    [{ lineNumber: '1', code: 'PC' }, 'orders/change-incomplete'],
    [{ lineNumber: '1', code: 'QI' }, 'orders/change-incomplete'],
  ]
  for (const [index, [line, code]] of refusals.entries())
    t.match(await changed(change(document, String(index + 1), [line])), [{ problems: [{ code }] }], code)
  t.same(await linesOf(id), ['1: 100 open open 100', '2: 50 open open 50'])
  t.match(await changed(change({ ...document, number: 'NOWHERE' }, '1', [])), [{ outcome: 'parked' }])
})

t.test('differences, where the partners have agreed on them', async t => {
  await owner`update partnership set change_quantity = 'delta' where id = ${world.partnership.retailerSupplier}`
  const own = await receivedFrom(world, 'retailer', 'retailerSupplier')
  const document = orderDocument(world.items.retailerSupplier, {}, ['100', '50'])
  const [placed] = await receiveOrders(own.ctx, [own.received(document)])
  await receiveChanges(own.ctx, [
    own.received(change(document, '1', [
      { lineNumber: '1', code: 'QI', quantity: '20', unit: 'EA' }, { lineNumber: '2', code: 'RQ', quantity: '-5', unit: 'EA' },
    ])),
    own.received(change(document, '2', [
      { lineNumber: '1', code: 'QD', quantity: '30', unit: 'EA' }, { lineNumber: '2', code: 'RZ', quantity: '44', unit: 'EA', price: '7' },
    ])),
  ])
  t.same(await linesOf(placed!.documentId!), ['1: 90 open open 90', '2: 44 open open 44'])
})

t.test('the answer to an order is the same before and after its changes', async t => {
  const states: string[][] = []
  for (const order of [['855', '860'], ['860', '855']]) {
    const { document, id } = await place()
    for (const kind of order)
      if (kind === '855')
        await receiveAcknowledgements(seller.ctx, [
          seller.received(acknowledgementDocument(document, 'AC', [['1', ['IQ', '80']], ['2', ['IA', '50']]], { acknowledgedOn: '2026-03-03' })),
        ])
      else await changed(change(document, '1', [{ lineNumber: '1', code: 'QI', quantity: '120', unit: 'EA' }]))
    t.match(await getOrder(buyer.ctx, id), { state: 'change_pending', lines: [{ quantityConfirmed: '80' }, { quantityConfirmed: '50' }] })
    states.push(await linesOf(id))
  }
  t.same(states[0], ['1: 120 change_pending open 120', '2: 50 accepted open 50'])
  t.same(states[0], states[1])
})

const edited = (version: number) => ({ 'if-match': `"${version}"` })
const read = async (who: 'retailer' | 'manufacturer', id: string) => (await api.call(who, `GET /api/orders/${id}`)).json()
const bytesOf = async (documentId: string) => {
  const [row] = await owner`select message_id, organisation_id from delivery where document_id = ${documentId}`
  const who = row!.organisation_id === world.id.retailer ? 'retailer' : 'manufacturer'
  return (await api.call(who, `GET /api/messages/${row!.message_id}/bytes`)).body
}

t.test('the buyer changes an order in the portal and the seller answers: 860 and 865 say so', async t => {
  const { document, id } = await place(['100', '50', '30'])
  await receiveAcknowledgements(seller.ctx, [seller.received(acknowledgementDocument(document, 'AK'))])
  t.equal((await read('retailer', id)).state, 'accepted')
  const change = async (payload: object, version?: number) =>
    api.call('retailer', `POST /api/orders/${id}/changes`, { payload, headers: edited(version ?? (await read('retailer', id)).version) })
  t.equal((await api.call('retailer', `POST /api/orders/${id}/changes`, { payload: { cancel: true } })).statusCode, 428)
  t.equal((await change({ cancel: true }, 1)).statusCode, 412)
  t.equal((await api.call('manufacturer', `POST /api/orders/${id}/changes`, { payload: { cancel: true }, headers: edited(2) })).statusCode, 403)
  const made = await change({
    lines: [{ lineNumber: '1', quantity: '120' }, { lineNumber: '2', quantity: '40', price: '1.7' }, { position: 3, shipNoLater: '2026-03-30' }],
    add: [{ gtin: items[2]!.gtin, quantity: '12', unit: 'EA', price: '4.95' }],
    shipNoLater: '2026-03-25', notes: ['Promotion moved'],
  })
  t.equal(made.statusCode, 201, made.body)
  const { changeId, sequence } = made.json()
  t.equal(sequence, '1')
  t.match(await read('manufacturer', id), {
    state: 'open', shipNoLater: '2026-03-25',
    lines: [
      { quantityOrdered: '120', quantityConfirmed: '100', response: 'change_pending' },
      { quantityOrdered: '40', price: '1.7', response: 'change_pending' },
      { response: 'change_pending', dates: [{ qualifier: '038', date: '2026-03-30' }] },
      { lineNumber: '4', quantityOrdered: '12', response: 'open' },
    ],
  })
  await workOff(api.db)
  const said = await bytesOf(changeId)
  t.match(said, /BCH\*04\*SA\*\d+\*\*1\*20260302/)
  t.match(said, /REF\*DP\*0047~/, 'references of the order are said again')
  t.match(said, /DTM\*038\*20260325~/)
  t.match(said, /POC\*1\*QI\*120\*120\*EA\*\*\*UP\*/)
  t.match(said, /POC\*2\*PQ\*40\*40\*EA\*1\.7\*\*UP\*/)
  t.match(said, /POC\*3\*CT\*\*\*EA[\s\S]*DTM\*038\*20260330~/)
  t.match(said, /POC\*4\*AI\*12\*12\*EA\*4\.95\*\*UK\*/)

  const answer = (payload: object) => api.call('manufacturer', `POST /api/orders/${id}/changes/${changeId}/answers`, { payload })
  t.equal((await answer({ lines: [{ lineNumber: '9', action: 'accept' }] })).statusCode, 422)
  t.equal((await answer({})).json().code, 'orders/nothing-answered')
  const answered = await answer({
    acceptRest: true,
    lines: [{ lineNumber: '1', action: 'change', quantity: '110', reason: 'No more in stock' }, { lineNumber: '2', action: 'reject', reason: 'Price agreed' }],
  })
  t.equal(answered.statusCode, 201, answered.body)
  t.match(await read('retailer', id), {
    state: 'changed',
    lines: [
      { quantityOrdered: '120', quantityConfirmed: '110', response: 'changed' },
      { quantityOrdered: '50', price: items[1]!.price, quantityConfirmed: '50', response: 'accepted' },
      { response: 'accepted' },
      { quantityOrdered: '12', quantityConfirmed: '12', response: 'accepted' },
    ],
  })
  await workOff(api.db)
  const reply = await bytesOf(answered.json().answerId)
  t.match(reply, /BCA\*00\*AC\*\d+\*\*1\*20260302/)
  t.match(reply, /POC\*1\*QI\*120\*120\*EA[\s\S]*?ACK\*IQ\*110\*EA~[\s\S]*?MSG\*No more in stock~/)
  t.match(reply, /POC\*2\*PQ[\s\S]*?ACK\*IR~/)
  t.equal((await answer({ acceptRest: true })).json().code, 'orders/change-not-pending')
  t.match((await api.call('retailer', `GET /api/orders/${id}/changes`)).json().items, [
    { id: changeId, sequence: '1', state: 'countered', channel: 'api', answers: [{ type: 'AC', lines: [{}, {}, {}, {}] }] },
  ])
  const { data, errors } = await api.graphql('manufacturer', `{
    order(id: "${id}") { changes { sequence state answers { type } } versions { version replacedBy } }
    orderVersionDifferences(id: "${id}", from: 2) { differences { lineNumber field before after } }
    orderAsOf(id: "${id}", at: "2099-01-01T00:00:00Z") { state lines { quantityOrdered response } } }`)
  t.equal(errors, undefined)
  t.match(data, {
    order: { changes: [{ state: 'countered' }], versions: [{ replacedBy: 'change' }, { replacedBy: 'answer' }, { replacedBy: null }] },
    orderVersionDifferences: { differences: [
      { field: 'notes' }, { field: 'dates.038', before: '2026-03-12', after: '2026-03-25' }, { lineNumber: '1', field: 'quantity', before: '100', after: '120' },
      { lineNumber: '3', field: 'dates.038' }, { lineNumber: '4', field: 'line' },
    ] },
    orderAsOf: { state: 'changed', lines: [{ quantityOrdered: '120', response: 'changed' }, {}, {}, {}] },
  })
})

t.test('what is entered is refused with its line and rule, and nothing is half made', async t => {
  const { document, id } = await place()
  await receiveShipments(seller.ctx, [seller.received(noticeDocument(`N-${document.number}`, [{ order: document, lineNumber: '1', quantity: '60' }]))])
  const { version } = await read('retailer', id)
  const refused = async (payload: object, status: number, code: string, line?: string) => {
    const answer = await api.call('retailer', `POST /api/orders/${id}/changes`, { payload, headers: edited(version) })
    t.match(answer.json(), { status, code, ...(line !== undefined && { params: { line } }) }, answer.body)
  }
  await refused({ lines: [{ lineNumber: '2', quantity: '70' }, { lineNumber: '1', quantity: '59' }] }, 422, 'orders/below-shipped', '1')
  await refused({ lines: [{ lineNumber: '1', cancel: true }] }, 422, 'orders/below-shipped', '1')
  await refused({ cancel: true }, 422, 'orders/below-shipped')
  await refused({ lines: [{ lineNumber: '7', quantity: '1' }] }, 422, 'orders/unknown-line', '7')
  await refused({ lines: [{ lineNumber: '1' }] }, 400, 'request/invalid', '1')
  await refused({ add: [{ lineNumber: '2', gtin: items[2]!.gtin, quantity: '1' }] }, 409, 'orders/line-number-taken', '2')
  await refused({ add: [{ gtin: '00000000000017', quantity: '1' }] }, 422, 'items/unknown-item')
  await refused({}, 422, 'orders/nothing-changed')
  t.equal((await read('retailer', id)).version, version)
  t.same(await changesOf(id), [])
})

t.test('an 865 over HTTP, with and without lines; the same again changes nothing', async t => {
  const { document, id } = await place()
  await receiveAcknowledgements(seller.ctx, [seller.received(acknowledgementDocument(document, 'AK'))])
  const answers = (...documents: OrderChangeAnswerDocument[]) => receiveChangeAnswers(seller.ctx, documents.map(seller.received))
  const said = (sequence: string, type: string, lines: OrderChangeAnswerDocument['lines'] = []): OrderChangeAnswerDocument => ({
    purpose: '00', type, orderNumber: document.number, orderDate: document.orderDate, sequence, references: [], parties: [], dates: [], lines, at: 2,
  })
  t.match(await answers(said('1', 'AT')), [{ outcome: 'parked', problems: [{ code: 'orders/change-missing' }] }])
  await changed(change(document, '1', [{ lineNumber: '1', code: 'QD', quantity: '80', unit: 'EA' }, { lineNumber: '2', code: 'DI' }]))
  t.same(await linesOf(id), ['1: 80 change_pending open 80', '2: 50 cancelled open 0'])
  t.match(await answers(said('1', 'AT'), said('1', 'AT')), [{ outcome: 'applied' }, { outcome: 'duplicate' }])
  t.same(await linesOf(id), ['1: 80 accepted open 80', '2: 50 cancelled open 0'])
  t.same(await changesOf(id), ['1/1 accepted'])
  // The seller thinks better of it: what was deleted comes after all.
  t.match(await answers(said('1', 'AC', [
    { lineNumber: '1', code: 'QD', products: [], acknowledgements: [{ code: 'IA' }] }, { lineNumber: '2', code: 'DI', products: [], acknowledgements: [{ code: 'IR' }] },
  ])), [{ outcome: 'applied' }])
  t.same(await linesOf(id), ['1: 80 accepted open 80', '2: 50 accepted open 50'])
  await changed(change(document, '2', [], { purpose: '01' }))
  t.match(await read('retailer', id), { state: 'cancelled' })
  await answers(said('2', 'RJ'))
  t.match(await read('retailer', id), { state: 'accepted', lines: [{ quantityOrdered: '80' }, { quantityOrdered: '50' }] })
  t.equal((await owner`select document ->> 'purpose' as purpose from purchase_order where id = ${id}`)[0]!.purpose, '00')
})

t.test('a change that waits can be released', async t => {
  const { document, id } = await place()
  await changed(change(document, '3', [{ lineNumber: '1', code: 'QD', quantity: '80', unit: 'EA' }]))
  const [{ id: changeId }] = (await api.call('retailer', `GET /api/orders/${id}/changes`)).json().items
  t.match((await api.call('retailer', `POST /api/orders/${id}/changes`, { payload: { notes: ['x'] }, headers: edited(1) })).json(), { code: 'orders/change-waiting' })
  t.equal((await api.call('manufacturer', `POST /api/orders/${id}/changes/${changeId}/release`)).statusCode, 403)
  t.equal((await api.call('retailer', `POST /api/orders/${id}/changes/${changeId}/release`)).statusCode, 200)
  t.same(await linesOf(id), ['1: 80 open open 80', '2: 50 open open 50'])
  t.equal((await api.call('retailer', `POST /api/orders/${id}/changes/${changeId}/release`)).json().code, 'orders/not-held')
  t.match(await changed(change(document, '2', [{ lineNumber: '1', code: 'QD', quantity: '70', unit: 'EA' }])), [
    { outcome: 'conflict', problems: [{ code: 'orders/change-late' }] },
  ])
})

t.test('an order that is replaced begins anew', async t => {
  const { document, id } = await place()
  await changed(change(document, '1', [{ lineNumber: '1', code: 'QD', quantity: '80', unit: 'EA' }]))
  await receiveOrders(buyer.ctx, [buyer.received({ ...document, purpose: '05', lines: document.lines.map(line => ({ ...line, quantity: '500' })) })])
  t.same(await linesOf(id), ['1: 500 open open 500', '2: 500 open open 500'])
  await changed(change(document, '2', [{ lineNumber: '2', code: 'QD', quantity: '400', unit: 'EA' }]))
  t.same(await linesOf(id), ['1: 500 open open 500', '2: 400 open open 400'])
})
