import fc from 'fast-check'
import t from 'tap'
import { isSscc, makeSscc } from '../../src/documents/gs1.ts'
import { maxPackages, packLines, proposePackages, ssccCapacity, ssccParts, type LineToPack } from '../../src/shipments/rules.ts'
import { decimal, sum } from '../../src/shared/decimal.ts'

const line = (lineNumber: string, quantity: string, casePack = '12', palletPack: string | null = null): LineToPack => ({
  orderId: 'ord_1',
  lineNumber,
  quantity,
  casePack,
  palletPack,
})
const shown = (lines: readonly LineToPack[]) =>
  proposePackages(lines)?.map(
    one =>
      `${one.package}${one.parent ? ` on ${one.parent}` : ''}: ${one.contents.map(c => `${c.quantity} of ${c.lineNumber}`).join()}`,
  )

t.test('cartons by the case, and one for what is left', t => {
  t.strictSame(shown([line('1', '30'), line('2', '5', '1')]), ['C1: 12 of 1', 'C2: 12 of 1', 'C3: 6 of 1', 'C4: 5 of 2'])
  t.strictSame(shown([]), [])
  t.strictSame(shown([line('1', '2.5', '1')]), ['C1: 2.5 of 1'])
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

t.test('whatever is proposed can be shipped', t => {
  const quantity = fc.integer({ min: 1, max: 400 }).map(String)
  const lines = fc
    .array(
      fc.record({
        quantity,
        casePack: fc.constantFrom('1', '6', '12', '24'),
        palletPack: fc.constantFrom(null, '24', '100', '144'),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map(list => list.map((one, index) => ({ ...one, orderId: 'ord_1', lineNumber: String(index + 1) })))
  fc.assert(
    fc.property(lines, given => {
      const packages = proposePackages(given) ?? []
      const packed = packLines(given, packages, undefined)
      if ('wrong' in packed) return false
      return (
        given.every(one => sum(packed.filter(part => part.of === one).map(part => part.quantity)).eq(one.quantity))
        && packages.filter(one => one.type === 'carton').every(one => one.contents.length === 1)
        && packed.every(part => decimal(part.quantity).gt(0))
      )
    }),
    { numRuns: 300 },
  )
  t.end()
})

t.test('every serial of a prefix is another SSCC', t => {
  t.equal(ssccCapacity('061414100001'), 100_000n)
  const last = ssccCapacity('061414100001') - 1n
  t.strictSame(ssccParts('061414100001', last), { extensionDigit: 9, serial: 9999n })
  t.strictSame(ssccParts('0614141', 5n), { extensionDigit: 0, serial: 5n })
  const made = new Set<string>()
  for (let serial = 0n; serial <= last; serial += 7n) {
    const parts = ssccParts('061414100001', serial)
    made.add(makeSscc('061414100001', parts.extensionDigit, parts.serial))
  }
  t.equal(made.size, Math.floor(Number(last) / 7) + 1)
  t.ok([...made].every(isSscc))
  t.end()
})
