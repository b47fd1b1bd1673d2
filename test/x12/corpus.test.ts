import { readFileSync } from 'node:fs'
import t from 'tap'
import { readAll, writeInterchange, type GroupHeader, type InterchangeHeader, type ReadEvent, type TransactionToWrite } from '../../src/x12/index.ts'
import { corpusFiles, findingsOf, setsOf, skipWithoutCorpus, textOf } from './helper.ts'

/**
 * Files that are rejected, with the kinds of error that they show and why the file itself is at fault. Anything rejected that is not there, or
 * for other reasons, is a fault of the schemas or the engine.
 */
const atFault = new Map(readFileSync(new URL('corpus-rejected.tsv', import.meta.url), 'utf8').trim().split('\n').slice(1)
  .map(line => line.split('\t')).map(([name = '', kinds = '', why = '']) => [name, { kinds, why }]))

/** Sets and versions that the shipped schemas do not have: the answer is right, and no fault of the file. */
const notShipped = new Set(['set-not-supported', 'group-not-supported', 'version-unsupported'])

/** Kinds of error in a file, beside those of sets and versions that are not shipped. */
const errorKinds = (events: readonly ReadEvent[]): string[] =>
  [...new Set(findingsOf(events).filter(({ severity, kind }) => severity === 'error' && !notShipped.has(kind)).map(({ kind }) => kind))].sort()

t.test('every file is accepted, or the fault is its own', { skip: skipWithoutCorpus }, async t => {
  const outcomes = new Map<string, { accepted: number; rejected: number; 'not shipped': number }>()
  const files = corpusFiles()
  for (const { file, tier, bytes } of files) {
    const events = readAll(bytes)
    const found = errorKinds(events)
    const known = atFault.get(file)
    t.equal(found.join(' '), known?.kinds ?? '', `${file}${known ? ` is rejected: ${known.why}` : ' has no fault'}`)
    const sets = events.flatMap(event => (event.type === 'set' ? [event] : []))
    const shipped = sets.some(({ result }) => !result.findings.some(({ kind }) => notShipped.has(kind)))
    const outcome = found.length > 0 ? 'rejected' : shipped || sets.length === 0 ? 'accepted' : 'not shipped'
    const key = `tier ${tier} ${sets[0]?.result.set ?? 'no set'} ${sets[0]?.group.version ?? ''}`.trim()
    const row = outcomes.get(key) ?? { accepted: 0, rejected: 0, 'not shipped': 0 }
    row[outcome]++
    outcomes.set(key, row)
  }
  t.same([...atFault.keys()].filter(name => !files.some(({ file }) => file === name)), [], 'the list names nothing else')
  for (const [key, row] of [...outcomes].sort()) {
    t.comment(`${key}: ${Object.entries(row).filter(([, number]) => number > 0).map(([outcome, number]) => `${number} ${outcome}`).join(', ')}`)
  }
  for (const { file, tier } of files) if (atFault.has(file)) t.comment(`rejected, tier ${tier} ${file}: ${atFault.get(file)?.why}`)
  const total = (outcome: 'accepted' | 'rejected' | 'not shipped'): number => [...outcomes.values()].reduce((sum, row) => sum + row[outcome], 0)
  t.comment(`${files.length} files: ${total('accepted')} accepted, ${total('rejected')} rejected, ${total('not shipped')} of sets or versions that are not shipped`)
})

t.test('no file of the corpus is thrown at', { skip: skipWithoutCorpus }, async t => {
  let sets = 0
  for (const { bytes } of corpusFiles()) {
    for (const level of ['envelope', 'syntax', 'full', 'partner'] as const) sets += setsOf(readAll(bytes, { level, tree: true })).length
  }
  t.ok(sets > 1000, `${sets} sets read`)
})

/** What a writer may change without changing the meaning: empty ends of segments, leading zeros of counts, blanks after GS elements, line ends between segments. */
function canonical(text: string, element: string, terminator: string): string {
  return text.replace(/^\u00ef\u00bb\u00bf/, '').split(terminator).map(part => part.replace(/^[^!-~\u0080-\u00ff]+/, '')).filter(part => part !== '').map(part => {
    const elements = part.split(element)
    if (elements[0] === 'GS') elements.forEach((value, i) => { elements[i] = value.trimEnd() })
    if (/^(SE|GE|IEA)$/.test(elements[0] ?? '')) elements[1] = String(Number(elements[1]))
    while (elements[0] !== 'ISA' && elements.at(-1) === '') elements.pop()
    return elements.join(element)
  }).join(terminator)
}

t.test('what was read is written again, byte for byte', { skip: skipWithoutCorpus }, async t => {
  let identical = 0
  let equivalent = 0
  for (const { file, bytes } of corpusFiles()) {
    const events = readAll(bytes, { tree: true, level: 'envelope' })
    const ends = events.filter(event => event.type === 'interchange-end' || event.type === 'group-end')
    const trouble = findingsOf(events).length > 0 || ends.length === 0 || events.some(event => event.type === 'ta1')
    if (trouble || ends.some(event => event.result.outcome !== 'A')) continue
    const source = textOf(bytes)
    let written = ''
    let header: InterchangeHeader | undefined
    let groups: { header: GroupHeader; transactions: TransactionToWrite[] }[] = []
    for (const event of events) {
      switch (event.type) {
        case 'interchange': header = event.header; groups = []; break
        case 'group': groups.push({ header: event.header, transactions: [] }); break
        case 'set': if (event.result.transaction) groups.at(-1)?.transactions.push(event.result.transaction); break
        case 'interchange-end': {
          if (!header) break
          const newline = /^[\r\n]*/.exec(source.slice(header.offset + 106))?.[0] ?? ''
          written += textOf(writeInterchange({ header, groups, newline }))
        }
      }
    }
    if (written === source || written === source.trimEnd() || written.trimEnd() === source.trimEnd()) {
      identical++
    } else {
      const element = String.fromCharCode(header?.delimiters.element ?? 0)
      const terminator = String.fromCharCode(header?.delimiters.segment ?? 0)
      const [a, b] = [canonical(written, element, terminator), canonical(source, element, terminator)]
      if (a === b) equivalent++
      else t.fail(`${file}: ${a.slice(differs(a, b) - 20, differs(a, b) + 30)} | ${b.slice(differs(a, b) - 20, differs(a, b) + 30)}`)
    }
  }
  t.ok(identical > 100, `${identical} files byte for byte; ${equivalent} up to empty ends, leading zeros and line ends that vary within the file`)
})

function differs(a: string, b: string): number {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return i
}
