import t from 'tap'
import { findingsOf, faultsOf, goodOrder, interchange, readText, setsOf } from './helper.ts'

const [beg, po1, ctt] = goodOrder as [string, string, string]
const order = (...segments: string[]): string => interchange([segments])
const asn = (...segments: string[]): string =>
  interchange([['BSN*00*S1*20240613*1015*0001', ...segments]], { id: '856', gs: 'GS*SH*BUYER*SELLER*20240613*1015*1*X*004010' })

const places: [name: string, text: string, expected: string[]][] = [
  ['an unknown segment', order(beg, 'XYZ*1', po1, ctt), ['segment-unknown XYZ @3']],
  ['a segment of other sets only', order(beg, 'BSN*00*1*20240613*1015', po1, ctt), ['segment-not-in-set BSN @3']],
  ['a segment whose loop is not open', order(beg, 'N3*A STREET', po1, ctt), ['segment-unexpected N3 @3']],
  ['a segment too late', order(beg, po1, 'CUR*BY*USD', 'FOB*PP', 'CUR*BY*USD', ctt), ['segment-out-of-order CUR @6']],
  ['a mandatory segment missing', order(po1, ctt), ['segment-missing BEG @2']],
  ['a mandatory loop missing', order(beg, ctt), ['segment-missing PO1 @3']],
  ['everything missing', order(), ['segment-missing BEG @2', 'segment-missing PO1 @2']],
  ['a segment too often', order(beg, 'CUR*BY*USD', 'CUR*BY*USD', po1, ctt), ['segment-over-max CUR @4']],
  ['a loop too often', order(beg, ...Array.from({ length: 201 }, () => 'N1*ST*A'), po1, ctt), ['loop-over-max N1 @203']],
  ['loops repeated in order', order(beg, 'N1*BY*A', 'N3*S', 'N1*ST*B', 'N4*CITY', po1, 'PID*F****X', po1, 'N1*ST*C', ctt), []],
]

const elements: [name: string, text: string, expected: string[]][] = [
  ['a required element missing', order('BEG*00*SA***20240613', po1, ctt), ['element-missing BEG03 @2']],
  ['an element too short', order(beg, 'REF*D*1', po1, ctt), ['element-too-short REF01 @3']],
  ['an element too long', order(beg, `REF*DP*${'1'.repeat(31)}`, po1, ctt), ['element-too-long REF02 @3']],
  ['a control character', order(beg, 'REF*DP*1\u00072', po1, ctt), ['element-invalid-character REF02 @3']],
  ['letters in a number', order(beg, 'PO1*1*1O*EA', ctt), ['element-invalid-character PO102 @3']],
  ['two points in a number', order(beg, 'PO1*1*1.0.0*EA', ctt), ['element-invalid-character PO102 @3']],
  ['a sign and a point do not count as length', order(beg, 'PO1*1*-12345678.9*EA*.5', ctt), []],
  ['a number with an exponent', order(beg, 'PO1*1*1.5E3*EA*25E-2', ctt), []],
  ['an exponent without digits', order(beg, 'PO1*1*15E*EA', ctt), ['element-invalid-character PO102 @3']],
  ['a date that does not exist', order('BEG*00*SA*1**20230229', po1, ctt), ['date-invalid BEG05 @2']],
  ['the leap day', order('BEG*00*SA*1**20240229', po1, ctt), []],
  ['a time that does not exist', order(beg, 'DTM*010*20240613*2460', po1, ctt), ['time-invalid DTM03 @3']],
  ['an unknown code', order(beg, po1, 'PID*S**VI*1****Q', ctt), ['code-unknown PID08 @4']],
  ['one element too many', order(beg, 'PER*IC**TE*1******X', po1, ctt), ['element-too-many PER10 @3']],
  ['a pair half sent', order(beg, 'PO1*1*10*EA*4.5**UP', ctt), ['element-condition-missing PO107 @3']],
  ['a condition not met', order(beg, 'PO1*1*10*EA**PE', ctt), ['element-condition-missing PO104 @3']],
  ['none of several sent', order(beg, 'REF*DP', po1, ctt), ['element-condition-missing REF02 @3']],
  ['blanks that fill up to the minimum', order(beg, 'N1*ST*A', 'N3*S', 'N4*X *WA', po1, ctt), []],
  ['a component where there is none', order(beg, 'REF*DP*1>2', po1, ctt), ['component-too-many REF02-2 @3']],
]

for (const [name, text, expected] of [...places, ...elements]) {
  t.test(name, async t => {
    t.same(faultsOf(text).filter(fault => !fault.startsWith('code-unlisted')), expected)
    t.equal(setsOf(readText(text))[0]?.outcome, expected.length === 0 ? 'A' : 'R')
  })
}

t.test('blanks around a value are a warning, never a rejection', async t => {
  const events = readText(order('BEG*00 *SA *4711   **20240613', 'PO1* 1*10 *EA', ctt))
  t.equal(setsOf(events)[0]?.outcome, 'A')
  t.same([...new Set(findingsOf(events).map(f => `${f.kind} ${f.severity}`))], ['element-blank warning'])
})

t.test('a code outside a partial list is a warning', async t => {
  const events = readText(order(beg, 'REF*Q9Q*1', po1, ctt))
  t.equal(setsOf(events)[0]?.outcome, 'A')
  t.match(findingsOf(events), [{ kind: 'code-unlisted', severity: 'warning', value: 'Q9Q', element: 1 }])
})

t.test('a finding says where, what and which codes', async t => {
  const text = order(beg, 'N1*ST*DC*92*12', 'N4*SEATTLE*WASHINGTON', po1, ctt)
  const [found] = findingsOf(readText(text))
  t.match(found, {
    kind: 'element-too-long', severity: 'error', offset: text.indexOf('N4*'), segmentPosition: 4, segmentId: 'N4', loopPath: ['N1'],
    element: 2, component: 0, elementReference: '156', value: 'WASHINGTON', segmentCode: '8', elementCode: '5', setCode: '5',
  })
  t.match(found?.message, /^N402 .*\(segment 4\) is "WASHINGTON", which is longer than 2 characters\. Shorten it\.$/)
})

t.test('levels: syntax leaves codes alone', async t => {
  const text = order(beg, po1, 'PID*S**VI*1****Q', ctt)
  t.equal(setsOf(readText(text))[0]?.outcome, 'R')
  t.equal(setsOf(readText(text, { level: 'syntax' }))[0]?.outcome, 'A')
})

t.test('UTF-8 is measured in characters', async t => {
  const name = 'ก'.repeat(60)
  const text = Buffer.from(order(beg, 'N1*ST*NAME', po1, ctt).replace('NAME', name), 'utf8').toString('latin1')
  t.match(faultsOf(text), ['element-too-long N102 @3'])
  t.same(faultsOf(text, { encoding: 'utf8' }), [])
  const [set] = setsOf(readText(text, { encoding: 'utf8', tree: true }))
  t.match(JSON.stringify(set?.transaction), name)
})

t.test('hierarchies: ids are new and parents came before', async t => {
  t.same(faultsOf(asn('HL*1**S', 'HL*2*1*O', 'HL*3*2*T', 'HL*4*3*I')), [])
  t.same(faultsOf(asn('HL*1**S', 'HL*1*1*O')), ['hl-id-duplicate HL01 @4'])
  t.same(faultsOf(asn('HL*1**S', 'HL*2*7*O')), ['hl-parent-unknown HL02 @4'])
  t.same(faultsOf(asn('HL*1**S', 'HL*2*1*I', 'HL*3*2*O')), ['hl-level-order HL03 @5'])
  const byCode = (code: string, ...segments: string[]): string[] => faultsOf(asn(...segments).replace('1015*0001~', `1015*${code}~`))
  t.same(byCode('0003', 'HL*1**S', 'HL*2*1*T', 'HL*3*2*P', 'HL*4*3*O', 'HL*5*4*I', 'HL*6*5*F'), [], 'packs in tares, components in items')
  t.same(byCode('0003', 'HL*1**S', 'HL*2*1*P', 'HL*3*2*T'), ['hl-level-order HL03 @5'])
  t.same(faultsOf(asn('HL*1**S', 'HL*2**O')), ['hl-parent-missing HL02 @4'], 'only what stands highest hangs below nothing')
  t.same(faultsOf(asn('HL*1**S', 'HL*2**S')), [], 'several shipments')
  t.same(faultsOf(asn('HL*1**S*1', 'HL*2*1*O*0')), [])
  t.same(faultsOf(asn('HL*1**S*0', 'HL*2*1*O*1')), ['hl-child-wrong HL04 @3', 'hl-child-wrong HL04 @4'])
})

t.test('a hostile set cannot make findings grow without bound', async t => {
  const [set] = setsOf(readText(order(beg, ...Array.from({ length: 5000 }, () => 'XX*1'), po1, ctt)))
  t.equal(set?.findings.length, 1001)
  t.match(set?.findings.at(-1), { kind: 'findings-suppressed', params: { found: 4000 } })
})

t.test('blanks around a value are told, but reject nothing', async t => {
  const text = order(beg, 'REF*DP* 12 ', po1, ctt)
  t.same(faultsOf(text), ['element-blank REF02 @3'])
  t.equal(setsOf(readText(text))[0]?.outcome, 'A')
})
