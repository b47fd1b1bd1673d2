import fc from 'fast-check'
import t from 'tap'
import {
  formatGuide, guideOf, learnGuide, parseOverlay, readAll, standardGuide, standardVersions, type Guide, type GuideError, type LearnedGuide,
} from '../../src/x12/index.ts'
import { bytesOf, corpusFiles, findingsOf, interchange, setsOf, skipWithoutCorpus, textOf } from './helper.ts'

type Sample = { readonly file: string; readonly bytes: Uint8Array }

const standard = (version: string, set: string): Guide => standardGuide(version, set) as Guide

/** Outcomes of the sets of that kind and version, and what is wrong with them. */
function judge(guide: Guide, { bytes }: Sample): { outcomes: string[]; faults: string[] } {
  const belongs = (set: string, version: string) => set === guide.set && version.startsWith(guide.version)
  const events = readAll(bytes, { guideFor: ({ set, version }) => (belongs(set, version) ? guide : undefined) })
  const results = events.flatMap(event => (event.type === 'set' && belongs(event.result.set, event.group.version) ? [event.result] : []))
  return {
    outcomes: results.map(({ outcome }) => outcome),
    faults: results.flatMap(({ findings }) => findings.filter(({ severity }) => severity === 'error').map(({ message }) => message)),
  }
}

/** The samples that were learned from are accepted; the guide, written and read again, is the same. */
function accepts(learned: LearnedGuide, samples: readonly Sample[]): string[] {
  const guide = guideOf(parseOverlay(JSON.parse(formatGuide(learned))))
  const leftOut = new Set(learned.profile.leftOut.map(({ file }) => file))
  return samples.filter(({ file }) => !leftOut.has(file)).flatMap(sample => judge(guide, sample).faults.map(fault => `${sample.file}: ${fault}`))
}

const line = (number: number) => `PO1*${number}*${number * 5}*EA*4.5**UP*04755900100${number}`
const order = (number: string, { lines = 2, more = [] as string[], parties = ['N1*ST*DC 2*92*02', 'N4*SEATTLE*WA*98101'] } = {}): string =>
  interchange([[
    `BEG*00*SA*${number}**20240613`, 'REF*DP*42', ...more, 'DTM*010*20240620', ...parties, ...Array.from({ length: lines }, (_, i) => line(i + 1)), `CTT*${lines}`,
  ]])
const orders = ['PO00000001', 'PO00000002', 'PO00000003', 'PO00000004', 'PO00000005'].map((number, i) => ({
  file: `${number}.edi`, bytes: bytesOf(order(number, { lines: i % 2 + 1 })),
}))

t.test('what is always, never and once there', async t => {
  const learned = learnGuide(standard('004010', '850'), orders)
  t.match(learned, { extends: '004010/850', profile: { files: 5, sets: 5 } })
  const at = (place: string) => learned.narrow.find(narrowing => narrowing.at === place)
  t.match(at('REF'), { req: 'M' })
  t.match(at('REF[01=DP]'), { req: 'M', max: 1 })
  t.match(at('REF[01=DP]/REF02'), undefined, 'one value says nothing of lengths')
  t.match(at('CUR'), { req: 'X' })
  t.match(at('N1[01=ST]'), { req: 'M', max: 1 })
  t.match(at('BEG02'), { codes: ['SA'] })
  t.match(at('BEG03'), { min: 10, max: 10 })
  t.match(at('PO1/PO104'), { req: 'M' })
  t.match(at('PO1/PO105'), { req: 'X' })
  t.notOk(at('BEG03')?.codes, 'numbers of orders are no codes')
  t.notOk(at('N1/N402')?.codes, 'nor are states')
  t.notOk(learned.narrow.some(({ at: place, max }) => /^(PO1|N1|REF|DTM)$/.test(place) && max !== undefined), 'nothing says how many lines or parties')
  t.same(learned.rules, [{ count: 'PO1', equals: 'CTT/CTT01' }])
  t.match(learned.profile, {
    senders: [{ value: 'ZZ:BUYER', files: 5, first: 'PO00000001.edi' }], versions: [{ value: '004010' }], delimiters: [{ value: '* > ~ (none), no line ends' }],
    controlNumbers: { set: [{ value: 'ST02 begins at 1 in each group, 4 digits' }] },
  })

  const guide = guideOf(learned)
  const faults = (text: string) => judge(guide, { file: '', bytes: bytesOf(text) }).faults
  t.same(faults(order('PO00000009', { lines: 9 })), [], 'more lines')
  t.same(faults(order('PO00000009', { parties: ['N1*ST*DC 3*92*03', 'N4*RENO*NV*89501'] })), [], 'another place')
  t.equal(faults(order('7')).length, 1, 'a number of another length')
  t.equal(faults(order('PO00000009', { parties: [] })).length, 2, 'no ship-to')
  t.equal(faults(order('PO00000009').replace('BEG*00*SA', 'BEG*00*RL')).length, 1, 'another code')
  t.equal(faults(order('PO00000009', { more: ['REF*DP*43'] })).length, 1, 'two of what comes once')
  t.equal(faults(order('PO00000009', { more: ['ITD*01*3*****30'] })).length, 1, 'what is never there')
})

t.test('few samples say little, none nothing, and what the standard rejects is left out', async t => {
  const base = standard('004010', '850')
  const few = learnGuide(base, orders.slice(0, 2))
  t.same(few.narrow.filter(({ codes, min }) => codes !== undefined || min !== undefined), [])
  t.match(learnGuide(base, []), { narrow: [], rules: [], profile: { files: 0, sets: 0, leftOut: [] } })
  const broken = order('1').replace('BEG*00', 'BEG*')
  const response = order('1').replaceAll('ST*850', 'ST*855')
  const later = order('1').replace('X*004010', 'X*005010')
  const learned = learnGuide(base, [broken, response, later, 'Dear customer', order('1').replace('IEA*1*000000001', 'IEA*1*000000002')].map((text, i) => ({
    file: `${i}.edi`, bytes: bytesOf(text),
  })))
  t.same(learned.profile.leftOut.map(({ file, why }) => `${file} ${why.split(':')[0]}`), [
    '0.edi set 0001', '1.edi no 850 of 004010', '2.edi no 850 of 004010', '3.edi no 850 of 004010', '4.edi IEA02 is "000000002" but ISA13 is "000000001". Both must be the same control number.',
  ])
  t.same(learned.narrow, [])
})

t.test("learned from the corpus' 850s, those are accepted and a changed one is rejected", { skip: skipWithoutCorpus }, async t => {
  const base = standard('004010', '850')
  const samples = corpusFiles().filter(({ file, tier }) => tier === 'A' && file.startsWith('850/'))
  const isAccepted = ({ bytes }: Sample) => findingsOf(readAll(bytes)).every(({ severity }) => severity !== 'error')
    && setsOf(readAll(bytes)).length > 0
  const learned = learnGuide(base, samples)
  const leftOut = new Set(learned.profile.leftOut.map(({ file }) => file))
  const accepted = samples.filter(({ version }) => version.startsWith('004010')).filter(isAccepted)
  t.ok(accepted.length >= 15, `${accepted.length} files`)
  t.same(accepted.filter(({ file }) => leftOut.has(file)).map(({ file }) => file), [], 'none of those that the standard accepts is left out')
  t.same(accepts(learned, samples), [])
  const guide = guideOf(learned)
  let changed = 0
  for (const sample of accepted) {
    const text = textOf(sample.bytes)
    const separator = text.charAt(3)
    for (const [find, replace] of [
      [`BEG${separator}00${separator}`, `BEG${separator}01${separator}`], [`${separator}EA${separator}`, `${separator}DZ${separator}`], [`CTT${separator}`, `XTT${separator}`],
    ] as const) {
      if (!text.includes(find)) continue
      changed++
      t.match(judge(guide, { ...sample, bytes: bytesOf(text.replaceAll(find, replace)) }).outcomes, /R/, `${sample.file}: ${replace}`)
    }
  }
  t.ok(changed > 30, `${changed} changed files`)
})

t.test('whatever is learned from accepts what it was learned from', { skip: skipWithoutCorpus }, async t => {
  const bySet = new Map<string, Sample[]>()
  for (const { file, bytes } of corpusFiles()) {
    for (const event of readAll(bytes, { level: 'envelope' })) {
      if (event.type !== 'set') continue
      const key = `${event.group.version.slice(0, 6)}/${event.result.set}`
      const samples = bySet.get(key) ?? []
      if (samples.at(-1)?.file !== file) bySet.set(key, [...samples, { file, bytes }])
    }
  }
  let learnedFrom = 0
  for (const [key, samples] of bySet) {
    const [version = '', set = ''] = key.split('/')
    const base = standardVersions.includes(version) ? standardGuide(version, set) : undefined
    if (!base) continue
    t.same(accepts(learnGuide(base, samples), samples), [], key)
    fc.assert(fc.property(fc.subarray(samples, { minLength: 1 }), some => {
      learnedFrom++
      const faults = accepts(learnGuide(base, some), some)
      if (faults.length > 0) throw new Error(faults.join('\n'))
    }), { numRuns: 15 })
  }
  t.comment(`${learnedFrom} selections of samples`)
})

t.test('a guide that people have edited is read with care', async t => {
  const problems = (value: unknown): readonly string[] => {
    try {
      parseOverlay(value)
      return []
    } catch (error) {
      return (error as GuideError).problems
    }
  }
  t.same(problems({ extends: '004010/850', narrow: [{ at: 'CUR', req: 'X', note: 'never' }], profile: { anything: 1 } }), [])
  t.same(problems('850'), ['"extends" must name what the guide narrows, such as "004010/850"'])
  t.same(problems({ extends: 'a', narrow: {} }), ['"narrow" must be a list of objects'])
  t.same(problems({ extends: 'a', narrow: [{ at: 'CUR', requ: 'X' }, { req: 'N' }, { at: 'BEG02', codes: [] }] }), [
    'CUR: "requ" means nothing; use at, req, max, min, codes, note', 'narrow[1] must say at which place', 'narrow[1]: "req" cannot be "N"', 'BEG02: "codes" cannot be []',
  ])
  t.same(problems({ extends: 'a', rules: [{ sum: 'PO1/PO102' }, { count: 'PO1', sum: 'PO1', equals: 'CTT' }] }).length, 2)
})
