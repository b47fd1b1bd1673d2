import t from 'tap'
import {
  compareGuides, compareVerdicts, guideNamed, guideOf, judgedDifferently, learnGuide, readAll, standardVersions, type Narrowing, type Overlay,
} from '../../src/x12/index.ts'
import { bytesOf, corpusFiles, goodOrder, interchange, setsOf, skipWithoutCorpus } from './helper.ts'

const base = guideNamed('004010/850')
const over = (narrow: readonly Narrowing[], rules: Overlay['rules'] = []) => guideOf({ extends: '004010/850', narrow, rules })
const sentences = (narrow: readonly Narrowing[], rules?: Overlay['rules']) =>
  compareGuides(base.model, over(narrow, rules).model).map(({ effect, sentence }) => `${effect}: ${sentence}`)
const backwards = (narrow: readonly Narrowing[], rules?: Overlay['rules']) =>
  compareGuides(over(narrow, rules).model, base.model).map(({ effect, sentence }) => `${effect}: ${sentence}`)

t.test('what an overlay forbids, in sentences, and what is allowed again without it', async t => {
  t.same(sentences([]), [])
  t.same(sentences([{ at: 'CUR', req: 'X' }, { at: 'REF', req: 'M' }, { at: 'N1', max: 5 }]), [
    'stricter: CUR (Currency) is not allowed now; it was optional.',
    'stricter: REF (Reference) is required now; it was optional.',
    'stricter: N1 (Party or place) may come up to 5 times now; before, up to 200 times.',
  ])
  t.same(backwards([{ at: 'CUR', req: 'X' }]), ['looser: CUR (Currency) is optional now; it was not allowed.'])
  t.match(sentences([{ at: 'BEG03', max: 10 }, { at: 'PO1/PO103', codes: ['EA', 'CA'] }, { at: 'PO1/PO102', req: 'M' }]), [
    /^stricter: BEG03 \(.+\) has 1 to 10 characters now; before, 1 to 22 characters\.$/,
    /^stricter: PO1\/PO102 \(.+\) is required now; it was optional\.$/,
    'stricter: PO1/PO103 (Unit of measure) may only be CA, EA now; before, other codes were let through.',
  ])
  t.same(sentences([], [{ count: 'PO1', equals: 'CTT/CTT01' }]), ['stricter: Now the number of PO1 must equal CTT/CTT01, or there is a warning.'])
  t.same(backwards([], [{ count: 'PO1', equals: 'CTT/CTT01' }]), ['looser: It is no longer checked that the number of PO1 must equal CTT/CTT01.'])
})

t.test('kinds are told apart, and what holds of all of them is said once', async t => {
  const kinds: Narrowing[] = [
    { at: 'N1/N104', req: 'M' }, { at: 'N1[01=ST]', req: 'M', max: 1 }, { at: 'N1[01=ST]/N4', req: 'M' }, { at: 'N1[01=BY]', max: 1 }, { at: 'REF[01=DP]/REF02', max: 4 },
  ]
  const found = compareGuides(base.model, over(kinds).model)
  t.same(found.map(({ at, kind }) => `${at} ${kind}`), [
    'REF[01=DP]/REF02 length', 'N1/N104 usage', 'N1[01=ST] usage', 'N1[01=ST] occurrences', 'N1[01=ST]/N4 usage', 'N1[01=BY] occurrences',
  ])
  t.match(found[0]?.sentence, /^REF\[01=DP\]\/REF02 \(.*\) has 1 to 4 characters now; before, 1 to 30 characters\.$/)
})

t.test('between versions of the standard', async t => {
  const later = compareGuides(base.model, guideNamed('005010/850').model)
  t.ok(later.length > 0 && later.length < 200, `${later.length} differences`)
  const length = later.find(({ at, kind }) => at === 'REF02' && kind === 'length')
  t.match(length, { effect: 'looser', a: '1..30', b: '1..50' })
  t.ok((length?.alsoAt.length ?? 0) > 3, 'one difference of a segment is told once for all its places')
  for (const version of standardVersions) {
    const { model } = guideNamed(`${version}/850`)
    t.same(compareGuides(model, model), [], version)
  }
})

t.test('what has moved', async t => {
  const { model } = base
  const [first, second, third, ...rest] = model.root.body
  const moved = { ...model, root: { ...model.root, body: [first, third, second, ...rest] as typeof model.root.body } }
  const found = compareGuides(model, moved)
  t.match(found, [{ kind: 'order', effect: 'other', sentence: /^(CUR|REF) \(.+\) comes after (REF|BEG) now\.$/ }])
  t.equal(found.length, 1, 'the fewest that explain it')
})

t.test('which sets would be judged otherwise', async t => {
  const bytes = bytesOf(interchange([goodOrder, [...goodOrder.slice(0, 1), 'CUR*BY*USD', ...goodOrder.slice(1)]]))
  const { sets, different } = judgedDifferently(base, over([{ at: 'CUR', req: 'X' }]), bytes)
  t.equal(sets, 2)
  t.match(different, [{ set: '850', controlNumber: '0002', ordinal: 1, a: 'A', b: 'R', onlyA: [], onlyB: [{ kind: 'segment-not-used', segmentId: 'CUR' }] }])
  t.match(judgedDifferently(over([{ at: 'CUR', req: 'X' }]), base, bytes).different, [{ a: 'R', b: 'A', onlyA: [{ kind: 'segment-not-used' }], onlyB: [] }])
  t.match(judgedDifferently(base, over([], [{ count: 'PO1', equals: 'CTT/CTT01' }]), bytesOf(interchange([[...goodOrder.slice(0, 2), 'CTT*7']]))).different, [
    { a: 'A', b: 'A', onlyB: [{ kind: 'sum-mismatch', severity: 'warning' }] },
  ], 'a total')
  t.same(judgedDifferently(base, base, bytes), { sets: 2, different: [] })
  const [result] = setsOf(readAll(bytes))
  t.equal(result && compareVerdicts(result, result), undefined)
})

t.test('a guide that says nothing against a file judges it as the standard does', { skip: skipWithoutCorpus }, async t => {
  const samples = corpusFiles().filter(({ file }) => file.startsWith('850/'))
  const learned = learnGuide(base, samples)
  const leftOut = new Set(learned.profile.leftOut.map(({ file }) => file))
  const guide = guideOf(learned)
  for (const { file, bytes } of samples.filter(sample => !leftOut.has(sample.file))) {
    const changed = judgedDifferently(base, guide, bytes).different.filter(({ a, b }) => a !== b)
    t.same(changed, [], file)
  }
  const differences = compareGuides(base.model, guide.model)
  t.ok(differences.every(({ effect }) => effect === 'stricter'), 'an overlay only narrows')
  t.ok(differences.length >= learned.narrow.length * 0.9, `${learned.narrow.length} narrowings, ${differences.length} differences`)
})
