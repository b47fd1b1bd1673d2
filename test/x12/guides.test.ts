import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import {
  compareGuides, guideNamed, guideOf, parseOverlay, readAll, shippedGuide, shippedGuides, shippedOverlays, standardGuide, type Guide, type GuideError,
} from '../../src/x12/index.ts'
import { bytesOf, corpusFiles, findingsOf, setsOf, skipWithoutCorpus } from './helper.ts'

const guideFolder = new URL('../../schemas/guides/', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'latin1')

/** Every finding, as `kind place @segment`. */
const judged = (guide: Guide, text: string): string[] =>
  findingsOf(readAll(bytesOf(text), { level: 'partner', guideFor: () => guide }))
    .map(f => `${f.kind} ${f.segmentId}${f.element ? String(f.element).padStart(2, '0') : ''} @${f.segmentPosition}`)

t.test('every shipped guide loads over each version that it holds for, and only narrows', async t => {
  t.same([...shippedGuides].sort(), readdirSync(guideFolder).sort())
  for (const name of shippedGuides) {
    for (const file of readdirSync(new URL(`${name}/`, guideFolder))) {
      const set = file.slice(0, 3)
      const overlay = parseOverlay(JSON.parse(readFileSync(new URL(`${name}/${file}`, guideFolder), 'utf8')))
      t.ok(overlay.name && overlay.about, `${name}/${file} says what it is`)
      for (const version of overlay.versions ?? ['004010']) {
        const guide = shippedGuide(name, set, version)
        t.match(guide, { set, version, model: { name: overlay.name } }, `${name}/${version}/${set}`)
        const differences = compareGuides((standardGuide(version, set) as Guide).model, (guide as Guide).model)
        t.same(differences.filter(({ effect }) => effect !== 'stricter'), [], `${name}/${version}/${set} only narrows`)
        t.ok(differences.length >= (overlay.narrow?.length ?? 0), `${name}/${version}/${set}: each of its lines tells`)
      }
    }
  }
})

t.test('guides by name', async t => {
  t.equal(guideNamed('004010/850'), standardGuide('004010', '850'))
  t.equal(guideNamed('vics/004010/850'), shippedGuide('vics', '850', '004010'))
  t.match(guideNamed('vics/850'), { version: '004010', set: '850' })
  t.match(guideNamed('vics/004030/850'), { version: '004030', set: '850' })
  t.equal(shippedGuide('vics', '850', '005010'), undefined, 'a version that it does not hold for')
  t.equal(shippedGuide('vics', '997', '004010'), undefined, 'a set that it does not have')
  t.equal(shippedGuide('../x12', '850', '004010'), undefined)
  t.same(shippedOverlays('northwind', '850', '004010').map(overlay => overlay.name), ['Retail (VICS)', 'Northwind Markets'], 'the industry first')
  const problems = (name: string) => {
    try {
      guideNamed(name)
      return []
    } catch (error) {
      return (error as GuideError).problems
    }
  }
  t.same(problems('nobody/850'), ['there is no guide nobody/850'])
  t.same(problems('009999/850'), ['there is no 850 in version 009999'])
  t.same(problems('vics/005010/850'), ['there is no guide vics/850 for version 005010'])
  t.same(problems('850'), ['"850" names no guide; write 004010/850 or vics/850'])
  t.throws(() => guideOf({ extends: 'northwind/850', narrow: [{ at: 'BEG03', max: 22 }] }), /maximum 22 is over 10/, 'what a guide forbids cannot be allowed again')
})

t.test('a suffix of GS08 chooses the guide of the industry', async t => {
  const order = read('../../edi-samples/850/two-lines.edi').replace('*24*EA*', '**EA*').replace('*EA*2.85*PE*', '***PE*').replace('PO1*1****PE', 'PO1*1****')
  const versions = ['004010', '004010VICS', '004010UCS']
  t.same(versions.map(version => setsOf(readAll(bytesOf(order.replace('X*004010', `X*${version}`))))[0]?.outcome), ['A', 'R', 'A'])
})

const samples: Readonly<Record<string, readonly [path: string, mutations: readonly (readonly [find: string, replace: string, ...findings: string[]])[]]>> = {
  'northwind/850': ['../../edi-samples/850/two-lines.edi', [
    ['BEG*00*SA*4500010003', 'BEG*00*BK*450001000X1', 'code-not-used BEG02 @2', 'element-too-long BEG03 @2'],
    ['REF*DP*031~', 'REF*PD*031~', 'segment-missing REF @4'],
    ['N1*ST*DC West*UL*0860001000207', 'N1*ST*DC West*92*0207', 'code-not-used N103 @12', 'element-too-short N104 @12'],
    ['*EA*2.85*PE*UP*', '*EA*2.85*PE*CB*', 'code-not-used PO106 @15'],
    ['TD5**2*', 'TD5**25*', 'code-not-used TD502 @9'],
    ['CTT*2~', 'CTT*2*61~', 'sum-mismatch CTT02 @21'],
  ]],
  'northwind/855': ['../../edi-samples/855/all-accepted.edi', [
    ['ACK*IA*24*EA~', '~', 'segment-empty PO1 @7', 'segment-missing ACK @7', 'set-count-wrong SE01 @10'],
    ['ACK*IA*24*EA~', 'ACK*IA~', 'element-missing ACK02 @7', 'element-missing ACK03 @7'],
    ['BAK*00*AD', 'BAK*00*AT', 'code-not-used BAK02 @2'],
  ]],
  'northwind/856': ['../../edi-samples/856/pallet.edi', [
    ['MAN*GM*00008600020001001011', 'MAN*CP*00008600020001001011', 'segment-missing MAN @25'],
    ['MAN*GM*00008600020001001011', 'MAN*GM*8600020001001011', 'element-too-short MAN02 @24'],
    ['REF*BM*', 'REF*2I*', 'segment-missing REF @10'],
    ['TD5**2*NWFL*M*Northwind Freight Lines', 'TD5*****Northwind Freight Lines', 'element-missing TD502 @7', 'element-missing TD503 @7'],
    ['REF*DP*031~', 'REF*IA*031~', 'segment-missing REF @20'],
    ['PRF*4500010003', 'PRF*45-1', 'element-too-short PRF01 @18'],
  ]],
  'northwind/810': ['../../edi-samples/810/what-was-shipped.edi', [
    ['REF*SI*', 'REF*BM*', 'segment-missing REF @6'],
    ['*4500010001***DI~', '*4500010001***FE~', 'code-not-used BIG07 @2'],
    ['CTT*3~', 'CTT*4~', 'sum-mismatch CTT01 @21'],
  ]],
  'lakeshore/830': ['guides/lakeshore/830.edi', [
    ['LIN*1*BP*', 'LIN*1*VP*', 'code-not-used LIN02 @5'],
    ['ATH*MT*', 'ATH*FI*', 'segment-over-max ATH @9'],
    ['FST*60*C*', 'FST*60*A*', 'code-not-used FST02 @17'],
    ['N1*SU*', 'N1*SF*', 'segment-missing N1 @5'],
    ['CTT*2*1620', 'CTT*2*1621', 'sum-mismatch CTT02 @19'],
  ]],
  'lakeshore/862': ['guides/lakeshore/862.edi', [
    ['REF*DK*D4~\nREF*LF', 'REF*19*D4~\nREF*LF', 'segment-missing REF @9'],
    ['FST*12*C*D*', 'FST*12*C*W*', 'code-not-used FST03 @14'],
    ['REL-049****A', 'REL-049', 'element-missing BSS11 @2'],
  ]],
  'lakeshore/856': ['guides/lakeshore/856.edi', [
    ['REF*LS*S0000485', 'REF*SE*S0000485', 'segment-missing REF @28'],
    ['CLD*4*12*BOX25~\nREF*LS*S0000481~\nREF*LS*S0000482~\nREF*LS*S0000483~\nREF*LS*S0000484~\n', '', 'segment-missing CLD @17', 'set-count-wrong SE01 @24'],
    ['TD3*TL**48213', 'TD3*TL', 'element-missing TD303 @8'],
    ['HL*3*1*I', 'HL*3*1*O', 'code-not-used HL03 @22'],
    ['DTM*011*20261203*0505', 'DTM*011*20261203', 'element-missing DTM03 @3'],
    ['SN1*2*12*EA*2412', 'SN1*2*12*EA', 'element-missing SN104 @24'],
  ]],
}

for (const [reference, [path, mutations]] of Object.entries(samples)) {
  t.test(`${reference}: a sample without fault, and what it tells of each change`, async t => {
    const guide = guideNamed(reference)
    const text = read(path)
    t.same(judged(guide, text), [])
    for (const [find, replace, ...findings] of mutations) {
      t.equal(text.split(find).length, 2, `"${find}" occurs once`)
      t.same(judged(guide, text.replace(find, replace)), findings, `${find} → ${replace}`)
    }
  })
}

/** A byte of the text dropped, doubled, or made another; or a stretch of segments moved. */
const damage = (text: string, [kind, at, by]: readonly [number, number, number]): string => {
  const place = Math.floor(at * text.length)
  if (kind === 0) return text.slice(0, place) + text.slice(place + 1)
  if (kind === 1) return text.slice(0, place) + text.charAt(place) + text.slice(place)
  if (kind === 2) return text.slice(0, place) + '*~0A9Z '.charAt(Math.floor(by * 7)) + text.slice(place + 1)
  const segments = text.split('~')
  const moved = segments.splice(3 + Math.floor(at * (segments.length - 6)), 1)
  segments.splice(3 + Math.floor(by * (segments.length - 5)), 0, ...moved)
  return segments.join('~')
}

t.test('whatever a guide accepts, the standard accepts', async t => {
  let accepted = 0
  for (const [reference, [path]] of Object.entries(samples)) {
    const text = read(path)
    const guide = guideNamed(reference)
    const standard = standardGuide(guide.version, guide.set) as Guide
    const outcome = (given: Guide, changed: string) => setsOf(readAll(bytesOf(changed), { guideFor: () => given }))[0]?.outcome
    const change = fc.tuple(fc.integer({ min: 0, max: 3 }), fc.double({ min: 0, max: 0.999, noNaN: true }), fc.double({ min: 0, max: 0.999, noNaN: true }))
    fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), changes => {
      const changed = changes.reduce(damage, text)
      if (outcome(guide, changed) !== 'A') return true
      accepted++
      return outcome(standard, changed) === 'A'
    }), { numRuns: 400 })
  }
  t.ok(accepted > 100, `${accepted} changed samples were accepted by their guide`)
})

t.test('no VICS file of tier A that the standard accepts is rejected', { skip: skipWithoutCorpus }, async t => {
  let judgedSets = 0
  for (const { file, tier, bytes } of corpusFiles()) {
    if (tier !== 'A') continue
    const plain = setsOf(readAll(bytes, { guideFor: ({ set, version }) => standardGuide(version.slice(0, 6), set) }))
    const narrowed = readAll(bytes).flatMap(event => event.type === 'set' ? [{ version: event.group.version, ...event.result }] : [])
    for (const [i, { outcome, version, set, findings }] of narrowed.entries()) {
      if (!version.endsWith('VICS') || plain[i]?.outcome === 'R') continue
      judgedSets++
      t.equal(outcome, 'A', `${file} ${set}: ${findings.find(({ severity }) => severity === 'error')?.message ?? ''}`)
    }
  }
  t.ok(judgedSets >= 10, `${judgedSets} sets`)
})
