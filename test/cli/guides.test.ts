import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { accordHub, jsonLines } from './run.ts'
import { orders, runningHub } from './running-hub.ts'

const sample = (name: string): string => fileURLToPath(new URL(`../../edi-samples/${name}`, import.meta.url))

t.test('learn: a guide from a folder, compared and used', { timeout: 120_000 }, async t => {
  const good = await readFile(sample('850/two-lines.edi'), 'utf8')
  const folder = t.testdir({
    samples: { 'one.edi': good, 'two.edi': good.replace('ST*850*0001', 'ST*850*0002').replace('*0001~', '*0002~'), 'bad.edi': await readFile(sample('850/bad-date.edi'), 'utf8') },
    'not-json.json': '{',
    'wide.json': JSON.stringify({ extends: '004010/850', narrow: [{ at: 'BEG', req: 'O' }] }),
  })
  const guide = join(folder, 'guide.json')
  const learned = await accordHub(['x12', 'learn', join(folder, 'samples'), '--base', '004010/850', '--out', guide])
  t.equal(learned.code, 0)
  t.match(learned.stderr, /^left out {2}bad\.edi: set \d+: BEG05/)
  t.match(learned.stderr, /Learned from 2 sets in 2 files: \d+ places not used/)
  const text = await readFile(guide, 'utf8')
  t.match(JSON.parse(text), { extends: '004010/850', profile: { files: 2, leftOut: [{ file: 'bad.edi' }] } })
  t.match((await accordHub(['x12', 'learn', join(folder, 'samples'), '--base', '004010/850'])).stdout, text, 'or to standard output')

  const diff = await accordHub(['x12', 'diff', '004010/850', guide, '--files', join(folder, 'samples')])
  t.equal(diff.code, 1)
  t.match(diff.stdout, /^- \S+ \(.+\) is not allowed now; it was optional\.$/m)
  t.match(diff.stdout, /\d+ differences: \d+ stricter, 0 looser, 0 neither\.\n3 sets in 3 files: 0 judged otherwise/)
  const lines = jsonLines(await accordHub(['x12', 'diff', '004010/850', guide, '--json']))
  t.match(lines.at(0), { type: 'difference', effect: 'stricter' })
  t.match(lines.at(-1), { type: 'summary', set: '850', looser: 0 })
  t.match(await accordHub(['x12', 'diff', guide, guide]), { code: 0, stdout: /^0 differences/ })

  t.match(await accordHub(['x12', 'learn', join(folder, 'samples'), '--base', '004010/855']), { code: 1, stdout: '', stderr: /No file holds a set of 004010\/855/ })
  t.match(await accordHub(['x12', 'learn', join(folder, 'samples'), '--base', 'nonsense']), { code: 2, stderr: /"nonsense" names no guide/ })
  t.match(await accordHub(['x12', 'diff', '004010/850', '004010/855']), { code: 2, stderr: /nothing to compare/ })
  t.match(await accordHub(['x12', 'diff', '004010/850', join(folder, 'none.json')]), { code: 2, stderr: /none\.json does not exist/ })
  t.match(await accordHub(['x12', 'diff', '004010/850', join(folder, 'not-json.json')]), { code: 2, stderr: /is no JSON/ })
  t.match(await accordHub(['x12', 'diff', '004010/850', join(folder, 'wide.json')]), { code: 2, stderr: /BEG is mandatory and cannot become O/ })
})

t.test('guide: stored, previewed, put in force', { timeout: 120_000 }, async t => {
  const { world, run } = await runningHub(t)
  const folder = t.testdir({
    'order.json': JSON.stringify({ extends: '004010/850', narrow: [{ at: 'REF[01=DP]', req: 'M' }], profile: { files: 3 } }),
    'wide.json': JSON.stringify({ extends: '004010/850', narrow: [{ at: 'BEG', req: 'O' }] }),
  })
  t.match(await run('supplier', ['guide', 'list']), { code: 0, stdout: /There are no guides/ })
  t.match(await run('retailer', ['send', '-', '--wait'], orders(world, 1, 'G-1')), { code: 0 })
  const stored = await run('supplier', ['guide', 'store', join(folder, 'order.json'), '--name', 'Orders'])
  t.match(stored, { code: 0, stdout: /is a draft, revision 1 of 850 004010\.\nIt differs in 1 place from what it extends\.\nNext: accord-hub guide preview gde_/ })
  const id = /gde_[0-9a-f]{32}/.exec(stored.stdout)?.[0] ?? ''
  const preview = await run('supplier', ['guide', 'preview', id])
  t.match(preview, { code: 1, stdout: /^(msg_\w+ set 0: A → R\n {2}- REF.*\n){2}2 sets judged both ways, 2 of them otherwise\.\n$/ }, 'as the buyer sent it, and as the hub sent it on')
  t.match(await run('supplier', ['guide', 'activate', id]), { code: 0, stdout: 'Orders (850 of 004010, revision 1) is in force.\n' })
  t.match(await run('retailer', ['guide', 'list']), { code: 0, stdout: new RegExp(`${id} +850 +004010 +in +all +1 +active +Orders`) })
  t.match(await run('retailer', ['guide', 'retire', id]), { code: 1, stderr: /no such record/ })
  t.match(await run('supplier', ['guide', 'retire', id]), { code: 0, stdout: /is out of force/ })
  t.match(await run('supplier', ['guide', 'store', join(folder, 'wide.json')]), { code: 1, stderr: /BEG is mandatory/ })
  t.match(await run('supplier', ['guide', 'store', join(folder, 'none.json')]), { code: 2, stderr: /does not exist/ })
})
