import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { accordHub, jsonLines } from './run.ts'

const sample = (name: string): string => fileURLToPath(new URL(`../../edi-samples/${name}`, import.meta.url))

t.test('learn: a guide from a folder, compared and used', async t => {
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
