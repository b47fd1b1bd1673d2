import t from 'tap'
import { checkDigit } from '../../src/documents/gs1.ts'
import { testApi } from '../helpers/api.ts'
import { picturesOf, scanGs1 } from '../helpers/barcodes.ts'
import type { Party } from '../../src/documents/canonical.ts'
import { receiveOrders } from '../../src/orders/service.ts'
import { orderDocument, receivedFrom } from '../orders/documents.ts'

const api = await testApi(t)
const { world } = api
const items = world.items.retailerManufacturer
const buyer = await receivedFrom(world, 'retailer', 'retailerManufacturer')
const place = async (quantities: readonly string[], parties?: Party[]) => {
  const [applied] = await receiveOrders(buyer.ctx, [
    buyer.received(orderDocument(items, parties ? { parties } : {}, quantities)),
  ])
  return applied?.documentId ?? ''
}
const ship = async (payload: object) => {
  const response = await api.call('manufacturer/order_manager', 'POST /api/shipments', { payload })
  if (response.statusCode !== 201) throw new Error(response.body)
  return response.json<{ id: string; number: string; packages: { package: string; sscc: string; type: string }[] }>()
}

const caseGtin = (gtin: string) => {
  const body = `1${gtin.slice(1, 13)}`
  return `${body}${checkDigit(body)}`
}
await api.owner`update item set packs = jsonb_build_array(
  jsonb_build_object('level', 'case', 'quantity', '12', 'gtin', ${caseGtin(items[0]!.gtin)}::text))
  where gtin = ${items[0]!.gtin}`
await api.owner`update location set address = '{"lines": ["800 Logistics Parkway", "Dock 4"], "city": "Allentown", "region": "PA", "postalCode": "18106", "country": "US"}' where code = 'DC01'`
await api.owner`update location set address = '{"lines": ["12 Mill Lane"], "city": "Łódź", "postalCode": "90-001", "country": "PL"}' where code = 'PLANT1'`

const [first, second] = [await place(['31', '24', '6']), await place(['12'])]
const line = (orderId: string, lineNumber: string, quantity: string, more = {}) => ({ orderId, lineNumber, quantity, ...more })
const batch = { lotNumber: 'L>4(7a', expiryDate: '2027-01-31' }
const shipment = await ship({
  number: 'ASN 7/1',
  orderIds: [first, second],
  shipFrom: 'PLANT1',
  carrier: { scac: 'ABFS', name: 'ABF Freight', mode: 'M', equipment: 'TRLU4471' },
  billOfLading: 'BOL-881',
  trackingNumber: 'PRO-55',
  shipDate: '2026-03-10',
  estimatedDelivery: '2026-03-12',
  grossWeight: { value: '402.5', unit: 'KG' },
  lines: [line(first, '1', '31'), line(first, '2', '24'), line(first, '3', '6'), line(second, '1', '12')],
  packages: [
    { package: 'P1', type: 'pallet', weight: { value: '210', unit: 'KG' } },
    { package: 'A', type: 'carton', parent: 'P1', trackingNumber: '1Z999AA10123456784', contents: [line(first, '1', '12', batch)] },
    { package: 'B', type: 'carton', parent: 'P1', contents: [line(first, '1', '12', batch)] },
    { package: 'C', type: 'carton', contents: [line(first, '1', '7')] },
    { package: 'D', type: 'carton', contents: [line(first, '2', '24'), line(first, '3', '6')] },
    { package: 'E', type: 'carton', contents: [line(second, '1', '12')] },
  ],
})
const ssccOf = (name: string) => shipment.packages.find(each => each.package === name)?.sscc ?? ''
const get = (what: string, who: Parameters<typeof api.call>[0] = 'manufacturer/viewer') =>
  api.call(who, `GET /api/shipments/${shipment.id}/${what}`)

const [baseGtin, inCase] = [items[0]!.gtin, caseGtin(items[0]!.gtin)]
/** What has to be on each label, from top to bottom; the SSCC is the last. Where there is room, goods and batch are one symbol. */
const expected = (split: boolean) => [
  [`02${inCase}372`, '1727013110L>4(7a', `00${ssccOf('P1')}`],
  ...['A', 'B'].map(name => [...(split ? [`01${inCase}`, '1727013110L>4(7a'] : [`01${inCase}1727013110L>4(7a`]), `00${ssccOf(name)}`]),
  [`02${baseGtin}377`, `00${ssccOf('C')}`],
  [`00${ssccOf('D')}`],
  [`01${inCase}`, `00${ssccOf('E')}`],
]

for (const [size, dpi, split, millimetres] of [['4x6', 203, true, [101.6, 152.4]], ['a6', 300, true, [105, 148]], ['a5', 203, false, [148, 210]]] as const)
  t.test(`labels of ${size} scan`, async t => {
    const response = await get(`labels?size=${size}`)
    t.match(response, {
      statusCode: 200,
      headers: { 'content-type': 'application/pdf', 'content-disposition': 'attachment; filename="labels-asn-7-1.pdf"' },
    })
    const pictures = picturesOf(response.rawPayload, t.testdir(), dpi)
    const scanned = pictures.map(scanGs1)
    t.same(scanned.map(each => each.map(({ data }) => data)), expected(split))
    for (const [index, { width, height }] of pictures.entries()) {
      t.match([width, height], millimetres.map(side => Math.ceil((side * dpi) / 25.4)), 'the size of the label')
      for (const { data, from, to, left, right } of scanned[index] ?? []) {
        const bars = ((to - from + 1) * 25.4) / dpi
        t.ok(bars > 31.5 && bars < 33, `the bars of ${data} are ${bars.toFixed(1)} mm high`)
        t.ok((Math.min(left, width - right) * 25.4) / dpi > 5, 'with a quiet zone on each side')
      }
    }
  })
t.test('one package with what is on it', async t => {
  const response = await get('labels?package=P1')
  t.equal(response.headers['content-disposition'], 'attachment; filename="labels-asn-7-1-p1.pdf"')
  t.same(picturesOf(response.rawPayload, t.testdir()).map(page => scanGs1(page).at(-1)?.data), ['P1', 'A', 'B'].map(name => `00${ssccOf(name)}`))
})

/** Reads ZPL as a printer does: commands with their parameters, and the data of each ^BC by its code sets. */
const readZpl = (text: string) =>
  text.split('^XZ').slice(0, -1).map(label => {
    const commands = [...label.matchAll(/\^(XA|CI|PW|LL|LH|FO|A0|BY|BC|GB|FB|FH|FD|FS|PQ)([^^]*)/g)].map(([, name = '', rest = '']) => [name, rest.replace(/\n$/, '')] as const)
    t.equal(commands.map(([name, rest]) => `^${name}${rest}`).join(''), label.replaceAll('\n', ''), 'nothing but known commands')
    return commands
  })
const readCode128 = (code: string): { data: string; symbols: number } => {
  t.equal(code.slice(0, 4), '>;>8', 'starts with set C and FNC1')
  let [set, data, symbols] = ['C', '', 2]
  for (let at = 4; at < code.length; symbols += 1) {
    if (code[at] === '>') {
      const command = code[at + 1]
      if (command === '8') data += '\u001D'
      else if (command === '0') data += '>'
      else set = command === '6' ? 'B' : 'C'
      at += 2
    } else if (set === 'C') {
      t.match(code.slice(at, at + 2), /^\d\d$/, 'set C holds pairs of digits')
      data += code.slice(at, at + 2)
      at += 2
    } else data += code[at++]
  }
  return { data, symbols }
}

for (const [dpi, dots, module] of [[203, 8, 4], [300, 300 / 25.4, 6]] as const)
  t.test(`ZPL for ${dpi} dpi says the same, on the label and within it`, async t => {
    const response = await get(`labels?format=zpl&dpi=${dpi}`)
    t.match(response.headers, {
      'content-type': 'application/zpl; charset=utf-8',
      'content-disposition': 'attachment; filename="labels-asn-7-1.zpl"',
    })
    const labels = readZpl(response.body)
    t.equal(labels.length, 6)
    const [width, height] = [Math.round(101.6 * dots), Math.round(152.4 * dots)]
    const codes = labels.map(commands => {
      t.match(commands.slice(0, 5), [['XA', ''], ['CI', '28'], ['PW', String(width)], ['LL', String(height)], ['LH', '0,0']])
      t.same(commands.at(-1), ['PQ', '1'])
      const found: string[] = []
      let [x, y, high] = [0, 0, 0]
      let bars = false
      let lowest = 0
      for (const [name, rest] of commands) {
        if (name === 'FO') [x = 0, y = 0] = rest.split(',').map(Number)
        if (name === 'BY') t.equal(rest.split(',')[0], String(module))
        if (name === 'BC') {
          bars = true
          high = Number(rest.split(',')[1])
          t.ok(high / dots >= 31.75, `bars of ${(high / dots).toFixed(1)} mm`)
        }
        if (name === 'FD' && bars) {
          const { data, symbols } = readCode128(rest)
          const modules = symbols * 11 + 11 + 13
          t.ok(x >= 10 * module && x + modules * module + 10 * module <= width, `${data} with its quiet zones is on the label`)
          t.ok(y >= lowest && y + high <= height, 'below what is above it')
          lowest = y + high
          found.push(data)
          bars = false
        }
        if (name === 'FD' || name === 'FB') t.notMatch(rest, /~/)
        t.ok(x < width && y < height, 'begins on the label')
      }
      return found
    })
    t.same(codes, expected(true))
    t.match(response.body, /\^FDŁódź, 90-001\^FS/)
    t.match(response.body, /\^FD800 Logistics Parkway\^FS/)
  })

t.test('labels to pack by, before the shipment is entered', async t => {
  const orderId = await place(['24', '1', '1'])
  const seller = (what: `POST /${string}`, payload: object) => api.call('manufacturer/order_manager', what, { payload })
  const { ssccs } = (await seller('POST /api/ssccs', { count: 2 })).json<{ ssccs: string[] }>()
  const planned = {
    orderIds: [orderId],
    lines: [{ lineNumber: '1', quantity: '24' }],
    packages: ['C1', 'C2'].map((name, index) => ({
      package: name,
      type: 'carton',
      sscc: ssccs[index],
      contents: [{ lineNumber: '1', quantity: '12' }],
    })),
  }
  const before = await api.call('retailer', 'GET /api/shipments')
  const response = await seller('POST /api/shipment-labels', { shipment: planned })
  t.match(response, { statusCode: 200, headers: { 'content-disposition': 'attachment; filename="labels.pdf"' } })
  t.same(picturesOf(response.rawPayload, t.testdir()).map(page => scanGs1(page).at(-1)?.data), ssccs.map(sscc => `00${sscc}`))
  t.equal((await api.call('retailer', 'GET /api/shipments')).body, before.body, 'nothing is kept')
  t.match((await api.call('retailer', `GET /api/orders/${orderId}`)).json(), { version: 1, lines: [{ quantityShipped: '0' }, {}, {}] })
  const refused = async (shipment: object, answer: object) => t.match((await seller('POST /api/shipment-labels', { shipment })).json(), answer)
  await refused({ orderIds: [orderId] }, { status: 409, code: 'shipments/no-labels', detail: /Reserve SSCCs/ })
  await refused({ ...planned, lines: [{ lineNumber: '1', quantity: '25' }] }, { status: 422, code: 'shipments/over-open-quantity' })
  const shipped = await ship(planned)
  t.same(shipped.packages.map(each => each.sscc), ssccs)
  await refused(planned, { status: 422, code: 'shipments/over-open-quantity' })
})

t.test('packing list and bill of lading, for both sides', async t => {
  for (const who of ['manufacturer/viewer', 'retailer/viewer'] as const)
    for (const [path, name] of [['packing-list', 'packing-list-asn-7-1.pdf'], ['bill-of-lading', 'bill-of-lading-asn-7-1.pdf']] as const) {
      const response = await get(`${path}?paper=a4`, who)
      t.match(response, {
        statusCode: 200,
        headers: { 'content-type': 'application/pdf', 'content-disposition': `attachment; filename="${name}"` },
      })
      t.equal(response.rawPayload.subarray(0, 5).toString(), '%PDF-')
      t.same(picturesOf(response.rawPayload, t.testdir(), 50).map(({ width, height }) => [width, height]), [[414, 585]])
    }
})

t.test('many packages go on over many sheets, made as they are read', async t => {
  const order = await place(['6000'])
  const many = await ship({ orderIds: [order], lines: [{ lineNumber: '1', quantity: '6000' }] })
  t.equal(many.packages.length, 500)
  const list = await api.call('manufacturer', `GET /api/shipments/${many.id}/packing-list`)
  t.ok(list.rawPayload.toString('latin1').match(/\/Type \/Page\b/g)!.length > 10)
  const labels = await api.call('manufacturer', `GET /api/shipments/${many.id}/labels`)
  t.equal(labels.rawPayload.toString('latin1').match(/\/Type \/Page\b/g)?.length, 500)
})

t.test('what cannot be printed', async t => {
  t.match((await get('labels', 'retailer')).json(), { status: 403, code: 'identity/forbidden', detail: /Only the seller/ })
  t.match((await get('labels', 'supplier')).json(), { status: 404, code: 'record/not-found' })
  t.match((await get('labels?package=Z')).json(), { status: 409, code: 'shipments/no-labels' })
  t.match((await get('labels?size=a3')).json(), { status: 400, code: 'request/invalid' })
  const loose = await ship({ orderIds: [await place(['5'])], packages: [], shipFrom: world.locations.PLANT1!.gln })
  t.match((await api.call('manufacturer', `GET /api/shipments/${loose.id}/labels`)).json(), { status: 409, code: 'shipments/no-labels' })
  t.match(await api.call('manufacturer', `GET /api/shipments/${loose.id}/packing-list`), { statusCode: 200 })
  await api.call('manufacturer', `POST /api/shipments/${loose.id}/cancel`)
  t.match((await api.call('manufacturer', `GET /api/shipments/${loose.id}/labels`)).json(), { status: 409, code: 'shipments/cancelled' })
  t.match(await api.call('manufacturer', `GET /api/shipments/${loose.id}/bill-of-lading`), { statusCode: 200 })
  const elsewhere = await api.call('manufacturer', 'POST /api/shipments', { payload: { orderIds: [await place(['5'])], shipFrom: 'DC01' } })
  t.match(elsewhere.json(), { status: 422, code: 'partners/unknown-location', params: { location: 'DC01' } })
})
