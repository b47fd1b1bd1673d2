import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { allSegments, readAll, type Finding } from '../../src/x12/index.ts'
import { inspect, Inspector, type Inspected, type InspectedElement, type InspectedLoop, type InspectedSegment } from '../../src/x12/inspect.ts'
import { bytesOf, corpusFiles, findingsOf, goodOrder, interchange, setsOf, skipWithoutCorpus } from './helper.ts'

const samples = new URL('../../edi-samples/', import.meta.url)
const files = readdirSync(samples, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.edi'))
  .map(name => [name, readFileSync(new URL(name, samples))] as const)

function inspectAll(bytes: Uint8Array, language?: 'ru'): Inspected[] {
  const inspector = new Inspector(language ? { language } : {})
  return [...inspector.push(bytes), ...inspector.end()]
}

const segmentsIn = (nodes: readonly (InspectedSegment | InspectedLoop)[]): InspectedSegment[] =>
  nodes.flatMap(node => 'loop' in node ? segmentsIn(node.children) : [node])

const findingsInElements = (elements: readonly InspectedElement[]): Finding[] => elements.flatMap(element => element.findings ?? [])
const findingsInSegment = (segment: InspectedSegment | undefined): Finding[] =>
  segment === undefined ? [] : [...segment.before ?? [], ...segment.findings ?? [], ...findingsInElements(segment.elements)]

/** Every finding that is shown, wherever. */
const shown = (items: readonly Inspected[]): Finding[] => items.flatMap(item => {
  switch (item.type) {
    case 'set': return [...segmentsIn(item.children).flatMap(findingsInSegment), ...item.findings]
    case 'group-end': case 'interchange-end': return [...findingsInSegment(item.segment), ...item.findings]
    case 'junk': return [item.finding]
    default: return findingsInSegment(item.segment)
  }
})

t.test('segments and elements by their names, codes by their meanings', async t => {
  const items = inspectAll(bytesOf(interchange([goodOrder])))
  t.same(items.map(item => item.type), ['interchange', 'group', 'set', 'group-end', 'interchange-end'])
  const [isa, gs, order, ge, iea] = items as [Inspected & { type: 'interchange' }, Inspected & { type: 'group' }, Inspected & { type: 'set' }, Inspected & { type: 'group-end' }, Inspected & { type: 'interchange-end' }]
  t.match(isa.segment, { segment: 'ISA', name: 'Interchange header', offset: 0 })
  t.match(isa.segment.elements[14], { id: 'ISA15', name: 'Usage', value: 'P', meaning: 'Production' })
  t.match(gs.segment.elements[0], { id: 'GS01', value: 'PO', meaning: 'Purchase order' })
  t.match(gs.segment.elements[3], { id: 'GS04', value: '20240613', meaning: '2024-06-13' })
  t.match(order, { set: '850', version: '004010', controlNumber: '0001', outcome: 'A', errors: 0, warnings: 0, findings: [] })
  t.ok(order.name)
  const [st, beg, po1] = order.children as [InspectedSegment, InspectedSegment, InspectedLoop]
  t.match(st, { segment: 'ST', position: 1, elements: [{ id: 'ST01', value: '850', meaning: order.name }, { id: 'ST02' }] })
  t.match(beg, { segment: 'BEG', position: 2, elements: [{ id: 'BEG01', value: '00', meaning: 'Original' }, {}, { id: 'BEG03', value: '4711' }, { id: 'BEG05', meaning: '2024-06-13' }] })
  t.same(beg.elements.map(element => element.id), ['BEG01', 'BEG02', 'BEG03', 'BEG05'], 'empty elements are left out')
  t.match(po1, { loop: 'PO1', children: [{ segment: 'PO1', elements: [{}, {}, { value: 'EA', meaning: 'Each' }] }] })
  t.match(ge.segment, { segment: 'GE', elements: [{ id: 'GE01', value: '1' }, { id: 'GE02', value: '1' }] })
  t.match(iea, { outcome: 'A', segment: { segment: 'IEA', elements: [{ value: '1' }, { value: '000000001' }] }, findings: [] })
})

t.test('findings stand beside what they are about', async t => {
  const text = interchange([['BEG*00*SA***20240613', 'PO1*1*10*EA*4.5', 'XYZ*1', 'CTT*1'], ['BEG*00*SA*1**20249999']], { se: () => 'SE*99*0001' })
  const sets = inspectAll(bytesOf(text), 'ru').filter(item => item.type === 'set')
  const [first, second] = sets as [Inspected & { type: 'set' }, Inspected & { type: 'set' }]
  const of = (set: typeof first, id: string) => segmentsIn(set.children).find(segment => segment.segment === id)
  t.match(of(first, 'BEG')?.elements[2], { id: 'BEG03', value: '', findings: [{ kind: 'element-missing', message: /обязательный элемент/ }] })
  t.match(of(second, 'BEG')?.elements.at(-1), { id: 'BEG05', value: '20249999', findings: [{ kind: 'date-invalid' }] })
  t.notOk('meaning' in (of(second, 'BEG')?.elements.at(-1) ?? {}), 'no day means nothing')
  t.match(of(first, 'XYZ'), { name: '', position: 4, findings: [{ kind: 'segment-unknown' }] })
  t.match(of(first, 'SE')?.elements[0], { value: '99', findings: [{ kind: 'set-count-wrong' }] })
  t.match(first, { outcome: 'R', errors: 3 })
  t.match(of(second, 'SE')?.before, [{ kind: 'segment-missing', segmentId: 'PO1' }])
  const cutOff = inspectAll(bytesOf('ISA*00*          *00*          *ZZ*BUYER*ZZ*SELLER         *240613*1015*U*00401*000000001*0*Q*>~GS*po*BUYER*S*20240613*1015*1*X*004010~'))
  t.match(cutOff[0], { segment: { elements: { 5: { id: 'ISA06', findings: [{ kind: 'interchange-element-width' }] } } } })
  t.match(cutOff[1], { segment: { segment: 'GS', elements: { 0: { findings: [{ kind: 'group-header-invalid' }] } } } })
  t.match(cutOff.at(-1), { type: 'interchange-end', findings: [{ kind: 'interchange-trailer-missing' }] })
  t.notOk('segment' in (cutOff.at(-1) ?? {}))
})

t.test('composites, repetitions, implied decimals', async t => {
  const isa = 'ISA*00*          *00*          *ZZ*BUYER          *ZZ*SELLER         *240613*1015*^*00501*000000001*0*P*>'
  const [set] = inspectAll(bytesOf(interchange([['BIG*20240101*1', 'IT1*1*2*EA*3', 'SLN*1**I*1*EA>1>2', 'TDS*12345']], {
    isa, gs: 'GS*IN*BUYER*SELLER*20240613*1015*1*X*005010', id: '810',
  }))).filter(item => item.type === 'set')
  const segments = segmentsIn((set as Inspected & { type: 'set' }).children)
  t.match(segments.find(({ segment }) => segment === 'TDS')?.elements[0], { value: '12345', meaning: '123.45' })
  t.match(segments.find(({ segment }) => segment === 'SLN')?.elements.at(-1), {
    id: 'SLN05', value: 'EA>1>2', components: [{ id: 'SLN05-1', value: 'EA', meaning: 'Each' }, { id: 'SLN05-2', value: '1' }, { id: 'SLN05-3', value: '2' }],
  })
  const repeated = new Inspector()
  const [item] = repeated.push(bytesOf(interchange([['BIG*20240101*1', 'REF*DP^VN*1^2']], { isa, gs: 'GS*IN*B1*S1*20240613*1015*1*X*005010', id: '810' })))
    .filter(one => one.type === 'set')
  t.match(segmentsIn((item as Inspected & { type: 'set' }).children)[2]?.elements[0], { value: 'DP^VN', repetitions: [{ value: 'DP' }, { value: 'VN' }] })
})

t.test('sets of kinds and versions that nobody has still show what is known', async t => {
  const items = inspectAll(bytesOf(interchange([['BEG*00*SA*1**20240613', 'QQQ*1']], { gs: 'GS*PO*BUYER*SELLER*20240613*1015*1*X*003040' })))
  const set = items.find(item => item.type === 'set')
  t.match(set, { outcome: 'R', name: '' })
  const segments = segmentsIn((set as Inspected & { type: 'set' }).children)
  t.same(segments.map(({ segment }) => segment), ['ST', 'BEG', 'QQQ', 'SE'])
  t.match(segments[1], { segment: 'BEG', elements: [{ meaning: 'Original' }] })
})

t.test('every segment and every finding of a file is there, once', async t => {
  for (const [name, bytes] of files) {
    const items = inspectAll(bytes)
    const found = findingsOf(readAll(bytes))
    t.same(sorted(shown(items)), sorted(found), `${name}: ${found.length} findings`)
    const expected = setsOf(readAll(bytes)).map(set => set.segmentCount)
    t.same(items.flatMap(item => item.type === 'set' ? [segmentsIn(item.children).length] : []), expected, `${name}: segments`)
  }
})

t.test('and of the corpus', { skip: skipWithoutCorpus }, async t => {
  for (const { file, bytes } of corpusFiles()) {
    const items = inspectAll(bytes, 'ru')
    const events = readAll(bytes)
    t.same(sorted(shown(items)), sorted(findingsOf(events)), file)
    const counts = items.flatMap(item => item.type === 'set' ? [segmentsIn(item.children).length] : [])
    t.same(counts, setsOf(events).map(set => set.segmentCount - set.findings.filter(({ kind }) => kind === 'segment-too-long').length), file)
  }
})

const sorted = (findings: readonly Finding[]) => findings.map(({ kind, offset, element, segmentPosition }) => `${offset} ${kind} ${segmentPosition} ${element}`).sort()

t.test('the same in any pieces, and of a damaged file too', async () => {
  const pieces = ['*', '~', '>', ' ', 'X', '9', 'ST*850*0001~', 'PO1~', 'SE*1*0001~', 'GE*1*1~', 'GS*PO*A*B*20240101*1200*7*X*004010~', 'IEA*1*1~']
  fc.assert(fc.property(
    fc.constantFrom(...files.filter(([, bytes]) => bytes.length < 4000)), fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...pieces)), { maxLength: 4 }), fc.integer({ min: 1, max: 300 }),
    ([, file], changes, size) => {
      let text = file.toString('latin1')
      for (const [at, length, piece] of changes) text = text.slice(0, at % text.length) + piece + text.slice((at % text.length) + length)
      const bytes = bytesOf(text)
      const whole = inspectAll(bytes)
      const inspector = new Inspector()
      const inPieces: Inspected[] = []
      for (let at = 0; at < bytes.length; at += size) inPieces.push(...inspector.push(Uint8Array.from(bytes.subarray(at, at + size))))
      inPieces.push(...inspector.end())
      if (JSON.stringify(inPieces) !== JSON.stringify(whole)) throw new Error('the pieces show')
      const expected = sorted(findingsOf(readAll(bytes)))
      if (JSON.stringify(sorted(shown(whole))) !== JSON.stringify(expected)) throw new Error(`findings differ: ${expected.join(', ')}`)
    },
  ), { numRuns: 150 })
})

t.test('a tree of rejected sets too changes nothing of the judgement', async t => {
  for (const [name, bytes] of files) {
    const withoutTree = readAll(bytes, { level: 'partner' })
    const withAll = readAll(bytes, { level: 'partner', tree: 'all' })
    t.same(findingsOf(withAll), findingsOf(withoutTree), name)
    for (const set of setsOf(withAll)) {
      if (!set.transaction) t.fail(`${name}: ${set.controlNumber} has no tree`)
      else t.equal([...allSegments(set.transaction.root)].length, set.segmentCount - (set.findings.some(f => f.kind === 'set-trailer-missing') ? 1 : 2), name)
    }
  }
})

t.test('from a stream', async t => {
  const bytes = bytesOf(interchange([goodOrder]))
  const stream = new Blob([Uint8Array.from(bytes)]).stream() as ReadableStream<Uint8Array>
  const items: Inspected[] = []
  for await (const item of inspect(stream)) items.push(item)
  t.same(items, inspectAll(bytes))
})
