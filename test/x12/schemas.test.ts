import t from 'tap'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { lint, modelOf, type BodyEntry, type ElementEntry, type SchemaFiles, type SetFile } from '../../src/x12/guide.ts'
import { readAll, type ReadEvent } from '../../src/x12/index.ts'

/** The shipped schemas: complete in themselves, and true to what others send. */

const folder = new URL('../../schemas/x12/004010/', import.meta.url)
const file = <T>(name: string): T => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as T
const files: SchemaFiles = {
  version: '004010',
  elements: file<SchemaFiles['elements']>('elements'),
  segments: file<SchemaFiles['segments']>('segments'),
  composites: file<SchemaFiles['composites']>('composites'),
}
/** Functional identifiers as X12.22 assigns them (data element 479). */
const groups: Readonly<Record<string, string>> = { 810: 'IN', 830: 'PS', 850: 'PO', 855: 'PR', 856: 'SH', 997: 'FA' }
/** The rows of a table with tabs, without its heading. */
const tsv = (url: URL): string[][] => readFileSync(url, 'utf8').trim().split('\n').slice(1).map(line => line.split('\t'))

const envelope = ['ISA', 'GS', 'ST', 'SE', 'GE', 'IEA', 'TA1']

const isMandatory = (entry: ElementEntry | undefined): boolean => typeof entry === 'object' && entry.req === 'M'
const segmentIds = (body: readonly BodyEntry[]): string[] =>
  body.flatMap(entry => ('seg' in entry ? [entry.seg] : segmentIds(entry.body)))
const loopsOf = (body: readonly BodyEntry[]): Extract<BodyEntry, { loop: string }>[] =>
  body.flatMap(entry => ('loop' in entry ? [entry, ...loopsOf(entry.body)] : []))

t.test('every set can be loaded and lints clean', t => {
  t.same(readdirSync(folder).filter(name => /^\d{3}\.json$/.test(name)).map(name => name.slice(0, 3)), Object.keys(groups))
  for (const [id, group] of Object.entries(groups)) {
    const set = file<SetFile>(id)
    t.equal(set.set, id)
    t.equal(set.group, group, `${id} travels in ${group}`)
    t.same(lint(modelOf(files, set)), [], `${id} lints`)
    t.same(set.body[0], { seg: 'ST', req: 'M', max: 1 })
    t.same(set.body.at(-1), { seg: 'SE', req: 'M', max: 1 })
    for (const loop of loopsOf(set.body)) {
      const opening = loop.body[0]
      t.same(opening, { seg: loop.loop, req: 'M', max: 1 }, `${id} ${loop.loop} is named after the segment that opens it`)
    }
  }
  t.end()
})

t.test('segments and composites', t => {
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
  const used = new Set([...envelope, ...Object.keys(groups).flatMap(id => segmentIds(file<SetFile>(id).body))])
  t.same(Object.keys(files.segments).filter(id => !used.has(id)), [], 'no segment is left over')
  t.end()
})

t.test('elements', t => {
  const used = new Set([...Object.values(files.segments), ...Object.values(files.composites)].flatMap(segment =>
    segment.elements.map(entry => (typeof entry === 'string' ? entry : entry.ref ?? ''))))
  t.same(Object.keys(files.elements).filter(id => !used.has(id)), [], 'no element is left over')
  for (const [id, element] of Object.entries(files.elements)) {
    t.ok(element.min >= 1 && element.min <= element.max, `${id} has lengths`)
    const dateLength = id === 'I08' ? 6 : 8
    if (element.type === 'DT') t.same([element.min, element.max], [dateLength, dateLength], `${id} is a date of its version`)
    if (element.codes === undefined) continue
    t.equal(element.type, 'ID', `${id} has codes`)
    for (const code of Object.keys(element.codes)) {
      t.ok(code.length >= element.min && code.length <= element.max, `${id} ${code} fits`)
    }
  }
  t.same(
    Object.entries(files.elements).filter(([, element]) => element.codes && !element.partial).map(([id]) => id).sort(),
    ['1073', '455', '478', '587', '715', '717', '720', '723', '736', 'I01', 'I03', 'I13', 'I14', 'I17', 'I18'],
    'only short lists that are complete may reject a code',
  )
  t.end()
})

/**
 * Files of the corpus that are rejected, with the error kinds that they show and why the file itself is at fault. Anything
 * rejected that is not there, or for other reasons, is a fault of the schemas or the engine.
 */
const atFault = new Map(tsv(new URL('schemas-rejected.tsv', import.meta.url))
  .map(([name = '', kinds = '', why = '']) => [name, { kinds, why }]))

/** Errors in interchanges, groups and sets that the shipped schemas speak of. */
const errorKinds = (events: readonly ReadEvent[]): string[] => {
  const kinds = events.flatMap(event => {
    switch (event.type) {
      case 'set': return event.group.version.startsWith('004010') && event.result.set in groups ? event.result.findings : []
      case 'group-end': return event.result.header.version.startsWith('004010') ? event.result.findings : []
      case 'interchange-end': return event.result.findings
      case 'junk': return [event.finding]
      default: return []
    }
  }).filter(finding => finding.severity === 'error').map(finding => finding.kind)
  return [...new Set(kinds)].sort()
}

const corpus = new URL('../../../shared/corpus/', import.meta.url)
const skip = existsSync(new URL('manifest.tsv', corpus)) ? false : 'the corpus is not beside this repository (../shared/corpus)'

t.test('files that others wrote are judged rightly', { skip }, t => {
  const inScope = tsv(new URL('manifest.tsv', corpus)).filter(([, , sets = '', versions = '']) =>
    versions.split(',').some(version => version.startsWith('004010')) && sets.split(',').some(set => set.slice(0, 3) in groups))
  const table: string[] = []
  const count = new Map<string, number>()
  for (const [name = '', tier = '', sets = ''] of inScope) {
    const found = errorKinds(readAll(readFileSync(new URL(name, corpus))))
    const known = atFault.get(name)
    t.equal(found.join(' '), known?.kinds ?? '', `${name}${known ? ` is rejected: ${known.why}` : ' is accepted'}`)
    const key = `${tier.charAt(0)} ${sets.slice(0, 3)} ${found.length > 0 ? 'rejected' : 'accepted'}`
    count.set(key, (count.get(key) ?? 0) + 1)
    if (found.length > 0) table.push(`${tier.charAt(0)} ${name}: ${known?.why ?? found.join(' ')}`)
  }
  t.same([...atFault.keys()].filter(name => !inScope.some(([each]) => each === name)), [], 'the list names nothing else')
  for (const set of Object.keys(groups)) {
    const of = (tier: string, outcome: string): string => `${count.get(`${tier} ${set} ${outcome}`) ?? 0} ${outcome}`
    for (const tier of ['A', 'B']) t.comment(`${set}, tier ${tier}: ${of(tier, 'accepted')}, ${of(tier, 'rejected')}`)
  }
  for (const line of table) t.comment(`rejected ${line}`)
  t.end()
})
