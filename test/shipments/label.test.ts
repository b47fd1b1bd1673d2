import fc from 'fast-check'
import t from 'tap'
import type { ShipNoticeDocument } from '../../src/documents/canonical.ts'
import { checkDigit, makeSscc } from '../../src/documents/gs1.ts'
import type { LabelSize } from '../../src/shipments/schema.ts'
import { barWidths, readableText, symbolData } from '../../src/shipments/printing/gs1-128.ts'
import { labelSizes, layoutLabel } from '../../src/shipments/printing/label-layout.ts'
import { logisticLabels, type LabelItem, type LabelLine, type LogisticLabel } from '../../src/shipments/printing/label.ts'

const gtin = (body: string) => `${body}${checkDigit(body)}`
const unit = gtin('0061414100001')
const inCase = gtin('1061414100001')
const onPallet = gtin('2061414100001')
const item: LabelItem = {
  gtin: unit,
  unit: 'EA',
  packQuantity: '12',
  name: 'Widget',
  packs: [{ level: 'case', quantity: '12', gtin: inCase }, { level: 'pallet', quantity: '48', gtin: onPallet }],
}
const line = (name: string, quantity: string, more: Partial<LabelLine> = {}): LabelLine => ({
  package: name, gtin: unit, quantity, unit: 'EA', description: 'Widget', lotNumber: undefined, expiryDate: undefined, item, ...more,
})
const notice = (packages: ShipNoticeDocument['packages'], more: Partial<ShipNoticeDocument> = {}): ShipNoticeDocument => ({
  number: 'ASN1', purpose: '00', date: '2026-03-05', time: '1200', structure: '0001', references: [], parties: [], dates: [],
  packages, lines: [], orders: [], ...more,
})
const sscc = (serial: number) => makeSscc('0614141', 0, serial)
const carton = (id: string, serial: number, parent?: string) => ({ id, type: 'carton' as const, sscc: sscc(serial), ...(parent && { parent }) })
const address = { name: 'Somewhere', lines: ['1 Street', 'Town'] }
const labels = (packages: ShipNoticeDocument['packages'], lines: LabelLine[]): LogisticLabel[] => [
  ...logisticLabels({ document: notice(packages), lines, from: address, toOf: () => address }),
]
const said = (packages: ShipNoticeDocument['packages'], lines: LabelLine[]) =>
  labels(packages, lines).map(label => `${label.package}: ${readableText(label.elements)}`)

t.test('what a carton says of its contents', t => {
  const one = (...lines: LabelLine[]) => said([carton('C', 1)], lines)[0]
  t.equal(one(line('C', '12')), `C: (01)${inCase}`, 'one case is a trade item')
  t.equal(one(line('C', '1', { unit: 'CA' })), `C: (01)${inCase}`, 'also when it is ordered by the case')
  t.equal(one(line('C', '7')), `C: (02)${unit}(37)7`, 'a part of one is not')
  t.equal(one(line('C', '4'), line('C', '8')), `C: (01)${inCase}`, 'two order lines of one item')
  t.equal(one(line('C', '12', { item: { ...item, packs: [] } })), `C: (02)${unit}(37)12`, 'a case without a GTIN of its own')
  t.equal(one(line('C', '12', { item: undefined })), `C: (02)${unit}(37)12`, 'an item that is not known here')
  t.equal(one(line('C', '3', { item: undefined, unit: 'CA' })), 'C: ', 'cases of an item that is not known cannot be counted')
  t.equal(one(line('C', '1.5')), 'C: ', 'half a piece cannot be counted')
  t.equal(one(line('C', '5', { gtin: null })), 'C: ')
  t.equal(one(line('C', '5', { gtin: `${unit.slice(0, 13)}${(Number(unit[13]) + 1) % 10}` })), 'C: ', 'no GTIN')
  t.equal(one(line('C', '5'), line('C', '5', { gtin: inCase })), 'C: ', 'mixed')
  t.equal(one(line('C', '7', { lotNumber: 'L1', expiryDate: '2027-01-31' })), `C: (02)${unit}(37)7(17)270131(10)L1`)
  t.equal(one(line('C', '3', { lotNumber: 'L1' }), line('C', '4', { lotNumber: 'L2' })), `C: (02)${unit}(37)7`, 'two batches')
  t.equal(one(line('C', '7', { lotNumber: 'Ł-1' })), `C: (02)${unit}(37)7`, 'a batch that GS1 has no characters for')
  t.equal(one(), 'C: ')
  t.end()
})

t.test('what a pallet says of its cartons', t => {
  const pallet = { id: 'P', type: 'pallet' as const, sscc: sscc(9) }
  const stacked = (count: number, quantities: string[]) =>
    said([...quantities.map((_quantity, index) => carton(`C${index}`, index, 'P')), pallet].slice(0, count),
      quantities.map((quantity, index) => line(`C${index}`, quantity)))
  t.same(stacked(3, ['12', '12']), [`P: (02)${inCase}(37)2`, `C0: (01)${inCase}`, `C1: (01)${inCase}`], 'whole cases, and the pallet comes first')
  t.equal(stacked(3, ['12', '6'])[0], `P: (02)${unit}(37)18`, 'not whole cases')
  t.equal(stacked(5, ['12', '12', '12', '12'])[0], `P: (01)${onPallet}`, 'a standard pallet with a GTIN of its own')
  t.match(labels([pallet, carton('C', 1, 'P')], [line('C', '7')]), [
    { package: 'P', type: 'pallet', ordinal: 1, of: 1, contents: '7 EA Widget in 1 carton' },
    { package: 'C', type: 'carton', ordinal: 1, of: 1, contents: '7 EA Widget' },
  ])
  t.same(said([{ id: 'X', type: 'carton', sscc: '123456789012345678' }, { id: 'Y', type: 'carton' }], []), [], 'no label without an SSCC')
  t.end()
})

t.test('FNC1 stands behind values of no fixed length, but not at the end', t => {
  const element = (ai: string, value: string) => ({ ai, title: '', value })
  t.equal(symbolData([element('02', unit), element('37', '7'), element('10', 'AB')]), `02${unit}377\u001D10AB`)
  t.equal(symbolData([element('17', '270131'), element('10', 'AB')]), '1727013110AB')
  t.equal(barWidths([element('00', sscc(1))]).reduce((sum, width) => sum + width, 0), 156, 'FNC1 and 20 digits: 14 characters and the stop')
  t.end()
})

t.test('whatever a label says stays on it, and its parts apart', t => {
  const text = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: fc.constantFrom('W', 'i', '漢', ' '), maxLength: 60 }))
  const place = fc.record({ name: text, lines: fc.array(text, { maxLength: 8 }) })
  const elements = fc.constantFrom<LogisticLabel['elements']>(
    [],
    [{ ai: '01', title: 'GTIN', value: inCase }],
    [{ ai: '02', title: 'CONTENT', value: unit }, { ai: '37', title: 'COUNT', value: '12345678' }],
    [{ ai: '02', title: 'CONTENT', value: unit }, { ai: '37', title: 'COUNT', value: '9' }, { ai: '10', title: 'BATCH/LOT', value: 'A/b<>c_d*e(f)g+h-i%j' }],
    [{ ai: '01', title: 'GTIN', value: inCase }, { ai: '17', title: 'EXPIRY', value: '270131' }, { ai: '10', title: 'BATCH/LOT', value: '12345678901234567890' }],
  )
  const label = fc.record<LogisticLabel>({
    package: fc.constant('C1'),
    type: fc.constantFrom('pallet', 'carton'),
    ordinal: fc.integer({ min: 1, max: 10_000 }),
    of: fc.integer({ min: 1, max: 10_000 }),
    from: place,
    to: place,
    facts: fc.array(fc.record({ title: fc.constantFrom('CARRIER', 'ORDER', 'B/L'), value: text }), { maxLength: 7 }),
    contents: text,
    sscc: fc.integer({ min: 0, max: 99_999 }).map(serial => ({ ai: '00', title: 'SSCC', value: sscc(serial) })),
    elements,
  })
  fc.assert(
    fc.property(label, fc.constantFrom<LabelSize>('4x6', 'a6', 'a5'), (given, size) => {
      const { width, height } = labelSizes[size]
      const marks = layoutLabel(given, size)
      const bars = marks.filter(mark => mark.kind === 'bars')
      const firstBar = bars[0]!.y
      for (const mark of marks) {
        const high = mark.kind === 'text' ? mark.size : mark.height
        if (mark.x < 0 || mark.y < 0 || mark.x + mark.width > width + 1e-6 || mark.y + high > height + 1e-6) return false
        if (mark.kind !== 'bars' && mark.y < firstBar && mark.y + high > firstBar) return false
      }
      const inOrder = bars.every((mark, index) => index === 0 || mark.y > bars[index - 1]!.y + bars[index - 1]!.height)
      return inOrder && bars.at(-1)!.elements[0]?.ai === '00' && bars.every(mark => mark.x >= 5 && mark.height === 32)
    }),
    { numRuns: 150 },
  )
  t.pass('150 labels')
  t.end()
})
