import type { Readable } from 'node:stream'
import { decimalText, sum } from '../../shared/decimal.ts'
import type { PrintedAddress } from './label.ts'
import { Sheets, type Column, type PaperSize, type Row } from './paper.ts'
import { mm, pdfStream } from './pdf.ts'
import type { PrintableShipment } from './printable.ts'

/**
 * A straight bill of lading in the parts of the VICS standard form: who ships what to whom by whom, the orders, what the carrier
 * takes, and who signs. Class and NMFC number are left to be filled in: the hub does not know them.
 */
export const billOfLadingAsPdf = (shipment: PrintableShipment, size: PaperSize): Readable => {
  const number = billNumber(shipment)
  const title = `Bill of lading ${number}`
  return pdfStream(title, shipment.createdAt, function* (pdf) {
    const sheets = new Sheets(pdf, size, `${title} · ${shipment.sellerName}`)
    const goOn = () => {
      sheets.begin()
      sheets.text(`${title} (supplement)`, sheets.left, sheets.y, { size: 11, bold: true })
      sheets.y += 8
    }
    sheets.begin()
    sheets.text('Bill of lading', sheets.left, sheets.y, { size: 20, bold: true })
    sheets.text(`Date ${shipment.shipDate ?? shipment.document.date}`, sheets.left, sheets.y + 2.5, {
      size: 10, width: sheets.width, align: 'right',
    })
    sheets.y += 11
    if (shipment.state === 'cancelled') {
      sheets.text('Taken back: this shipment was cancelled.', sheets.left, sheets.y, { size: 11, bold: true })
      sheets.y += 7
    }
    parties(sheets, shipment, number)
    section(sheets, 'Customer order information')
    yield* sheets.table(orderColumns(sheets.width), orderRows(shipment), goOn)
    sheets.y += 3
    if (!sheets.has(118)) {
      yield
      goOn()
    }
    section(sheets, 'Carrier information')
    yield* sheets.table(carrierColumns(sheets.width), carrierRows(shipment), goOn)
    sheets.y += 4
    if (!sheets.has(74)) {
      yield
      goOn()
    }
    signatures(sheets)
    yield
  })
}

const billNumber = ({ document }: PrintableShipment): string =>
  document.references.find(one => one.qualifier === 'BM')?.value ?? document.number

const section = (sheets: Sheets, title: string): void => {
  const { pdf, left, y, width } = sheets
  pdf.rect(mm(left), mm(y), mm(width), mm(5.2)).fill('black')
  pdf.font('bold').fontSize(9).fillColor('white').text(title.toUpperCase(), mm(left + 2), mm(y + 0.6), { lineBreak: false })
  sheets.y += 7
}

/** FOB01 as a bill of lading says it. */
const freightTerms: Readonly<Record<string, string>> = {
  PP: 'Prepaid', PC: 'Prepaid', PB: 'Prepaid', PA: 'Prepaid', PO: 'Prepaid', CC: 'Collect', CF: 'Collect', TP: '3rd party',
}

const parties = (sheets: Sheets, { document, from, toOf, estimatedDelivery }: PrintableShipment, number: string): void => {
  const half = sheets.width / 2
  const address = (title: string, { name, lines }: PrintedAddress, y: number): number =>
    sheets.field(title, [name, ...lines].join('\n'), sheets.left + 2, y, half - 5, 9.5)
  const reference = (qualifier: string) => document.references.find(one => one.qualifier === qualifier)?.value
  const top = sheets.y
  let left = top + 2
  left += address('Ship from', from, left) + 3
  left += address('Ship to', toOf(document.orders[0]?.number), left) + 3
  const billTo = document.parties.find(party => party.role === 'BT') ?? document.orders[0]?.parties.find(party => party.role === 'BT')
  if (billTo)
    left += sheets.field('Freight charges bill to', [billTo.name, billTo.id].filter(Boolean).join(', '), sheets.left + 2, left, half - 5, 9.5) + 3
  let right = top + 2
  const fields: [string, string][] = [
    ['Bill of lading number', number],
    ['Carrier', [document.carrier?.name, document.carrier?.scac && `SCAC ${document.carrier.scac}`].filter(Boolean).join(', ') || '—'],
    ['Trailer / seal', [document.carrier?.equipment, document.carrier?.seal].filter(Boolean).join(' / ') || '—'],
    ['PRO number', reference('CN') ?? '—'],
    ['Ship notice', document.number],
    ['Expected delivery', estimatedDelivery ?? '—'],
  ]
  for (const [title, value] of fields) right += sheets.field(title, value, sheets.left + half + 3, right, half - 5, 9.5) + 1.8
  sheets.text('FREIGHT CHARGE TERMS', sheets.left + half + 3, right, { size: 6.5 })
  const terms = freightTerms[document.freightTerms ?? '']
  for (const [index, each] of ['Prepaid', 'Collect', '3rd party'].entries()) {
    const x = sheets.left + half + 3 + index * 27
    sheets.box(x, right + 3.4, 3.4, 3.4)
    if (each === terms) sheets.text('X', x + 0.7, right + 3.3, { size: 8.5, bold: true })
    sheets.text(each, x + 4.6, right + 3.2, { size: 9 })
  }
  right += 9
  const height = Math.max(left, right) - top
  sheets.box(sheets.left, top, half, height)
  sheets.box(sheets.left + half, top, half, height)
  sheets.y = top + height + 4
}

const widths = (width: number, columns: readonly [title: string, part: number, align?: 'right'][]): Column[] =>
  columns.map(([title, part, align]) => ({ title, width: width * part, ...(align && { align }) }))

const orderColumns = (width: number): Column[] =>
  widths(width, [['Customer order number', 0.3], ['# Pkgs', 0.12, 'right'], ['Weight', 0.18, 'right'], ['Pallet', 0.1, 'right'], ['Additional shipper information', 0.3]])

function* orderRows(shipment: PrintableShipment): Generator<Row> {
  const { document } = shipment
  const parentOf = new Map(document.packages.map(each => [each.id, each.parent]))
  for (const number of new Set(document.lines.map(line => line.orderNumber))) {
    const names = new Set(document.lines.flatMap(line => (line.orderNumber === number && line.package !== undefined ? [line.package] : [])))
    const packages = document.packages.filter(each => names.has(each.id))
    const order = document.orders.find(one => one.number === number)
    const to = shipment.toOf(number)
    yield {
      cells: [
        number,
        packages.length > 0 ? String(packages.length) : '',
        weightOf(packages) ?? '',
        packages.some(each => each.type === 'pallet' || parentOf.get(each.id) !== undefined) ? 'Y' : 'N',
        [order?.references.find(one => one.qualifier === 'DP') && `Dept ${order.references.find(one => one.qualifier === 'DP')?.value}`, to.name]
          .filter(Boolean)
          .join(', '),
      ],
    }
  }
  const parents = new Set(parentOf.values())
  const leaves = document.packages.filter(each => !parents.has(each.id))
  yield { cells: ['Total', String(leaves.length), totalWeight(shipment)], bold: true }
}

/** The weights together, where all have one and in the same unit. */
const weightOf = (packages: readonly { weight?: { value: string; unit: string } }[]): string | undefined => {
  const weights = packages.flatMap(each => each.weight ?? [])
  const [first] = weights
  if (!first || weights.length < packages.length || weights.some(weight => weight.unit !== first.unit)) return undefined
  return `${decimalText(sum(weights.map(weight => weight.value)))} ${first.unit}`
}

const totalWeight = ({ document }: PrintableShipment): string =>
  document.grossWeight
    ? `${document.grossWeight.value} ${document.grossWeight.unit}`
    : (weightOf(document.packages.filter(each => each.parent === undefined)) ?? '')

const carrierColumns = (width: number): Column[] =>
  widths(width, [['Handling units', 0.16, 'right'], ['Packages', 0.14, 'right'], ['Weight', 0.16, 'right'], ['Commodity description', 0.34], ['NMFC #', 0.1], ['Class', 0.1]])

function* carrierRows(shipment: PrintableShipment): Generator<Row> {
  const { packages } = shipment.document
  const pallets = packages.filter(each => each.type === 'pallet').length
  const cartons = packages.length - pallets
  const loose = packages.filter(each => each.type === 'carton' && each.parent === undefined).length
  const names = [...new Set(shipment.lines.map(line => line.description).filter(Boolean))]
  yield {
    cells: [
      [pallets > 0 && `${pallets} PLT`, loose > 0 && `${loose} CTN`].filter(Boolean).join(', '),
      cartons > 0 ? `${cartons} CTN` : '',
      totalWeight(shipment),
      names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more; see the packing list` : names.join(', '),
      '',
      '',
    ],
  }
}

const signatures = (sheets: Sheets): void => {
  const top = sheets.y
  const half = sheets.width / 2
  sheets.text(
    'Where the rate depends on value, shippers state the agreed or declared value of the property in writing: '
      + 'not exceeding ________ per ________.\n'
      + 'Received, subject to individually determined rates or contracts agreed in writing between carrier and shipper, or otherwise '
      + 'to the rates, classifications and rules of the carrier that are available to the shipper on request.',
    sheets.left + 2, top + 1.5, { size: 7.5, width: sheets.width - 4 },
  )
  sheets.box(sheets.left, top, sheets.width, 21)
  const row = (y: number, cells: readonly [string, string][]) => {
    for (const [index, [title, note]] of cells.entries()) {
      const x = sheets.left + index * half
      sheets.box(x, y, half, 24)
      sheets.text(title.toUpperCase(), x + 2, y + 1.5, { size: 6.5 })
      sheets.text(note, x + 2, y + 5, { size: 7, width: half - 4 })
      sheets.rule(y + 18.5, x + 4, half - 8)
      sheets.text('Signature', x + 4, y + 19.6, { size: 6.5 })
      sheets.text('Date', x + half - 24, y + 19.6, { size: 6.5 })
    }
  }
  row(top + 23, [
    ['Shipper', 'The goods named above are classified, packaged, marked and labelled, and in proper condition for transport.'],
    ['Carrier', 'The carrier acknowledges receipt of the packages, and of placards where they are required.'],
  ])
  row(top + 49, [
    ['Trailer loaded', '[  ] by shipper      [  ] by driver'],
    ['Freight counted', '[  ] by shipper      [  ] by driver, pallets said to contain      [  ] by driver, pieces'],
  ])
  sheets.y = top + 74
}
