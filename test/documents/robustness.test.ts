import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { documentMappings, type DocumentSet, readDocument } from '../../src/documents/index.ts'
import type { ElementValue, Loop, Segment } from '../../src/x12/index.ts'
import { readAll } from '../../src/x12/index.ts'
import { corpusMissing } from './helper.ts'

/** A mapping never throws, whatever tree it is given; what it cannot type it reports. */

const ids = [
  'BEG', 'BAK', 'BSN', 'BIG', 'BFR', 'HL', 'PO1', 'IT1', 'LIN', 'SN1', 'PRF', 'MAN', 'ACK', 'N1', 'N3', 'N4', 'REF', 'DTM', 'SAC',
  'SDQ', 'FST', 'SDP', 'SHP', 'ATH', 'UIT',
  'CTT', 'AMT', 'TDS', 'TXI', 'CAD', 'ISS', 'N9', 'MSG', 'PID', 'PO4', 'CTP', 'TD1', 'TD3', 'TD5', 'MEA', 'ITD', 'SCH', 'FOB',
  'CUR', 'CSH', 'PER', 'NTE', 'XX',
]
const simple = fc.oneof(
  fc.constantFrom('', '1', '2', '3', 'S', 'O', 'P', 'T', 'I', '0', '-1', '12.5', '.5', '1E9', '1E99', '99999999999999999999',
    '0.12345678901', '20260302', '20261399', '00000000',
    'RD8', '20260301-20260331', 'GM', 'W', 'M', 'Q', 'IP', 'BP', 'ST', 'L1', '00106141412345678908', '106141412345678908',
    '__proto__', 'constructor'),
  fc.string({ maxLength: 12 }),
)
const element: fc.Arbitrary<ElementValue> = fc.oneof(
  { weight: 12, arbitrary: simple }, { weight: 1, arbitrary: fc.array(simple, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.record({ repeats: fc.array(simple, { maxLength: 2 }) }) })
const segment = fc.record({ id: fc.constantFrom(...ids), position: fc.integer({ min: 1, max: 99 }), offset: fc.constant(0),
  elements: fc.array(element, { maxLength: 12 }) })
const { node } = fc.letrec<{ node: Segment | Loop }>(tie => ({
  node: fc.oneof({ maxDepth: 3 }, segment, fc.tuple(fc.constantFrom(...ids), segment, fc.array(tie('node'), { maxLength: 6 }),
    fc.boolean()).map(
    ([id, head, children, headed]): Loop => ({ id, children: headed ? [{ ...head, id }, ...children] : children }))),
}))

t.test('random trees', t => {
  const sets = Object.keys(documentMappings) as DocumentSet[]
  fc.assert(fc.property(fc.constantFrom(...sets), fc.array(node, { maxLength: 30 }), (set, children) => {
    const mapped = readDocument({ set, controlNumber: '0001', version: '004010', root: { id: set, children } })
    // It is data that can be stored, too.
    JSON.stringify(mapped)
  }), { numRuns: 3000, seed: 20260302 })
  t.pass('3000 trees were mapped')
  t.end()
})

t.test('sets that the engine would reject, taken without checking', { skip: corpusMissing }, t => {
  let count = 0
  for (const folder of ['850', '855', '856', '810', '830']) {
    for (const name of readdirSync(`../shared/corpus/${folder}`)) {
      for (const event of readAll(readFileSync(`../shared/corpus/${folder}/${name}`), { tree: true, level: 'envelope' })) {
        if (event.type !== 'set' || event.result.transaction === undefined) continue
        t.doesNotThrow(() => readDocument(event.result.transaction!), `${folder}/${name}`)
        count++
      }
    }
  }
  t.ok(count > 100, `${count} sets`)
  t.end()
})
