import { readdirSync } from 'node:fs'
import t from 'tap'
import { GuideError, lint, narrowedGuide, standardGuide, standardVersions, type Guide, type Overlay } from '../../src/x12/index.ts'
import { modelOf, type SchemaFiles, type SetFile } from '../../src/x12/guide.ts'
import { findingsOf, interchange, readText, setsOf } from './helper.ts'

const head = ['BEG*00*SA*4711**20240613', 'REF*DP*42']
const lines = ['PO1*1*10*EA*4.5**UP*047559001009', 'PO1*2*2.5*EA*4**UP*047559001010']
const parties = ['N1*BY*BUYER*92*01', 'N1*ST*DC*92*02', 'N4*SEATTLE']
const order = (...segments: string[]): string => interchange([segments])

/** What an overlay says of an order, as `kind segment @position`. */
function judged(overlay: Omit<Overlay, 'extends'>, text: string, level: 'full' | 'partner' = 'full'): string[] {
  const guide = narrowedGuide('004010', '850', { extends: '004010/850', ...overlay })
  return findingsOf(readText(text, { guideFor: () => guide, level })).map(f => `${f.kind} ${f.segmentId}${f.element ? String(f.element).padStart(2, '0') : ''} @${f.segmentPosition}`)
}

t.test('shipped schemas load', async t => {
  for (const version of standardVersions) {
    for (const name of readdirSync(new URL(`../../schemas/x12/${version}/`, import.meta.url))) {
      const set = /^(\d{3})\.json$/.exec(name)?.[1]
      if (!set) continue
      const guide = standardGuide(version, set)
      t.match(guide, { set, version }, name)
      t.same(lint((guide as Guide).model), [], `${name} is free of lint`)
    }
  }
  t.equal(standardGuide('004010', '../elements'), undefined)
  t.equal(standardGuide('009999', '850'), undefined)
})

const files: SchemaFiles = {
  version: '004010', composites: {},
  elements: { 1: { name: 'One', type: 'AN', min: 1, max: 3 }, 2: { name: 'Two', type: 'ID', min: 2, max: 2, codes: ['AA', 'TOOLONG'] } },
  segments: { AA: { name: 'A', elements: ['1', { ref: '2', req: 'M' }], syntax: ['P0102'] }, BB: { name: 'B', elements: ['9'], syntax: ['P0109', 'Z01'] } },
}
const set = (body: SetFile['body']): SetFile => ({ set: '111', group: 'ZZ', body })

t.test('references that lead nowhere are named', async t => {
  try {
    modelOf(files, set([{ seg: 'AA' }, { seg: 'BB' }, { seg: 'CC' }]))
    t.fail('loaded')
  } catch (error) {
    t.ok(error instanceof GuideError)
    t.same((error as GuideError).problems, ['BB01: element 9 is not defined', 'BB: syntax note P0109 cannot be read', 'BB: syntax note Z01 cannot be read', 'segment CC is not defined'])
  }
})

t.test('lint finds loops without a first segment, places never reached, codes that do not fit', async t => {
  const model = modelOf(files, set([{ seg: 'AA' }, { seg: 'AA' }, { loop: 'X', body: [] }, { loop: 'Y', body: [{ loop: 'AA', body: [{ seg: 'AA' }] }] }]))
  t.same(lint(model), [
    'AA02: code TOOLONG does not fit 2..2', '111/AA: cannot be told from the AA before it', '111/X: the loop is empty', '111/Y: a loop must begin with a segment',
  ])
})

t.test('usage', async t => {
  t.same(judged({ narrow: [{ at: 'CUR', req: 'M' }] }, order(...head, ...lines)), ['segment-missing CUR @3'])
  t.same(judged({ narrow: [{ at: 'REF', req: 'X' }] }, order(...head, ...lines)), ['segment-not-used REF @3'])
  t.same(judged({ narrow: [{ at: 'N1', req: 'M' }] }, order(...head, ...lines)), ['segment-missing N1 @4'])
  t.same(judged({ narrow: [{ at: 'PO1/PO106', req: 'X' }] }, order(...head, ...lines)), ['element-not-used PO106 @4', 'element-not-used PO106 @5'])
  t.same(judged({ narrow: [{ at: 'BEG/BEG07', req: 'M' }] }, order(...head, ...lines)), ['element-missing BEG07 @2'])
})

t.test('codes, lengths, occurrences', async t => {
  t.same(judged({ narrow: [{ at: 'BEG02', codes: ['NE', 'RL'] }] }, order(...head, ...lines)), ['code-not-used BEG02 @2'])
  t.same(judged({ narrow: [{ at: 'BEG03', max: 3 }] }, order(...head, ...lines)), ['element-too-long BEG03 @2'])
  t.same(judged({ narrow: [{ at: 'PO1', max: 1 }] }, order(...head, ...lines)), ['loop-over-max PO1 @5'])
  t.same(judged({ narrow: [{ at: 'REF', max: 1 }] }, order(...head, 'REF*IA*1', ...lines)), ['segment-over-max REF @4'])
})

t.test('kinds of segments and loops, in any order', async t => {
  const overlay = {
    narrow: [
      { at: 'REF[01=DP]', req: 'M' as const, max: 1 },
      { at: 'REF[01=DP]/REF02', max: 3 },
      { at: 'N1[01=ST]', req: 'M' as const, max: 1 },
      { at: 'N1[01=ST]/N4', req: 'M' as const },
      { at: 'N1[01=VN]', req: 'X' as const },
    ],
  }
  t.same(judged(overlay, order(...head, ...parties, ...lines)), [])
  t.same(judged(overlay, order(head[0] as string, 'REF*IA*7', 'REF*DP*42', ...parties.slice(1), parties[0] as string, ...lines)), [])
  t.same(judged(overlay, order(head[0] as string, 'REF*IA*7', ...parties, ...lines)), ['segment-missing REF @4'])
  t.same(judged(overlay, order(...head, 'REF*DP*43', ...parties, ...lines)), ['segment-over-max REF @4'])
  t.same(judged(overlay, order(head[0] as string, 'REF*DP*4242', ...parties, ...lines)), ['element-too-long REF02 @3'])
  t.same(judged(overlay, order(...head, parties[0] as string, ...lines)), ['segment-missing N1 @5'])
  t.same(judged(overlay, order(...head, ...parties.slice(0, 2), ...lines)), ['segment-missing N4 @6'])
  t.same(judged(overlay, order(...head, ...parties, 'N1*ST*DC*92*02', 'N4*SEATTLE', ...lines)), ['loop-over-max N1 @7'])
  t.same(judged(overlay, order(...head, ...parties, 'N1*VN*US*92*02', ...lines)), ['segment-not-used N1 @7'])
  const guide = narrowedGuide('004010', '850', { extends: '004010/850', ...overlay })
  const tree = (text: string, given: Guide) => setsOf(readText(text, { tree: true, guideFor: () => given }))[0]?.transaction?.root
  t.same(tree(order(...head, ...parties, ...lines), guide), tree(order(...head, ...parties, ...lines), standardGuide('004010', '850') as Guide), 'the tree is the same')
})

t.test('one overlay on another keeps the kinds of the first', async t => {
  const over = (...narrow: NonNullable<Overlay['narrow']>[number][]): Overlay => ({ extends: '004010/850', narrow })
  const first = over({ at: 'N1[01=ST]', req: 'M', max: 1 }, { at: 'N1[01=ST]/N4', req: 'M' }, { at: 'REF[01=DP]', req: 'M' })
  const second = over({ at: 'N1[01=ST]/N103', req: 'M' }, { at: 'N1[01=BY]', max: 1 }, { at: 'N1/N4/N402', req: 'M' })
  const faults = (text: string, ...overlays: Overlay[]): string[] => {
    const guide = narrowedGuide('004010', '850', ...overlays)
    return findingsOf(readText(text, { guideFor: () => guide })).map(f => `${f.kind} ${f.segmentId}${f.element ? String(f.element).padStart(2, '0') : ''} @${f.segmentPosition}`)
  }
  const bare = ['N1*ST*DC', 'N1*BY*ONE*92*01', 'N1*BY*TWO*92*02', 'N4*SEATTLE']
  t.same(faults(order(head[0] as string, ...bare, ...lines), first, second), [
    'segment-missing REF @3', 'element-missing N103 @3', 'segment-missing N4 @4', 'loop-over-max N1 @5', 'element-missing N402 @6',
  ])
  t.same(faults(order(...head, 'N1*ST*DC*92*02', 'N4*SEATTLE*WA', ...lines), first, second), [])
  t.same(faults(order(...head, 'N1*ST*DC*92*02', 'N4*SEATTLE*WA', ...lines), first, second, second, first), [], 'twice is as good as once')
  t.throws(() => narrowedGuide('004010', '850', first, over({ at: 'N1[01=ST|BT]', max: 1 })), /some of its codes are a kind of their own already/)
  t.throws(() => narrowedGuide('004010', '850', first, over({ at: 'N1[01=ST]', req: 'O' })), /mandatory and cannot become O/)
  t.throws(() => narrowedGuide('004010', '850', first, over({ at: 'N1', req: 'X' })), /one of its kinds is mandatory/)
})

t.test('sums and counts, at the level of the partner', async t => {
  const overlay = { rules: [{ count: 'PO1', equals: 'CTT/CTT01' }, { sum: 'PO1/PO102', equals: 'CTT/CTT02' }] }
  t.same(judged(overlay, order(...head, ...lines, 'CTT*2*12.5'), 'partner'), [])
  t.same(judged(overlay, order(...head, ...lines, 'CTT*3*12.50'), 'partner'), ['sum-mismatch CTT01 @6'])
  t.same(judged(overlay, order(...head, ...lines, 'CTT*2*99'), 'partner'), ['sum-mismatch CTT02 @6'])
  t.same(judged(overlay, order(...head, ...lines, 'CTT*2*99')), [])
  const [set] = setsOf(readText(order(...head, ...lines, 'CTT*9'), {
    level: 'partner', guideFor: () => narrowedGuide('004010', '850', { extends: '004010/850', ...overlay }),
  }))
  t.equal(set?.outcome, 'A', 'a sum never rejects')
  t.equal(set?.findings[0]?.message, 'CTT01 (segment 6) is "9" but the number of PO1 is 2. Correct whichever is wrong.')
})

t.test('an overlay that widens or names what is not there is refused', async t => {
  const refused = (...narrow: NonNullable<Overlay['narrow']>): readonly string[] => {
    try {
      narrowedGuide('004010', '850', { extends: '004010/850', narrow })
      return []
    } catch (error) {
      return (error as GuideError).problems
    }
  }
  t.same(refused({ at: 'BEG', req: 'O' }), ['BEG is mandatory and cannot become O'])
  t.same(refused({ at: 'PER', max: 99 }), ['PER may occur 3 times; 99 would widen it'])
  t.same(refused({ at: 'BEG03', max: 99 }), ['BEG03: maximum 99 is over 22'])
  t.same(refused({ at: 'BEG03', min: 0 }), ['BEG03: minimum 0 is under 1'])
  t.same(refused({ at: 'BEG99', req: 'M' }), ['BEG99: BEG has 12 elements'])
  t.same(refused({ at: 'PO1/PID08', codes: ['Q'] }), ['PO1/PID08 does not exist in 850'], 'PID is in a loop of its own')
  t.same(refused({ at: 'PO1/PID/PID08', codes: ['Q'] }), ['PO1/PID/PID08: code Q is not in the standard'])
  t.same(refused({ at: 'BSN', req: 'M' }), ['BSN does not exist in 850'])
  t.same(refused({ at: 'beg' }), ['"beg" is not a place'])
  t.match(refused(...Array.from({ length: 40 * 40 }, (_, i) => ({ at: `N1[01=${10 + i % 40}]/REF[01=${10 + Math.floor(i / 40)}]`, req: 'M' as const }))), [/1640 kinds of segments and loops apart/])
  t.throws(() => narrowedGuide('004010', '999', { extends: '004010/999' }), { name: 'GuideError' })
})
