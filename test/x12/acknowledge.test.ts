import t from 'tap'
import {
  AcknowledgementBuilder, buildTa1, narrowedGuide, parseAcknowledgement, readAll, wantsTa1, type AcknowledgementOptions, type ReadOptions,
  type Transaction,
} from '../../src/x12/index.ts'
import { bytesOf, corpusFiles, goodOrder, interchange, isaLine, readText, setsOf, skipWithoutCorpus, textOf } from './helper.ts'

const at = new Date('2024-06-14T08:09:10Z')
const numbers = { interchangeControlNumber: 77, groupControlNumber: 88, at }

/** The acknowledgement of each interchange in a file. */
function answers(bytes: Uint8Array, options: AcknowledgementOptions = {}, reading: ReadOptions = {}): Uint8Array[] {
  const done: Uint8Array[] = []
  let builder: AcknowledgementBuilder | undefined
  for (const event of readAll(bytes, reading)) {
    switch (event.type) {
      case 'interchange': builder = new AcknowledgementBuilder(event.header, options); break
      case 'group': builder?.beginGroup(event.header); break
      case 'set': builder?.addSet(event.result); break
      case 'group-end': builder?.endGroup(event.result); break
      case 'interchange-end': if (builder && builder.count > 0) done.push(builder.finish(numbers)); break
    }
  }
  return done
}

const answer = (text: string, options: AcknowledgementOptions = {}): string[] =>
  answers(bytesOf(text), options).flatMap(bytes => textOf(bytes).split('~').slice(0, -1))
/** Only what lies between ST and SE. */
const body = (text: string, options: AcknowledgementOptions = {}): string[] => answer(text, options).filter(line => line.startsWith('AK'))

t.test('a 997, segment by segment', async t => {
  t.same(answer(interchange([goodOrder])), [
    'ISA*00*          *00*          *ZZ*SELLER         *ZZ*BUYER          *240614*0809*U*00401*000000077*0*P*>',
    'GS*FA*SELLER*BUYER*20240614*0809*88*X*004010',
    'ST*997*0001',
    'AK1*PO*1',
    'AK2*850*0001',
    'AK5*A',
    'AK9*A*1*1*1',
    'SE*6*0001',
    'GE*1*88',
    'IEA*1*000000077',
  ])
})

t.test('a 999, segment by segment', async t => {
  const [beg, po1, ctt] = goodOrder as [string, string, string]
  const text = interchange([goodOrder, [beg, 'N1*ST*A', 'N4*SEATTLE*WASH', po1, 'XYZ*1', ctt]])
  t.same(answer(text, { as: '999' }), [
    'ISA*00*          *00*          *ZZ*SELLER         *ZZ*BUYER          *240614*0809*U*00401*000000077*0*P*>',
    'GS*FA*SELLER*BUYER*20240614*0809*88*X*005010',
    'ST*999*0001',
    'AK1*PO*1*004010',
    'AK2*850*0001',
    'IK5*A',
    'AK2*850*0002',
    'IK3*N4*4*N1*8',
    'IK4*2*156*5*WASH',
    'IK3*XYZ*6*PO1*1',
    'IK5*R*5',
    'AK9*P*2*2*1',
    'SE*11*0001',
    'GE*1*88',
    'IEA*1*000000077',
  ])
})

t.test('997 or 999, as the version of the group says', async t => {
  const answered = (version: string): string | undefined =>
    answer(interchange([goodOrder], { gs: `GS*PO*BUYER*SELLER*20240613*1015*1*X*${version}` })).find(line => line.startsWith('ST'))
  t.equal(answered('004010'), 'ST*997*0001')
  t.equal(answered('005010'), 'ST*997*0001')
  t.equal(answered('005010X231A1'), 'ST*999*0001')
})

t.test('only sets with faults are told, when that is wanted', async t => {
  const [beg, po1, ctt] = goodOrder as [string, string, string]
  t.same(body(interchange([goodOrder, [po1, ctt]]), { detail: 'errors' }),
    ['AK1*PO*1', 'AK2*850*0002', 'AK3*BEG*2**3', 'AK5*R*5', 'AK9*P*2*2*1'])
  t.same(body(interchange([[beg, po1, ctt]]), { detail: 'errors' }), ['AK1*PO*1', 'AK9*A*1*1*1'])
})

t.test('what the standard allows but the guide does not', async t => {
  const guide = narrowedGuide('004010', '850', {
    extends: '004010/850',
    narrow: [{ at: 'BEG/BEG02', codes: ['NE'] }, { at: 'CUR', req: 'X' }, { at: 'PO1/PO1/PO105', req: 'X' }],
  })
  const text = interchange([['BEG*00*SA*4711**20240613', 'CUR*BY*USD', 'PO1*1*10*EA*4.5*PE*UP*047559001009', 'CTT*1']])
  const told = (as: '997' | '999'): string[] => answers(bytesOf(text), { as }, { guideFor: () => guide })
    .flatMap(bytes => textOf(bytes).split('~')).filter(line => /^(AK[345]|IK)/.test(line))
  t.same(told('999'), ['IK3*BEG*2**8', 'IK4*2*92*I6*SA', 'IK3*CUR*3**I4', 'IK3*PO1*4*PO1*8', 'IK4*5*639*I10*PE', 'IK5*R*I5'])
  t.same(told('997'), ['AK3*BEG*2**8', 'AK4*2*92*7*SA', 'AK3*CUR*3**2', 'AK3*PO1*4**8', 'AK4*5*639*10*PE', 'AK5*R*5'])
})

const [beg, po1, ctt] = goodOrder as [string, string, string]
const cases: [name: string, segments: string[], expected: string[]][] = [
  ['1 unknown segment', [beg, 'XYZ*1', po1, ctt], ['AK3*XYZ*3**1', 'AK5*R*5']],
  ['2 unexpected segment', [beg, 'N3*A STREET', po1, ctt], ['AK3*N3*3**2', 'AK5*R*5']],
  ['3 missing segment', [po1, ctt], ['AK3*BEG*2**3', 'AK5*R*5']],
  ['4 loop too often', [beg, ...Array.from({ length: 201 }, () => 'N1*ST*A'), po1, ctt], ['AK3*N1*203**4', 'AK5*R*5']],
  ['5 segment too often', [beg, 'CUR*BY*USD', 'CUR*BY*USD', po1, ctt], ['AK3*CUR*4**5', 'AK5*R*5']],
  ['6 segment not in the set', [beg, 'BSN*00*1*20240613*1015', po1, ctt], ['AK3*BSN*3**6', 'AK5*R*5']],
  ['7 segment out of order', [beg, 'FOB*PP', 'CUR*BY*USD', po1, ctt], ['AK3*CUR*4**7', 'AK5*R*5']],
  ['8-1 element missing', ['BEG*00*SA***20240613', po1, ctt], ['AK3*BEG*2**8', 'AK4*3*324*1', 'AK5*R*5']],
  ['8-2 condition', [beg, 'PO1*1*10*EA*4.5**UP', ctt], ['AK3*PO1*3**8', 'AK4*7*234*2', 'AK5*R*5']],
  ['8-3 too many elements', [beg, 'PER*IC**TE*1******X', po1, ctt], ['AK3*PER*3**8', 'AK4*10**3*X', 'AK5*R*5']],
  ['8-4 too short', [beg, 'REF*D*1', po1, ctt], ['AK3*REF*3**8', 'AK4*1*128*4*D', 'AK5*R*5']],
  ['8-5 too long', [beg, 'N1*ST*A', 'N4*SEATTLE*WASH', po1, ctt], ['AK3*N4*4**8', 'AK4*2*156*5*WASH', 'AK5*R*5']],
  ['8-6 invalid character', [beg, 'PO1*1*1O*EA', ctt], ['AK3*PO1*3**8', 'AK4*2*330*6*1O', 'AK5*R*5']],
  ['8-7 invalid code', [beg, po1, 'PID*S**VI*1****Q', ctt], ['AK3*PID*4**8', 'AK4*8*1073*7*Q', 'AK5*R*5']],
  ['8-8 invalid date', ['BEG*00*SA*1**20240230', po1, ctt], ['AK3*BEG*2**8', 'AK4*5*373*8*20240230', 'AK5*R*5']],
  ['8-9 invalid time', [beg, 'DTM*010*20240613*2460', po1, ctt], ['AK3*DTM*3**8', 'AK4*3*337*9*2460', 'AK5*R*5']],
  ['several in one segment', ['BEG*00*SA***20240230', po1, ctt], ['AK3*BEG*2**8', 'AK4*3*324*1', 'AK4*5*373*8*20240230', 'AK5*R*5']],
  ['a component too many is 3 before 005010', [beg, 'REF*DP*1>2', po1, ctt], ['AK3*REF*3**8', 'AK4*2>2*127*3', 'AK5*R*5']],
]
for (const [name, segments, expected] of cases) {
  t.test(`AK3 and AK4: ${name}`, async t => {
    t.same(body(interchange([segments])), ['AK1*PO*1', 'AK2*850*0001', ...expected, 'AK9*R*1*1*0'])
  })
}

t.test('an element that two notes of its segment miss is told once', async t => {
  const text = interchange([[...goodOrder.slice(0, 1), 'TD1*CTN*1****G**LB', ...goodOrder.slice(1)]])
  t.equal(setsOf(readText(text))[0]?.findings.length, 2)
  t.same(body(text).filter(line => line.startsWith('AK4')), ['AK4*7*81*2'])
})

t.test('a bad value is not copied when it could break the answer', async t => {
  t.same(body(interchange([[beg, 'REF*DP*1\u00072', po1, ctt]])).at(3), 'AK4*2*127*6')
})

t.test('trailers', async t => {
  const verdict = (text: string) => body(text).filter(line => /^AK[59]/.test(line))
  t.same(verdict(interchange([goodOrder], { se: () => 'SE*9*0002' })), ['AK5*R*3*4', 'AK9*R*1*1*0'])
  t.same(verdict(interchange([goodOrder], { ge: 'GE*1*2' })), ['AK5*A', 'AK9*R*1*1*0*4'])
  t.same(verdict(interchange([goodOrder], { ge: 'GE*3*1' })), ['AK5*A', 'AK9*R*3*1*0*5'])
  t.same(verdict(interchange([goodOrder], { ge: '' })), ['AK5*A', 'AK9*R*1*1*0*3'])
  t.same(verdict(interchange([goodOrder, ['BEG*00']])), ['AK5*A', 'AK5*R*5', 'AK9*P*2*2*1'])
})

t.test('for a partner who wants it, the group is answered without its sets', async t => {
  t.same(body(interchange([goodOrder, ['BEG*00']]), { detail: 'group' }), ['AK1*PO*1', 'AK9*P*2*2*1'])
})

t.test('each group of an interchange has its 997; acknowledgements have none', async t => {
  const two = interchange([goodOrder]).replace('IEA*1', 'GS*FA*BUYER*SELLER*20240613*1015*5*X*004010~ST*997*0001~AK1*PO*9~AK9*A*1*1*1~SE*4*0001~GE*1*5~'
    + 'GS*PO*BUYER*SELLER*20240613*1015*6*X*004010~GE*0*6~IEA*3')
  t.same(answer(two).filter(line => /^(ST|AK1|AK9|SE|GE)/.test(line)), [
    'ST*997*0001', 'AK1*PO*1', 'AK9*A*1*1*1', 'SE*6*0001', 'ST*997*0002', 'AK1*PO*6', 'AK9*A*0*0*0', 'SE*4*0002', 'GE*2*88',
  ])
  t.same(answers(bytesOf(interchange([['AK1*PO*9', 'AK9*A*1*1*1']], { id: '997', gs: 'GS*FA*BUYER*SELLER*20240613*1015*1*X*004010' }))), [])
})

t.test('usage is echoed, and the partner\'s own delimiters are used', async t => {
  const [bytes] = answers(bytesOf(interchange([goodOrder], { isa: isaLine.slice(0, -1).replace('*P*', '*T*') }).replaceAll('*', '|').replaceAll('~', '\n')))
  t.match(textOf(bytes as Uint8Array), /^ISA\|00\|.*\|T\|>\nGS\|FA\|/)
})

t.test('faults of one set beyond the limit only count in its verdict', async t => {
  const lines = body(interchange([[beg, ...Array.from({ length: 500 }, () => 'XX*1'), po1, ctt]]), { findingsPerSet: 7 })
  t.equal(lines.filter(line => line.startsWith('AK3')).length, 7)
  t.equal(lines.at(-2), 'AK5*R*5')
})

t.test('the 997 of a group of 100,000 sets', async t => {
  const events = readText(interchange([goodOrder]))
  const builder = new AcknowledgementBuilder((events[0] as typeof events[0] & { type: 'interchange' }).header)
  const group = events.find(event => event.type === 'group-end')
  const [set] = setsOf(events)
  if (group?.type !== 'group-end' || !set) return t.fail()
  builder.beginGroup(group.result.header)
  for (let i = 0; i < 100_000; i++) builder.addSet(set)
  builder.endGroup({ ...group.result, received: 100_000, accepted: 100_000, included: 100_000 })
  const text = textOf(builder.finish(numbers))
  t.match(text.slice(-80), /AK9\*A\*100000\*100000\*100000~SE\*200004\*0001~GE\*1\*88~IEA\*1\*000000077~$/)
})

t.test('TA1', async t => {
  const ta1 = (text: string): string[] => readText(text).flatMap(event => event.type === 'interchange-end'
    ? [`${wantsTa1(event.result)} ${textOf(buildTa1(event.result, { interchangeControlNumber: 5, at }))}`] : [])
  t.same(ta1(interchange([goodOrder])), [
    'false ISA*00*          *00*          *ZZ*SELLER         *ZZ*BUYER          *240614*0809*U*00401*000000005*0*P*>~TA1*000000001*240613*1015*A*000~IEA*0*000000005~',
  ])
  t.match(ta1(interchange([goodOrder], { isa: isaLine.slice(0, -1).replace('*0*P', '*1*P') })), [/^true .*TA1\*000000001\*240613\*1015\*A\*000~/])
  t.match(ta1(interchange([goodOrder], { iea: 'IEA*1*000000002' })), [/^true .*TA1\*000000001\*240613\*1015\*R\*001~/])
  t.match(ta1(interchange([goodOrder], { iea: 'IEA*4*000000001' })), [/^true .*TA1\*000000001\*240613\*1015\*E\*021~/])
})

t.test('an incoming 997 is understood', async t => {
  const parsed = (...lines: string[]) => {
    const [set] = setsOf(readText(interchange([lines], { id: '997', gs: 'GS*FA*SELLER*BUYER*20240613*1015*1*X*004010' }), { tree: true }))
    return parseAcknowledgement(set?.transaction as Transaction)
  }
  t.same(parsed('AK1*PO*42', 'AK2*850*0001', 'AK5*A', 'AK2*850*0002', 'AK3*BEG*2**8', 'AK4*5>1*373*8*20240230', 'AK5*R*5*4', 'AK9*P*2*2*1*5'), {
    groupFunctionalId: 'PO', groupControlNumber: '42', groupOutcome: 'P', included: 2, received: 2, accepted: 1, errors: ['5'],
    sets: [
      { set: '850', controlNumber: '0001', outcome: 'A', errors: [], segments: [] },
      {
        set: '850', controlNumber: '0002', outcome: 'R', errors: ['5', '4'],
        segments: [{
          segmentId: 'BEG', position: 2, code: '8',
          elements: [{ element: 5, component: 1, repetition: 0, reference: '373', code: '8', value: '20240230' }],
        }],
      },
    ],
  })
  t.match(parsed('AK1*IN*7', 'AK9*A*3*3*3'), { groupFunctionalId: 'IN', groupOutcome: 'A', sets: [] })
})

t.test('a 997 of a version that is not shipped is read by its structure', async t => {
  const [set] = setsOf(readText(interchange([['AK1*PO*42*005010', 'AK2*850*0001*X', 'AK5*A', 'AK9*A*1*1*1']], {
    id: '997', gs: 'GS*FA*SELLER*BUYER*20240613*1015*1*X*003070' }), { tree: true }))
  t.match(parseAcknowledgement(set?.transaction as Transaction), { groupControlNumber: '42', sets: [{ controlNumber: '0001', outcome: 'A' }] })
})

t.test('a sender whose codes Latin-1 lacks is answered all the same, and in UTF-8 by its own name', async t => {
  const bytes = Buffer.from(interchange([goodOrder], { gs: 'GS*PO*\u0e1a\u0e08*SELLER*20240613*1015*1*X*004010' }), 'utf8')
  const answer = (encoding?: 'utf8'): string => {
    let builder: AcknowledgementBuilder | undefined
    for (const event of readAll(bytes, { encoding: 'utf8' })) {
      if (event.type === 'interchange') builder = new AcknowledgementBuilder(event.header, encoding ? { encoding } : {})
      if (event.type === 'group') builder?.beginGroup(event.header)
      if (event.type === 'set') builder?.addSet(event.result)
      if (event.type === 'group-end') builder?.endGroup(event.result)
    }
    return Buffer.from(builder?.finish({ interchangeControlNumber: 1, groupControlNumber: 1, at }) ?? []).toString('utf8')
  }
  t.match(answer(), 'GS*FA*SELLER*??*')
  t.match(answer('utf8'), 'GS*FA*SELLER*\u0e1a\u0e08*')
})

t.test('whatever the corpus holds, our answers are accepted by our own engine', { skip: skipWithoutCorpus }, async t => {
  for (const { file, bytes } of corpusFiles()) {
    for (const answered of answers(bytes)) {
      const events = readAll(answered)
      const wrong = events.flatMap(event => 'result' in event ? event.result.findings.filter(f => f.severity === 'error') : event.type === 'junk' ? [event.finding] : [])
      if (wrong.length > 0) t.fail(`${file}: ${wrong[0]?.message}`)
    }
    for (const event of readAll(bytes)) {
      if (event.type !== 'interchange-end') continue
      const events = readAll(buildTa1(event.result, { interchangeControlNumber: 1, at }))
      if (!events.some(e => e.type === 'ta1') || events.some(e => e.type === 'interchange-end' && e.result.outcome === 'R')) t.fail(`${file}: TA1`)
    }
  }
  t.pass('all answers read')
})
