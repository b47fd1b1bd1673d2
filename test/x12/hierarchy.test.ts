import t from 'tap'
import { faultsOf, interchange } from './helper.ts'

const shipNotice = (levels: readonly string[]): string =>
  interchange([['BSN*00*SH1*20240613*1015*0001', ...levels]], { id: '856', gs: 'GS*SH*BUYER*SELLER*20240613*1015*1*X*004010' })
const faults = (levels: readonly string[]): string[] => faultsOf(shipNotice(levels)).filter(fault => fault.startsWith('hl-'))

t.test('ids that are plain numbers, and those that are not', async t => {
  t.same(faults(['HL*1**S', 'HL*2*1*O', 'HL*3*2*I']), [])
  t.same(faults(['HL*01**S', 'HL*A*01*O', 'HL*B7*A*I']), [])
  t.same(faults(['HL*1**S', 'HL*01*1*O', 'HL*3*01*I']), [], '1 and 01 are two ids')
  t.same(faults(['HL*1**S', 'HL*2*01*O']), ['hl-parent-unknown HL02 @4'])
  t.same(faults(['HL*A**S', 'HL*A*A*O']), ['hl-id-duplicate HL01 @4'])
  t.same(faults(['HL*200000**S', 'HL*200000*200000*O']), ['hl-id-duplicate HL01 @4'], 'beyond the table')
  t.same(faults(['HL*131071**S', 'HL*131072*131071*O', 'HL*3*131072*I']), [], 'at the end of the table')
})

t.test('0 as the parent of what stands highest', async t => {
  t.same(faults(['HL*1*0*S', 'HL*2*1*O']), [])
  t.same(faults(['HL*1*0*S', 'HL*2*1*O', 'HL*3*0*S']), [], 'several shipments')
  t.same(faults(['HL*1*0*S', 'HL*2*0*O']), ['hl-parent-unknown HL02 @4'])
  t.same(faults(['HL*0**S', 'HL*1*0*O', 'HL*2*1*I']), [], 'a level numbered 0')
})

t.test('thousands of levels, and nothing of them in the next set', async t => {
  const many = ['HL*1**S', 'HL*2*1*O', ...Array.from({ length: 20_000 }, (_, i) => `HL*${i + 3}*2*I`)]
  t.same(faults(many), [])
  t.same(faults([...many, 'HL*700*2*I']), [`hl-id-duplicate HL01 @${many.length + 3}`])
  t.same(faults(['HL*1**S', 'HL*700*1*O']), [])
  t.same(faults(['HL*1**S', 'HL*2*700*O']), ['hl-parent-unknown HL02 @4'])
})

t.test('what HL04 says', async t => {
  t.same(faults(['HL*1**S*1', 'HL*2*1*O*0']), [])
  t.same(faults(['HL*1**S*0', 'HL*2*1*O*1']), ['hl-child-wrong HL04 @3', 'hl-child-wrong HL04 @4'])
  t.same(faults(['HL*X**S*0', 'HL*2*X*O']), ['hl-child-wrong HL04 @3'])
})
