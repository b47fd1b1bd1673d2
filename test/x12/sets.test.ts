import t from 'tap'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { lint, readAll, standardGuide, standardVersions, writeInterchange, type Finding, type ReadEvent } from '../../src/x12/index.ts'

/**
 * Each set in each version on samples of our own: a good file that uses most of the set is read without a word, and with one thing
 * broken (`<set>.tsv`: a text of the sample, what replaces it, the finding that must come of it) it is told what and where.
 */

const folder = new URL('sets/', import.meta.url)
const only = process.env['SET']
const names = (path: string): string[] => existsSync(new URL(path, folder)) ? readdirSync(new URL(path, folder)).sort() : []

/** Everything that was found, of envelopes and sets. */
const findings = (events: readonly ReadEvent[]): Finding[] => events.flatMap(event =>
  event.type === 'junk' ? [event.finding] : 'result' in event ? [...event.result.findings] : [])

const placeOf = ({ segmentId, element }: Finding): string => segmentId + (element > 0 ? String(element).padStart(2, '0') : '')
const told = (found: readonly Finding[]): string[] => found.map(each => `${each.kind} ${placeOf(each)}: ${each.message}`)

const samples = standardVersions.flatMap(version => names(`${version}/`).filter(name => name.endsWith('.edi'))
  .map(name => ({ version, set: name.slice(0, 3), name: `${version}/${name}` })))
  .filter(({ set }) => only === undefined || set === only)
const bytes = (name: string): Buffer => readFileSync(new URL(name, folder))

t.test('samples are read without a word', t => {
  for (const { name, version, set } of samples) {
    const events = readAll(bytes(name), { tree: true })
    t.same(told(findings(events)), [], name)
    const sets = events.flatMap(event => (event.type === 'set' ? [event] : []))
    t.ok(sets.length > 0 && sets.every(each => each.result.set === set && each.group.version.startsWith(version)), `${name} is what its name says`)
  }
  t.end()
})

t.test('samples are written again, byte for byte', t => {
  for (const { name } of samples) {
    const original = bytes(name).toString('latin1')
    const events = readAll(bytes(name), { tree: true })
    const interchange = events.find(event => event.type === 'interchange')
    if (interchange?.type !== 'interchange') return t.fail(name)
    const groups = events.flatMap(event => (event.type === 'group' ? [event.header] : [])).map(header => ({
      header,
      transactions: events.flatMap(event => (event.type === 'set' && event.group.offset === header.offset && event.result.transaction
        ? [{ ...event.result.transaction, ...(event.result.implementation ? { implementation: event.result.implementation } : {}) }] : [])),
    }))
    const written = Buffer.from(writeInterchange({ header: interchange.header, newline: '\n', groups })).toString('latin1')
    t.equal(written.trim(), original.trim(), name)
  }
  t.end()
})

t.test('what is broken is told, and where', t => {
  for (const table of names('./').filter(name => name.endsWith('.tsv') && (only === undefined || name.startsWith(only)))) {
    const set = table.slice(0, 3)
    const rows = bytes(table).toString('utf8').trim().split('\n').slice(1).map(line => line.split('\t'))
    for (const [version = '', find = '', replace = '', kind = '', place = ''] of rows) {
      const row = `${table} ${version} "${find}" → "${replace}"`
      const original = bytes(`${version}/${set}.edi`).toString('latin1')
      if (original.split(find).length !== 2) {
        t.fail(`${row}: the text occurs ${original.split(find).length - 1} times`)
        continue
      }
      const found = findings(readAll(Buffer.from(original.replace(find, () => replace), 'latin1')))
      t.ok(found.some(each => each.kind === kind && placeOf(each) === place), `${row} gives ${kind} ${place}; it gave ${told(found).join(' | ') || 'nothing'}`)
    }
  }
  t.end()
})

/** The sets of each version, by what the standard has. */
const setsOf: Readonly<Record<string, string>> = {
  '004010': '204 210 214 810 812 816 820 824 830 832 846 850 852 855 856 860 861 862 864 865 875 880 940 943 944 945 990 997',
  '004030': '204 210 214 753 754 810 812 816 820 824 830 832 846 850 852 855 856 860 861 862 864 865 875 880 940 943 944 945 990 997',
  '005010': '204 210 214 753 754 810 812 816 820 824 830 832 846 850 852 855 856 860 861 862 864 865 875 880 940 943 944 945 990 997 999',
}

t.test('every set can be loaded and lints clean', t => {
  t.same(Object.keys(setsOf), standardVersions)
  for (const [version, sets] of Object.entries(setsOf)) {
    for (const set of sets.split(' ').filter(each => only === undefined || each === only)) {
      const guide = standardGuide(version, set)
      t.ok(guide, `${set} in ${version}`)
      if (guide) t.same(lint(guide.model), [], `${version}/${set} lints`)
      if (version !== '004030') t.ok(existsSync(new URL(`${version}/${set}.edi`, folder)), `${version}/${set} has a sample`)
    }
  }
  t.end()
})
