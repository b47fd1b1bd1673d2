/** Interchanges from nothing: envelopes and segments in any order and number, with elements of all kinds, good and bad. */
import fc from 'fast-check'
import { standardGuide, standardVersions } from '../../../src/x12/index.ts'

const sets = ['810', '830', '850', '855', '856', '997'] as const
const kinds: Readonly<Record<string, string>> = { 810: 'IN', 830: 'PS', 850: 'PO', 855: 'PR', 856: 'SH', 997: 'FA' }

const element = fc.oneof(
  fc.constantFrom('', '', '00', '1', 'EA', 'BY', 'UP', 'S', 'O', 'I', 'P', '20240613', '20240230', '1015', '2460', '-1', '1.5', '-.5', '.', '1E9', ' A', 'A ', '>', 'A>B>C', '^', 'A^B', '\u00e9'),
  fc.string({ maxLength: 12 }), fc.nat(100_000).map(String),
)

interface Segment { readonly id: string; readonly elements: readonly string[] }

const segmentsOf = (version: string, set: string): fc.Arbitrary<readonly Segment[]> => {
  const ids = [...new Set((standardGuide(version, set)?.uses ?? []).map(use => use.id)), 'ZZZ', 'ST', 'SE', 'BIN', 'ISA', '', 'TOOLONGID']
  // Mostly in the order of the guide, so that loops open and elements are reached.
  const some = fc.array(fc.record({ id: fc.nat(ids.length * 8), elements: fc.array(element, { maxLength: 12 }) }), { maxLength: 40 })
  return fc.tuple(some, fc.boolean()).map(([list, ordered]) =>
    (ordered ? list.toSorted((a, b) => a.id % ids.length - b.id % ids.length) : list).map(({ id, elements }) => ({ id: ids[id % ids.length] as string, elements })))
}

const transactionSet = fc.tuple(fc.constantFrom(...standardVersions, '003040'), fc.constantFrom(...sets)).chain(([version, set]) =>
  fc.record({
    version: fc.constant(version), set: fc.constant(set), segments: segmentsOf(version, set), number: fc.constantFrom('0001', '0002', '1', 'ABCDEFGHIJ'),
    trailer: fc.constantFrom('right', 'right', 'right', 'wrong', 'missing'),
  }))

const delimiters = fc.constantFrom('*>~', '*:~', '|>\n', '+:\'', '\x1d\x1f\x1c', '*~~', 'A>~', '* ~')

/** One interchange, as the bytes of its text. */
export const structure: fc.Arbitrary<Buffer> = fc.record({
  delimiters, newline: fc.constantFrom('', '\n', '\r\n', '~'), version: fc.constantFrom('00401', '00501', '00403', 'ABCDE'),
  groups: fc.array(fc.record({ sets: fc.array(transactionSet, { maxLength: 4 }), trailer: fc.constantFrom('right', 'right', 'wrong', 'missing') }), { maxLength: 3 }),
  trailer: fc.constantFrom('right', 'right', 'wrong', 'missing'),
}).map(({ delimiters, newline, version, groups, trailer }) => {
  const [e, c, s] = [...delimiters] as [string, string, string]
  const lines: string[][] = []
  for (const [g, group] of groups.entries()) {
    const first = group.sets[0]
    lines.push(['GS', kinds[first?.set ?? '850'] ?? 'PO', 'BUYER', 'SELLER', '20240613', '1015', String(g + 1), 'X', first?.version ?? '004010'])
    for (const { set, segments, number, trailer } of group.sets) {
      lines.push(['ST', set, number], ...segments.map(({ id, elements }) => [id, ...elements]))
      if (trailer !== 'missing') lines.push(['SE', String(segments.length + (trailer === 'right' ? 2 : 9)), number])
    }
    if (group.trailer !== 'missing') lines.push(['GE', String(group.sets.length + (group.trailer === 'right' ? 0 : 1)), String(g + 1)])
  }
  if (trailer !== 'missing') lines.push(['IEA', String(groups.length), trailer === 'right' ? '000000001' : '000000002'])
  const isa = ['ISA', '00', '          ', '00', '          ', 'ZZ', 'BUYER          ', 'ZZ', 'SELLER         ', '240613', '1015', '^', version, '000000001', '0', 'P', c]
  return Buffer.from([isa, ...lines].map(line => `${line.join(e)}${s}${newline}`).join(''), 'latin1')
})
