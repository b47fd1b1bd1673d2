import { readdirSync, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import {
  acknowledge, allSegments, lineOf, LineError, parseLine, read, readAll, RejectedSetError, segment, validate, write, WriteError, writeInterchange, type Answer,
  type InterchangeLine, type LineWriteOptions, type ReadEvent, type ReadOptions, type TransactionToLine, type ValidationEvent,
} from '../../src/x12/index.ts'
import { bytesOf, corpusFiles, findingsOf, goodOrder, interchange, setsOf, skipWithoutCorpus, textOf } from './helper.ts'
import { purchaseOrders } from './samples.ts'

const samples = new URL('../../edi-samples/', import.meta.url)
const files = readdirSync(samples, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.edi')).sort()
  .map(name => [name, new Uint8Array(readFileSync(new URL(name, samples)))] as const)
const at = new Date('2026-03-02T10:00:00Z')

const inPieces = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

t.test('validate: bytes at once, a stream as it comes, the same verdict', async t => {
  t.match(validate(bytesOf(interchange([goodOrder]))), { outcome: 'accepted', interchanges: 1, groups: 1, setsAccepted: 1, sets: { 850: 1 }, versions: ['004010'], findings: [] })
  t.match(validate(bytesOf('hello')), { outcome: 'unreadable', errors: 1, findings: [{ kind: 'not-x12' }] })
  t.match(validate(new Uint8Array()), { outcome: 'unreadable', errors: 0, findings: [] })
  t.match(validate(bytesOf(interchange([['BEG*00*SA']])), { language: 'th' }).findings[0], { set: '850', setControlNumber: '0001', message: /ต้องมีค่า/ })
  for (const [name, bytes] of files) {
    const { findings, ...summary } = validate(bytes)
    t.same(findings.map(({ kind, offset }) => [kind, offset]), findingsOf(readAll(bytes)).map(({ kind, offset }) => [kind, offset]), name)
    for (const source of [inPieces(bytes, 77), Readable.from(inPieces(bytes, 1000)), new Blob([Uint8Array.from(bytes)]).stream()]) {
      const events: ValidationEvent[] = await collect(validate(source as Readable))
      t.same(events, [...findings.map(found => ({ type: 'finding', ...found })), { type: 'summary', ...summary }], name)
    }
  }
})

t.test('acknowledge: bytes at once, a stream as it comes, and what is written is right', async t => {
  for (const [name, bytes] of files) {
    const whole = acknowledge(bytes, { controlNumber: 5, at })
    const streamed = await collect(acknowledge(inPieces(bytes, 99), { controlNumber: 5, at }))
    const plain = ({ kind, controlNumber, bytes: x12 }: Answer) => [kind, controlNumber, textOf(x12)]
    t.same(streamed.map(plain), whole.map(plain), name)
    t.same(whole.map(({ controlNumber }) => controlNumber), whole.map((_, i) => 5 + i), `${name}: numbers count up`)
    for (const answer of whole) {
      t.equal(validate(answer.bytes).outcome, 'accepted', `${name}: ${answer.kind}`)
      t.same(acknowledge(answer.bytes, { controlNumber: 1, at }), [], 'an acknowledgement is not acknowledged')
    }
  }
  const order = bytesOf(interchange([goodOrder]))
  t.match(acknowledge(order, { controlNumber: 1, at, as: '999' }), [{ kind: '999', interchange: { controlNumber: '000000001' } }])
  t.match(textOf(acknowledge(order, { controlNumber: 1, at, newline: '\n', detail: 'group' })[0]?.bytes ?? new Uint8Array()), /~\nAK1\*PO\*1~\nAK9\*A\*1\*1\*1~\n/)
})

const linesOf = (events: Iterable<ReadEvent>): TransactionToLine[] =>
  [...events].flatMap(event => event.type === 'set' ? [JSON.parse(JSON.stringify(lineOf(event))) as TransactionToLine] : [])

const rewritten = async (bytes: Uint8Array, options: LineWriteOptions, reading: ReadOptions = { tree: true }): Promise<Uint8Array> =>
  Buffer.concat(await collect(write(linesOf(readAll(bytes, reading)).map(parseLine), options)))

/** What a file says, without where it says it. */
const contents = (bytes: Uint8Array) => setsOf(readAll(bytes, { tree: 'all' })).map(({ set, controlNumber, implementation, transaction }) =>
  [set, controlNumber, implementation, transaction && [...allSegments(transaction.root)].map(({ id, elements }) => [id, elements])])

t.test('write: lines become what they were read from', async t => {
  for (const [name, bytes] of files) {
    const { outcome, errors, warnings } = validate(bytes)
    if (outcome !== 'accepted' || errors + warnings > 0) continue
    t.equal(textOf(await rewritten(bytes, { newline: '\n' })), textOf(bytes), name)
  }
  const two = Buffer.concat([purchaseOrders(3, 2), purchaseOrders(2, 1)])
  t.equal(textOf(await rewritten(two, {})), textOf(two), 'two interchanges alike are still two')
})

t.test('write: over the corpus', { skip: skipWithoutCorpus }, async t => {
  let same = 0
  for (const { file, bytes } of corpusFiles()) {
    const events = readAll(bytes)
    const sets = setsOf(events)
    // An ISA with blanks that became something else, or with delimiters that are not all different, cannot be written again.
    const spoilt = events.some(event => event.type === 'interchange-end' && event.result.findings.some(({ kind, element }) =>
      kind === 'interchange-delimiters' || (kind === 'interchange-element-width' && element < 12)))
    if (spoilt || sets.length === 0) continue
    try {
      t.same(contents(await rewritten(bytes, { check: false }, { tree: 'all' })), contents(bytes), file)
      same++
    } catch (error) {
      // Names of segments that are none, delimiters in data: only what is rejected can have them.
      if (!(error instanceof LineError || error instanceof WriteError) || sets.every(set => set.outcome !== 'R')) throw error
    }
  }
  t.ok(same > 200, `${same} files`)
})

t.test('write: any values survive the way through a line', async () => {
  const value = fc.string({ unit: fc.constantFrom('A', 'b', '7', ' ', '.', '-', 'é'), minLength: 1, maxLength: 12 }).map(text => text.trim() || 'X')
  const element = fc.oneof(value, fc.constant(''), fc.array(value, { minLength: 2, maxLength: 3 }))
  const isa: InterchangeLine = {
    senderQualifier: 'ZZ', senderId: 'A', receiverQualifier: '01', receiverId: 'B', date: '240613', time: '1015', version: '00501', controlNumber: '7',
    acknowledgementRequested: false, usage: 'T', delimiters: { element: '*', component: '>', segment: '~', repetition: '^' }, authorisation: ['03', 'KEY'],
  }
  const gs = { functionalId: 'PO', senderCode: 'AA', receiverCode: 'BB', date: '20240613', time: '1015', controlNumber: '7', agency: 'X', version: '005010' }
  await fc.assert(fc.asyncProperty(fc.array(fc.array(element, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }), async segments => {
    const children = segments.map(elements => ({ id: 'NTE', elements: [...elements, 'Z'] }))
    const line = { set: '850', interchange: isa, group: gs, root: { id: '850', children } }
    const bytes = Buffer.concat(await collect(write([line], { check: false })))
    const [set] = setsOf(readAll(bytes, { tree: 'all' }))
    const found = set?.transaction ? [...allSegments(set.transaction.root)].map(({ id, elements }) => ({ id, elements })) : []
    if (JSON.stringify(found) !== JSON.stringify(children)) throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(children)}`)
    if (!textOf(bytes).startsWith('ISA*03*KEY       *00*          *ZZ*A ')) throw new Error(textOf(bytes).slice(0, 60))
  }), { numRuns: 100 })
})

t.test('write: a whole interchange, checked', async t => {
  const whole = (date: string, controlNumber = 9) => ({
    header: { sender: { qualifier: 'ZZ', id: 'A' }, receiver: { qualifier: 'ZZ', id: 'B' }, at, controlNumber, usage: 'P' },
    groups: [{
      header: { functionalId: 'PO', senderCode: 'AA', receiverCode: 'BB', at, controlNumber: 9, version: '004010' },
      transactions: [{ set: '850', controlNumber: '0001', segments: [segment('BEG', '00', 'SA', '1', '', date), segment('PO1', '1', '1', 'EA')].values() }],
    }],
  })
  t.equal(textOf(write(whole('20240613'))), textOf(writeInterchange(whole('20240613'))))
  t.throws(() => write(whole('20241313')), RejectedSetError)
  t.match(validate(write(whole('20241313'), { check: false })).findings, [{ kind: 'date-invalid' }])
  t.ok(write(whole('20241313'), { guideFor: () => undefined }), 'a set without a guide is written as it is')
})

t.test('a line that cannot be written says what is wrong with it', async t => {
  const [line] = linesOf(readAll(bytesOf(interchange([goodOrder])), { tree: true }))
  const without = (change: (value: Record<string, Record<string, unknown>>) => void) => {
    const copy = structuredClone(line) as unknown as Record<string, Record<string, unknown>>
    change(copy)
    return () => parseLine(copy)
  }
  t.doesNotThrow(() => parseLine(line))
  for (const [change, sentence] of [
    [value => { delete value['interchange']?.['senderId'] }, /"interchange\.senderId" is missing/],
    [value => { Object.assign(value['interchange'] ?? {}, { delimiters: { element: '*', component: '*', segment: '~', repetition: null } }) }, /must all be different/],
    [value => { Object.assign(value['interchange'] ?? {}, { delimiters: { element: '**', component: '*', segment: '~', repetition: null } }) }, /"interchange\.delimiters\.element" must be one character/],
    [value => { Object.assign(value['group'] ?? {}, { version: 4010 }) }, /"group\.version" must be text/],
    [value => { Object.assign(value, { root: { id: '850', children: [{ id: 'N1', children: [{ id: 'bad id', elements: [] }] }] } }) }, /"root\.children\[0\]\.children\[0\]\.id" is no name/],
    [value => { Object.assign(value, { root: { id: '850', children: [{ id: 'N1', elements: [['a', 1]] }] } }) }, /"root\.children\[0\]\.elements\[0\]" must be text, a list/],
  ] as const satisfies [(value: Record<string, Record<string, unknown>>) => void, RegExp][]) {
    t.throws(without(change), { name: 'LineError', message: sentence })
  }
  t.throws(() => parseLine(7), LineError)
  fc.assert(fc.property(fc.json(), json => {
    try {
      parseLine(JSON.parse(json))
    } catch (error) {
      if (!(error instanceof LineError)) throw error
    }
  }))
})

t.test('a large stream takes little memory', async t => {
  const part = purchaseOrders(200, 20)
  const parts = function* () {
    for (let i = 0; i < 60; i++) yield part
  }
  let read1 = 0
  let peak = 0
  const before = process.memoryUsage().rss
  for await (const event of read(parts(), { tree: true, uniqueInterchanges: false })) {
    if (event.type === 'set') read1++
    if (event.type === 'interchange-end') peak = Math.max(peak, process.memoryUsage().rss - before)
  }
  t.equal(read1, 60 * 200)
  t.ok(peak < 150e6, `${Math.round(peak / 1e6)} MB over what was there, for ${Math.round(60 * part.length / 1e6)} MB read into trees`)
})
