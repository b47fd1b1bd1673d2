import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { accordHub, jsonLines } from './run.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const sample = (name: string): string => join(repository, 'edi-samples', name)

t.test('validate: a good file, a bad one, and what is not X12', async t => {
  const good = await accordHub(['x12', 'validate', sample('850/two-lines.edi')])
  t.match(good, { code: 0, stderr: '' })
  t.match(good.stdout, /two-lines\.edi +850 +004010 +accepted\n/)
  t.match(good.stdout, /1 file: 1 accepted, 0 rejected, 0 unreadable\. 1 set: 1 accepted, 0 rejected\.\n$/)
  // oxlint-disable-next-line no-control-regex
  t.notMatch(good.stdout, /\u001b/, 'no colour when piped')

  const bad = await accordHub(['x12', 'validate', sample('850/bad-date.edi')])
  t.equal(bad.code, 1)
  t.match(bad.stdout, /bad-date\.edi +850 +004010 +rejected +1 error\n/)
  t.match(bad.stdout, /850 0001 in group 125\n {2}error {4}BEG05 Date \(segment 2\) is "20261350", which is not a date.* \(byte 171\)/, 'every finding of a single file, by set')

  t.match(await accordHub(['x12', 'validate', sample('850/not-x12.edi')]), { code: 2, stdout: /unreadable +No X12 interchange/ })
  t.match(await accordHub(['x12', 'validate', '-'], { input: '' }), { code: 2, stdout: /standard input .* The file is empty\./ })
  t.match(await accordHub(['x12', 'validate', 'no-such-file.edi']), {
    code: 2,
    stdout: '',
    stderr: 'no-such-file.edi does not exist.\n',
  })
})

t.test('validate: several files, a folder, standard input, levels', async t => {
  const folder = t.testdir({
    'one.edi': await readFile(sample('850/two-lines.edi')),
    below: { 'two.X12': await readFile(sample('850/bad-date.edi')), 'notes.md': 'not looked at' },
  })
  const all = await accordHub(['x12', 'validate', folder, sample('850/not-x12.edi')])
  t.equal(all.code, 2, 'the worst of them')
  t.match(all.stdout, /3 files: 1 accepted, 1 rejected, 1 unreadable\./)
  t.match(all.stdout, /two\.X12 +850 +004010 +rejected +BEG05 Date .* is not a date/, 'of several files the first reasons')
  t.match((await accordHub(['x12', 'validate', folder])).code, 1)
  t.match(await accordHub(['x12', 'validate', dirname(sample('feed.json')), '--level', 'nothing']), {
    code: 2,
    stderr: /Allowed choices/,
  })

  const input = await readFile(sample('850/bad-date.edi'))
  t.match(
    await accordHub(['x12', 'validate', '-', '--level', 'envelope'], { input }),
    { code: 0 },
    'a date is no matter of the envelope',
  )
  t.match(await accordHub(['x12', 'validate', '-', '-']), { code: 2, stderr: /once only/ })
})

t.test('validate: for programs', async t => {
  const files = [sample('850/two-lines.edi'), sample('850/one-good-one-bad.edi')]
  const { code, stdout } = await accordHub(['x12', 'validate', '--format', 'json', ...files])
  const lines = jsonLines({ code, stdout, stderr: '' })
  t.equal(code, 1)
  t.match(lines.at(0), {
    type: 'finding',
    file: files[1],
    severity: 'error',
    kind: 'element-missing',
    segmentId: 'BEG',
    element: 3,
    set: '850',
    setControlNumber: '0002',
  })
  const summary = lines.at(-1)
  t.match(summary, {
    type: 'summary',
    level: 'full',
    accepted: 1,
    rejected: 1,
    unreadable: 0,
    setsAccepted: 2,
    setsRejected: 1,
    errors: 1,
  })
  t.match(summary, {
    files: [
      { outcome: 'accepted', sets: { 850: 1 } },
      { outcome: 'rejected', sets: { 850: 2 }, versions: ['004010'] },
    ],
  })
  t.equal(lines.filter(line => line['type'] === 'summary').length, 1)
  t.same(jsonLines(await accordHub(['x12', 'validate', '--json', ...files])), lines, '--json is the same')
})

t.test('ack writes the 997 and the TA1', async t => {
  const at = ['--control', '42', '--time', '2026-03-02T09:30:00Z']
  const bad = await accordHub(['x12', 'ack', sample('850/bad-date.edi'), ...at])
  t.same(bad, {
    code: 0,
    stderr: '',
    stdout:
      'ISA*00*          *00*          *ZZ*ACCORD         *ZZ*NORTHWIND      *260302*0930*U*00401*000000042*0*P*>~' +
      'GS*FA*ACCORD*NORTHWIND*20260302*0930*42*X*004010~ST*997*0001~AK1*PO*125~AK2*850*0001~AK3*BEG*2**8~' +
      'AK4*5*373*8*20261350~AK5*R*5~AK9*R*1*1*0~SE*8*0001~GE*1*42~IEA*1*000000042~',
  })
  const asked = await accordHub(['x12', 'ack', sample('850/asks-for-ta1.edi'), ...at])
  t.match(
    asked.stdout,
    /\*000000042\*0\*P\*>~TA1\*.*~IEA\*.*ISA\*.*\*000000043\*0\*P\*>~GS\*FA/s,
    'each in an interchange of its own, numbers counting up',
  )
  const whole = await accordHub(['x12', 'ack', sample('850/one-good-one-bad.edi'), '--detail', 'group'])
  t.match(whole.stdout, /AK1\*PO\*\d+~AK9\*P\*2\*2\*1~/)

  const asJson = jsonLines(await accordHub(['x12', 'ack', sample('850/asks-for-ta1.edi'), '--json']))
  t.match(asJson, [
    { kind: 'TA1', controlNumber: 1, x12: /~TA1\*/ },
    { kind: '997', controlNumber: 2, x12: /~GS\*FA/ },
  ])

  t.match(
    await accordHub(['x12', 'ack', '-'], { input: bad.stdout }),
    { code: 0, stdout: '', stderr: /Nothing in it calls/ },
    'a 997 is not acknowledged',
  )
  t.match(await accordHub(['x12', 'ack', sample('850/not-x12.edi')]), { code: 2, stdout: '', stderr: /holds no X12 interchange/ })
  t.match(await accordHub(['x12', 'ack', sample('850/two-lines.edi'), '--control', '0']), { code: 2 })
})

t.test('json: one set per line', async t => {
  const { code, stdout, stderr } = await accordHub(['x12', 'json', sample('850/one-good-one-bad.edi')])
  t.match({ code, stderr }, { code: 1, stderr: '' })
  const [good, bad] = jsonLines({ code, stdout, stderr })
  t.match(good, {
    set: '850',
    controlNumber: '0001',
    version: '004010',
    outcome: 'A',
    interchange: { senderId: 'NORTHWIND', usage: 'P' },
    group: { functionalId: 'PO' },
    root: { id: '850', children: [{ id: 'BEG', elements: ['00', 'SA', String] }] },
  })
  t.match(bad, { outcome: 'R', findings: [{ kind: 'element-missing' }] })
  t.notOk(bad !== undefined && 'root' in bad, 'a rejected set has no tree')
  t.match(await accordHub(['x12', 'json', sample('850/two-lines.edi')]), { code: 0 })
  t.match(await accordHub(['x12', 'json', '-'], { input: 'hello' }), { code: 2 })
})

const corpus = join(repository, '../shared/corpus')
t.test('over the corpus', { skip: existsSync(corpus) ? false : 'the corpus is not here: ../shared/corpus' }, async t => {
  const manifest = await readFile(join(corpus, 'manifest.tsv'), 'utf8')
  const files = manifest
    .split('\n')
    .map(line => line.split('\t'))
    .filter(
      ([, tier, sets, version]) =>
        tier?.startsWith('A') && /^((850|855|856|810|830|997)(x\d+)?(,|$))+$/.test(sets ?? '') && version?.startsWith('004010'),
    )
    .map(([file = '']) => file)
  const rejected = (await readFile(new URL('../x12/corpus-rejected.tsv', import.meta.url), 'utf8'))
    .split('\n')
    .slice(1)
    .map(line => line.split('\t')[0] ?? '')
  const ran = await accordHub(['x12', 'validate', '--json', ...files], { cwd: corpus })
  const summary = jsonLines<{ unreadable: number; files: { file: string; outcome: string }[] }>(ran).at(-1)
  t.equal(summary?.files.length, files.length)
  t.equal(summary?.unreadable, 0)
  const unexplained = summary?.files.filter(({ file, outcome }) => (outcome === 'rejected') !== rejected.includes(file))
  t.same(unexplained, [], 'each rejection is explained in test/x12/corpus-rejected.tsv')
})
