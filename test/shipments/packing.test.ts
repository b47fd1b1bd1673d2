import fc from 'fast-check'
import t from 'tap'
import { notStandardPack, packLines, picksOf, proposePackages, type LineToPack } from '../../src/shipments/packing.ts'
import { maxPackages } from '../../src/shipments/rules.ts'
import { decimal, sum } from '../../src/shared/decimal.ts'

const line = (lineNumber: string, quantity: string, perCarton: string | null = '12', perPallet: string | null = null): LineToPack => ({
  orderId: 'ord_1',
  lineNumber,
  quantity,
  perCarton,
  perPallet,
})
const shown = (lines: readonly LineToPack[], options: Parameters<typeof proposePackages>[1] = {}) =>
  proposePackages(lines, options)?.map(
    one =>
      `${one.package}${one.parent ? ` on ${one.parent}` : ''}: ${one.contents.map(c => `${c.quantity} of ${c.lineNumber}`).join()}`,
  )

t.test('cartons by the case, and one for what is left', t => {
  t.strictSame(shown([line('1', '30'), line('2', '5', null)]), ['C1: 12 of 1', 'C2: 12 of 1', 'C3: 6 of 1', 'C4: 5 of 2'])
  t.strictSame(shown([]), [])
  t.strictSame(shown([line('1', '2.5', null)]), ['C1: 2.5 of 1'])
  t.equal(shown([line('1', String(12 * (maxPackages + 1)))]), undefined, 'too many to propose')
  t.end()
})

t.test('full pallets, and a last one for the rest', t => {
  t.strictSame(shown([line('1', '60', '12', '24'), line('2', '6', '6')]), [
    'P1: ',
    'C1 on P1: 12 of 1',
    'C2 on P1: 12 of 1',
    'P2: ',
    'C3 on P2: 12 of 1',
    'C4 on P2: 12 of 1',
    'P3: ',
    'C5 on P3: 12 of 1',
    'C6 on P3: 6 of 2',
  ])
  t.end()
})

t.test('pallets for all or none, and cartons that share', t => {
  const lines = [line('1', '30', '12', '144'), line('2', '4', '8'), line('3', '1', '8'), line('4', '3', null)]
  t.strictSame(shown(lines, { pallets: 'all' })?.slice(0, 4), ['P1: ', 'C1 on P1: 12 of 1', 'C2 on P1: 12 of 1', 'C3 on P1: 6 of 1'])
  t.strictSame(shown([line('1', '26', '12', '24')], { pallets: 'none' }), ['C1: 12 of 1', 'C2: 12 of 1', 'C3: 2 of 1'])
  t.strictSame(shown(lines, { mixed: true }), ['C1: 12 of 1', 'C2: 12 of 1', 'C3: 6 of 1,4 of 2', 'C4: 1 of 3', 'C5: 3 of 4'])
  t.strictSame(
    shown([line('1', '5', '1', '2')], { pallets: 'all' })?.filter(text => text.startsWith('P')),
    ['P1: ', 'P2: ', 'P3: '],
    'no pallet holds more than it can',
  )
  t.end()
})

t.test('picked from the largest packs down', t => {
  const packs = [
    { level: 'inner', quantity: '4' },
    { level: 'case', quantity: '12' },
    { level: 'pallet', quantity: '144' },
  ] as const
  t.strictSame(picksOf(decimal(320), packs), [
    { level: 'pallet', count: '2' },
    { level: 'case', count: '2' },
    { level: 'inner', count: '2' },
  ])
  t.strictSame(picksOf(decimal('5.5'), packs), [
    { level: 'inner', count: '1' },
    { level: 'each', count: '1.5' },
  ])
  t.end()
})

t.test('what cannot be a standard pack', t => {
  const of = { orderId: 'ord_1', lineNumber: '1', quantity: '2' }
  const other = { ...of, lineNumber: '2' }
  t.equal(notStandardPack([{ of, quantity: '1', package: 'C1' }, { of, quantity: '1', package: 'C2' }]), undefined)
  t.match(notStandardPack([{ of, quantity: '2', package: null }]), /line 1 is not/)
  t.match(notStandardPack([{ of, quantity: '2', package: 'C1' }, { of: other, quantity: '2', package: 'C1' }]), /C1 holds several/)
  t.end()
})

t.test('whatever is proposed can be shipped', t => {
  const quantity = fc.integer({ min: 1, max: 400 }).map(String)
  const lines = fc
    .array(
      fc.record({
        quantity,
        perCarton: fc.constantFrom(null, '1', '6', '12', '24'),
        perPallet: fc.constantFrom(null, '24', '100', '144'),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map(list => list.map((one, index) => ({ ...one, orderId: 'ord_1', lineNumber: String(index + 1) })))
  fc.assert(
    fc.property(lines, fc.constantFrom('none', 'full', 'all'), fc.boolean(), (given, pallets, mixed) => {
      const packages = proposePackages(given, { pallets, mixed }) ?? []
      const packed = packLines(given, packages, undefined)
      if ('wrong' in packed) return false
      return (
        given.every(one => sum(packed.filter(part => part.of === one).map(part => part.quantity)).eq(one.quantity))
        && (mixed || notStandardPack(packed) === undefined)
        && packages.every(one => one.type === 'carton' || pallets !== 'none')
        && packages.every(one => one.type === 'pallet' || pallets !== 'all' || one.parent !== undefined)
        && packed.every(part => decimal(part.quantity).gt(0))
      )
    }),
    { numRuns: 300 },
  )
  t.end()
})
