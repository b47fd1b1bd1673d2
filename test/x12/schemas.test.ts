import t from 'tap'
import { readdirSync, readFileSync } from 'node:fs'
import { lint, modelOf, type BodyEntry, type ElementEntry, type SetFile } from '../../src/x12/guide.ts'
import { standardVersions } from '../../src/x12/index.ts'
import { schemaFiles, standardSet } from '../../src/x12/standard.ts'

/** The shipped schemas, each version with what it has from the ones before: complete in themselves, and nothing left over. */

const folder = new URL('../../schemas/x12/', import.meta.url)
/** Functional identifiers as X12.22 assigns them (data element 479). */
const groups: Readonly<Record<string, string>> = {
  204: 'SM', 210: 'IM', 214: 'QM', 753: 'RF', 754: 'RG', 810: 'IN', 812: 'CD', 816: 'OR', 820: 'RA', 824: 'AG', 830: 'PS', 832: 'SC', 846: 'IB',
  850: 'PO', 852: 'PD', 855: 'PR', 856: 'SH', 860: 'PC', 861: 'RC', 862: 'SS', 864: 'TX', 865: 'CA', 875: 'OG', 880: 'GP', 940: 'OW', 943: 'AR',
  944: 'RE', 945: 'SW', 990: 'GF', 997: 'FA', 999: 'FA',
}
/** Sets that a version does not have yet. */
const notYet: Readonly<Record<string, readonly string[]>> = { '004010': ['753', '754', '999'], '004030': ['999'], '005010': [] }
const setsOf = (version: string): SetFile[] =>
  Object.keys(groups).filter(id => !notYet[version]?.includes(id)).flatMap(id => standardSet(version, id) ?? [])

const envelope = ['ISA', 'GS', 'ST', 'SE', 'GE', 'IEA', 'TA1']

const isMandatory = (entry: ElementEntry | undefined): boolean => typeof entry === 'object' && entry.req === 'M'
const segmentIds = (body: readonly BodyEntry[]): string[] =>
  body.flatMap(entry => ('seg' in entry ? [entry.seg] : segmentIds(entry.body)))
const loopsOf = (body: readonly BodyEntry[]): Extract<BodyEntry, { loop: string }>[] =>
  body.flatMap(entry => ('loop' in entry ? [entry, ...loopsOf(entry.body)] : []))

for (const version of standardVersions) {
  const files = schemaFiles(version)
  const sets = setsOf(version)

  t.test(`${version}: sets`, t => {
    t.same(sets.map(set => set.set), Object.keys(groups).filter(id => !notYet[version]?.includes(id)), 'all that the version has')
    t.same(readdirSync(new URL(version, folder)).filter(name => /^\d/.test(name) && !(name.slice(0, 3) in groups)), [], 'and no other')
    for (const set of sets) {
      t.equal(set.group, groups[set.set], `${set.set} travels in ${groups[set.set]}`)
      t.same(lint(modelOf(files, set)), [], `${set.set} lints`)
      t.same(set.body[0], { seg: 'ST', req: 'M', max: 1 })
      t.same(set.body.at(-1), { seg: 'SE', req: 'M', max: 1 })
      for (const loop of loopsOf(set.body)) {
        const opening = loop.body[0]
        t.same(opening, { seg: loop.loop, req: 'M', max: 1 }, `${set.set} ${loop.loop} is named after the segment that opens it`)
      }
    }
    t.end()
  })

  t.test(`${version}: segments and composites`, t => {
    for (const [id, segment] of Object.entries({ ...files.segments, ...files.composites })) {
      const size = segment.elements.length
      for (const note of segment.syntax ?? []) {
        const numbers = (note.slice(1).match(/\d\d/g) ?? []).map(Number)
        t.match(note, /^[PRECL](\d\d){2,}$/, `${id} ${note}`)
        t.ok(numbers.every(n => n >= 1 && n <= size), `${id} ${note} names elements that exist`)
        t.equal(new Set(numbers).size, numbers.length, `${id} ${note} names each once`)
        const mandatory = numbers.filter(n => isMandatory(segment.elements[n - 1]))
        if (!'CL'.includes(note.charAt(0))) t.same(mandatory, [], `${id} ${note} does not speak of mandatory elements`)
      }
      t.equal(new Set(segment.syntax ?? []).size, segment.syntax?.length ?? 0, `${id} says nothing twice`)
    }
    const used = new Set([...envelope, ...sets.flatMap(set => segmentIds(set.body))])
    t.same(Object.keys(files.segments).filter(id => !used.has(id)), [], 'no segment is left over')
    t.end()
  })

  t.test(`${version}: elements`, t => {
    const used = new Set([...Object.values(files.segments), ...Object.values(files.composites)].flatMap(segment =>
      segment.elements.map(entry => (typeof entry === 'string' ? entry : entry.composite ?? entry.ref ?? ''))))
    t.same(Object.keys(files.elements).filter(id => !used.has(id)), [], 'no element is left over')
    t.same(Object.keys(files.composites).filter(id => !used.has(id)), [], 'no composite is left over')
    for (const [id, element] of Object.entries(files.elements)) {
      t.match(element.type, /^(AN|ID|DT|TM|R|B|N[0-9]?)$/, `${id} has a type`)
      t.ok(element.min >= 1 && element.min <= element.max, `${id} has lengths`)
      t.ok(element.name.length > 1 && element.name.length <= 60, `${id} has a short name`)
      const dateLength = id === 'I08' ? 6 : 8
      if (element.type === 'DT') t.same([element.min, element.max], [dateLength, dateLength], `${id} is a date of its version`)
      if (element.codes === undefined) continue
      t.equal(element.type, 'ID', `${id} has codes`)
      for (const code of Object.keys(element.codes)) {
        t.ok(code.length >= element.min && code.length <= element.max, `${id} ${code} fits`)
      }
    }
    t.end()
  })
}

t.test('only short lists that are complete may reject a code', t => {
  const { elements } = schemaFiles('005010')
  t.same(
    Object.entries(elements).filter(([, element]) => element.codes && !element.partial).map(([id]) => id).sort(),
    readFileSync(new URL('complete-lists.txt', import.meta.url), 'utf8').trim().split(/\s+/),
  )
  t.end()
})
