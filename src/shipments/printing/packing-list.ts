import type { Readable } from 'node:stream'
import { decimal, decimalText } from '../../shared/decimal.ts'
import { inStackOrder } from './label.ts'
import { Sheets, type Column, type PaperSize, type Row } from './paper.ts'
import { pdfStream } from './pdf.ts'
import type { PrintableLine, PrintableShipment } from './printable.ts'

/** The packing list: what is in which package, and what the shipment holds of each order line. */
export const packingListAsPdf = (shipment: PrintableShipment, size: PaperSize): Readable => {
  const { document } = shipment
  const title = `Packing list ${document.number}`
  return pdfStream(title, shipment.createdAt, function* (pdf) {
    const sheets = new Sheets(pdf, size, `${title} · ${shipment.sellerName} to ${shipment.buyerName}`)
    const goOn = () => {
      sheets.begin()
      sheets.text(`${title} (continued)`, sheets.left, sheets.y, { size: 11, bold: true })
      sheets.y += 8
    }
    sheets.begin()
    heading(sheets, shipment)
    if (document.packages.length > 0) {
      sheets.text('Packages', sheets.left, sheets.y, { size: 11, bold: true })
      sheets.y += 6.5
      yield* sheets.table(packageColumns(sheets.width), packageRows(shipment), goOn)
      sheets.y += 6
    }
    if (!sheets.has(24)) {
      yield
      goOn()
    }
    sheets.text('Totals by order line', sheets.left, sheets.y, { size: 11, bold: true })
    sheets.y += 6.5
    yield* sheets.table(totalColumns(sheets.width), totalRows(shipment), goOn)
    yield
  })
}

const heading = (sheets: Sheets, shipment: PrintableShipment): void => {
  const { document } = shipment
  const reference = (qualifier: string) => document.references.find(one => one.qualifier === qualifier)?.value
  sheets.text('Packing list', sheets.left, sheets.y, { size: 20, bold: true })
  sheets.text(document.number, sheets.left, sheets.y + 1.5, { size: 15, bold: true, width: sheets.width, align: 'right' })
  sheets.y += 12
  if (shipment.state === 'cancelled') {
    sheets.text('Taken back: this shipment was cancelled.', sheets.left, sheets.y, { size: 11, bold: true })
    sheets.y += 7
  }
  const half = sheets.width / 2
  const [from, to] = [shipment.from, shipment.toOf(document.orders[0]?.number)]
  const heights = [
    sheets.field('From', [from.name, ...from.lines].join('\n'), sheets.left, sheets.y, half - 4, 9.5),
    sheets.field('To', [to.name, ...to.lines].join('\n'), sheets.left + half, sheets.y, half, 9.5),
  ]
  sheets.y += Math.max(...heights) + 3
  sheets.rule(sheets.y)
  sheets.y += 2.5
  const count = (type: 'pallet' | 'carton') => document.packages.filter(each => each.type === type).length
  const fields: [string, string | undefined][] = [
    ['Shipped', shipment.shipDate ?? undefined],
    ['Expected', shipment.estimatedDelivery ?? undefined],
    ['Carrier', [document.carrier?.scac, document.carrier?.name].filter(Boolean).join(' ') || undefined],
    ['Bill of lading', reference('BM')],
    ['Tracking', reference('CN')],
    ['Gross weight', document.grossWeight && `${document.grossWeight.value} ${document.grossWeight.unit}`],
    ['Pallets', count('pallet') > 0 ? String(count('pallet')) : undefined],
    ['Cartons', count('carton') > 0 ? String(count('carton')) : undefined],
  ]
  const shown = fields.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]))
  for (let at = 0; at < shown.length; at += 4) {
    const row = shown.slice(at, at + 4)
    const each = sheets.width / 4
    sheets.y += Math.max(...row.map(({ name, value }, index) => sheets.field(name, value, sheets.left + index * each, sheets.y, each - 2))) + 1.5
  }
  sheets.y += 3
}

const parts = (width: number, columns: readonly (Omit<Column, 'width'> & { part: number })[]): Column[] =>
  columns.map(({ part, ...column }) => ({ ...column, width: width * part }))

const packageColumns = (width: number): Column[] =>
  parts(width, [
    { title: 'Package', part: 0.13 },
    { title: 'SSCC / GTIN', part: 0.2 },
    { title: 'Order / line', part: 0.18 },
    { title: 'Item', part: 0.36 },
    { title: 'Quantity', part: 0.13, align: 'right' },
  ])

function* packageRows({ document, lines }: PrintableShipment): Generator<Row> {
  const linesIn = new Map<string | null, PrintableLine[]>()
  for (const line of lines) linesIn.set(line.package, [...(linesIn.get(line.package) ?? []), line])
  for (const each of inStackOrder(document.packages)) {
    const weight = each.weight && `${each.weight.value} ${each.weight.unit}`
    yield {
      cells: [
        `${each.type === 'pallet' ? 'Pallet' : 'Carton'} ${each.id}`,
        each.sscc ?? '',
        '',
        [each.parent && `on pallet ${each.parent}`, weight, each.trackingNumber && `tracking ${each.trackingNumber}`].filter(Boolean).join(', '),
      ],
      bold: true,
    }
    for (const line of linesIn.get(each.id) ?? []) yield lineRow(line)
  }
  const loose = linesIn.get(null) ?? []
  if (loose.length > 0) yield { cells: ['Not packed'], bold: true }
  for (const line of loose) yield lineRow(line)
}

const lineRow = (line: PrintableLine): Row => ({
  indent: true,
  cells: [
    '',
    line.gtin ?? '',
    `${line.orderNumber}${line.lineNumber === null ? '' : ` / ${line.lineNumber}`}`,
    [
      line.description,
      [line.buyerItem && `your ${line.buyerItem}`, line.sellerItem && `our ${line.sellerItem}`].filter(Boolean).join(', '),
      [line.lotNumber && `lot ${line.lotNumber}`, line.expiryDate && `expires ${line.expiryDate}`].filter(Boolean).join(', '),
    ].filter(Boolean).join('\n'),
    `${line.quantity} ${line.unit}`,
  ],
})

const totalColumns = (width: number): Column[] =>
  parts(width, [
    { title: 'Order / line', part: 0.24 },
    { title: 'Item', part: 0.46 },
    { title: 'Ordered', part: 0.15, align: 'right' },
    { title: 'In this shipment', part: 0.15, align: 'right' },
  ])

function* totalRows({ lines, document }: PrintableShipment): Generator<Row> {
  const totals = new Map<string, { line: PrintableLine; ordered: string | undefined; shipped: string }>()
  for (const [index, line] of lines.entries()) {
    const key = [line.orderNumber, line.lineNumber ?? line.gtin, line.unit].join(' ')
    const known = totals.get(key)
    totals.set(key, {
      line,
      ordered: document.lines[index]?.quantityOrdered,
      shipped: decimalText(decimal(known?.shipped ?? '0').plus(line.quantity)),
    })
  }
  for (const { line, ordered, shipped } of totals.values())
    yield {
      cells: [
        `${line.orderNumber}${line.lineNumber === null ? '' : ` / ${line.lineNumber}`}`,
        line.description,
        ordered === undefined ? '' : `${ordered} ${line.unit}`,
        `${shipped} ${line.unit}`,
      ],
    }
}
