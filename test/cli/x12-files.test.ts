import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readAll, type ReadEvent } from '../../src/x12/index.ts'
import { accordHub, jsonLines } from './run.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const sample = (name: string): string => join(repository, 'edi-samples', name)
const oneLine = (bytes: Uint8Array | string): string => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1')).replaceAll(/[\r\n]/g, '')

t.test('inspect: everything named, findings in place', async t => {
  const { code, stdout, stderr } = await accordHub(['x12', 'inspect', sample('850/one-good-one-bad.edi')])
  t.match({ code, stderr }, { code: 1, stderr: '' })
  // oxlint-disable-next-line no-control-regex
  t.notMatch(stdout, /\u001b/, 'plain when piped')
  t.match(stdout, /^ISA {2}Interchange header\n {2}ISA01 +Authorisation qualifier +00 = None\n/)
  t.match(stdout, / {2}GS {3}Group header\n {4}GS01 +Kind of documents +PO = Purchase order\n/)
  t.match(stdout, /\n {4}850 Purchase order 0001 {2}accepted\n/)
  t.match(stdout, /\n {4}850 Purchase order 0002 {2}rejected, 1 error\n/)
  t.match(stdout, /\n {6}BEG03 .*\(empty\)\n {6}✗ BEG03 .* is required but empty\. Fill it in\.\n/, 'a finding under its element')
  t.match(stdout, /\n {6}N1 {3}Party.*\n(.*\n)+? {8}N3 /, 'a loop is indented')
  t.match(stdout, /\ninterchange accepted\n\n$/)

  const russian = await accordHub(['x12', 'inspect', sample('850/one-good-one-bad.edi'), '--language', 'ru'])
  t.match(russian.stdout, /✗ BEG03 .*: обязательный элемент не заполнен\. Заполните его\.\n/)

  const notice = await accordHub(['x12', 'inspect', sample('856/pick-and-pack-short.edi')])
  t.match(notice, { code: 0, stdout: /\n {6}HL .*\n(.*\n)+? {8}HL .*\n(.*\n)+? {10}HL .*\n(.*\n)+? {12}HL / }, 'levels by who hangs on whom')
  t.match(await accordHub(['x12', 'inspect', '-'], { input: 'hello' }), { code: 2, stderr: /holds no X12 interchange/ })
})

t.test('inspect: for programs', async t => {
  const items = jsonLines(await accordHub(['x12', 'inspect', '--format', 'json', sample('850/one-good-one-bad.edi'), '--language', 'zh']))
  t.same(items.map(item => item['type']), ['interchange', 'group', 'set', 'set', 'group-end', 'interchange-end'])
  t.match(items[3], {
    set: '850', name: '采购订单', outcome: 'R', errors: 1,
    children: [{}, { segment: 'BEG', elements: [{}, {}, { id: 'BEG03', value: '', findings: [{ kind: 'element-missing', message: /为必填项/ }] }] }],
  })
})

t.test('validate and ack by a guide, and in a language', async t => {
  const folder = t.testdir({
    'only-blanket.json': JSON.stringify({ extends: '004010/850', narrow: [{ at: 'BEG/BEG02', codes: ['BK'] }, { at: 'FOB', req: 'X' }] }),
    'no-guide.json': '{"narrow": 7}',
    'no-json.json': 'hello',
  })
  const guide = ['--guide', join(folder, 'only-blanket.json')]
  const order = sample('850/two-lines.edi')
  const { code, stdout } = await accordHub(['x12', 'validate', order, ...guide, '--language', 'th', '--format', 'json'])
  t.equal(code, 1)
  const findings = jsonLines({ code, stdout, stderr: '' }).slice(0, -1)
  t.match(findings, [{ kind: 'code-not-used', value: 'SA', message: /รหัสที่ใช้ได้: BK/ }, { kind: 'segment-not-used' }])
  t.match(await accordHub(['x12', 'validate', sample('855/all-accepted.edi'), ...guide]), { code: 0 }, 'a guide of another set does not apply')
  t.match(await accordHub(['x12', 'validate', order, '--guide', 'vics', ...guide, '--json']), { code: 0 }, 'the first that fits')
  t.match(await accordHub(['x12', 'validate', order, '--guide', 'vics/850']), { code: 0 })
  t.match(await accordHub(['x12', 'validate', order, '--guide', '005010/850']), { code: 0 }, 'a guide of another version does not apply')

  const at = ['--time', '2026-03-02T09:30:00Z']
  t.match((await accordHub(['x12', 'ack', order, ...guide, ...at])).stdout, /~AK3\*BEG\*2\*\*8~AK4\*2\*92\*7\*SA~AK3\*FOB\*\d+\*\*2~AK5\*R\*5~/)
  t.match((await accordHub(['x12', 'ack', order, ...guide, ...at, '--as', '999'])).stdout, /~ST\*999\*.*~IK3\*BEG\*2\*\*I?8~IK4\*2\*92\*I6\*SA~.*~IK5\*R\*I5~/)
  t.match((await accordHub(['x12', 'ack', order, ...at, '--as', '999'])).stdout, /~ST\*999\*0001~AK1\*PO\*\d+\*004010~AK2\*850\*0001~IK5\*A~AK9\*A\*1\*1\*1~/)

  for (const [name, sentence] of [
    ['no-such-guide', /names no guide|no guide/], [join(folder, 'missing.json'), /does not exist/],
    [join(folder, 'no-guide.json'), /"extends" must name/], [join(folder, 'no-json.json'), /is no JSON/], ['vics/999', /no guide|names no guide/],
  ] as const) {
    t.match(await accordHub(['x12', 'validate', order, '--guide', name]), { code: 2, stdout: '', stderr: sentence }, name)
  }
})

t.test('json and write are each other\'s inverse', async t => {
  for (const name of ['850/two-lines.edi', '850/other-delimiters.edi', '850/two-sellers-one-group.edi', '856/pick-and-pack-short.edi', '997/for-a-group-never-sent.edi']) {
    const lines = await accordHub(['x12', 'json', sample(name)])
    t.equal(lines.code, 0, name)
    const back = await accordHub(['x12', 'write', '-'], { input: lines.stdout })
    t.match(back, { code: 0, stderr: '' }, name)
    t.equal(oneLine(back.stdout), oneLine(await readFile(sample(name))), `${name} is as it was`)
  }
})

t.test('write: numbers, line ends, checks', async t => {
  const one = (await accordHub(['x12', 'json', sample('850/two-lines.edi')])).stdout.trim()
  const line = JSON.parse(one) as Record<string, never> & { interchange: object; group: object; root: { id: string; children: { id: string; elements: unknown[] }[] } }
  const { interchange, group, root } = line
  const folder = t.testdir({
    'three.ndjson': [
      { set: '850', root, interchange, group }, { set: '850', root }, { set: '850', controlNumber: '0042', root, group: { ...group, controlNumber: '9' } },
    ].map(value => JSON.stringify(value)).join('\n'),
  })
  const written = await accordHub(['x12', 'write', join(folder, 'three.ndjson'), '--control', '500', '--newline', 'lf'])
  t.match(written, { code: 0, stderr: '' })
  const segments = count(root) + 2
  const envelope = written.stdout.split('\n').filter(text => /^(ISA|GS|ST|SE|GE|IEA)\*/.test(text)).map(text => {
    const [id = '', ...elements] = text.replace('~', '').split('*')
    return [id, ...(id === 'ISA' ? elements.slice(12, 13) : id === 'GS' ? elements.slice(5, 6) : elements)].join(' ')
  })
  t.same(envelope, [
    'ISA 000000500', 'GS 500', 'ST 850 0001', `SE ${segments} 0001`, 'ST 850 0002', `SE ${segments} 0002`, 'GE 2 500',
    'GS 501', 'ST 850 0042', `SE ${segments} 0042`, 'GE 1 501', 'IEA 2 000000500',
  ])
  t.same(readAll(Buffer.from(written.stdout)).flatMap(findings), [])

  const bad = async (change: (value: Record<string, unknown>) => void) => {
    const value = JSON.parse(one) as Record<string, unknown>
    change(value)
    return accordHub(['x12', 'write', '-'], { input: `${one}\n\n${JSON.stringify(value)}\n` })
  }
  const changed = async (id: string, element: number, value: unknown) => bad(value_ => {
    const segment = (value_ as unknown as typeof line).root.children.find(child => child.id === id)
    if (segment) segment.elements[element - 1] = value
  })
  t.match(await changed('BEG', 5, '20261350'), { code: 1, stderr: /^Line 3: 850 0001 is not written: BEG05 .* is not a date/ })
  t.match(await changed('BEG', 3, 'A*B'), { code: 1, stderr: /^Line 3: BEG03 .* holds a delimiter/ })
  t.match(await changed('BEG', 3, 7), { code: 1, stderr: /^Line 3: "root\.children\[0\]\.elements\[2\]" must be text/ })
  t.match(await bad(value => { delete value['set'] }), { code: 1, stderr: /^Line 3: "set" is missing\.\n$/ })
  t.match(await bad(value => { value['outcome'] = 'R'; delete value['root'] }), { code: 1, stderr: /^Line 3: the set was rejected/ })
  t.match(await bad(value => { value['interchange'] = 'x' }), { code: 1, stderr: /"interchange" is no object/ })
  t.match(await accordHub(['x12', 'write', '-'], { input: 'hello' }), { code: 1, stderr: 'Line 1: it is no JSON.\n' })
  t.match(await accordHub(['x12', 'write', '-'], { input: '' }), { code: 2, stderr: /holds no lines/ })
  t.match(await accordHub(['x12', 'write', '-'], { input: JSON.stringify({ set: '850', root }) }), { code: 1, stderr: /"interchange" is missing/ })
  const faulty = await accordHub(['x12', 'json', '--all', sample('850/bad-date.edi')])
  t.match(faulty.code, 1)
  t.match(await accordHub(['x12', 'write', '-', '--no-check'], { input: faulty.stdout }), { code: 0, stdout: oneLine(await readFile(sample('850/bad-date.edi'))) })
})

const count = (loop: { children: { id: string }[] }): number =>
  loop.children.reduce((total, child) => total + ('children' in child ? count(child as unknown as typeof loop) : 1), 0)
const findings = (event: ReadEvent) => ('finding' in event ? [event.finding] : 'result' in event ? event.result.findings : [])

t.test('query', async t => {
  const order = sample('850/two-lines.edi')
  t.match(await accordHub(['x12', 'query', 'FOREACH(PO1)=>PO101', order]), { code: 0, stdout: '1\n2\n', stderr: '' })
  t.match(await accordHub(['x12', 'query', 'N102:N101["ST"]', order]), { code: 0, stdout: /^.+\n$/ })
  t.match(await accordHub(['x12', 'query', 'ISA06', order]), { code: 0, stdout: 'NORTHWIND\n' })
  t.match(await accordHub(['x12', 'query', 'HL+S+O+P+I-LIN03', sample('856/pick-and-pack-short.edi')]), { code: 0, stdout: /^.+\n/ })
  t.match(jsonLines(await accordHub(['x12', 'query', 'BEG03', '--format', 'json', sample('850/one-good-one-bad.edi')])), [
    { set: '850', controlNumber: '0001', groupControlNumber: '131', interchangeControlNumber: '000000131', values: ['4500010031'] },
  ])
  t.match(await accordHub(['x12', 'query', 'CUR02', order]), { code: 1, stdout: '' })
  t.match(await accordHub(['x12', 'query', 'nonsense', order]), { code: 2, stdout: '', stderr: /"nonsense" cannot be asked/ })
  t.match(await accordHub(['x12', 'query', 'BEG03', '-'], { input: 'hello' }), { code: 2 })
})

t.test('split, and each part stands by itself', async t => {
  const parts = await Promise.all(['850/two-sellers-one-group.edi', '850/other-delimiters.edi', '850/one-good-one-bad.edi', '850/two-lines.edi', '850/two-lines.edi'].map(name => readFile(sample(name))))
  const batch = Buffer.concat(parts)
  const folder = t.testdir({ 'batch.edi': batch })
  const all = readAll(batch)
  for (const [by, type] of [['interchange', 'interchange-end'], ['group', 'group-end'], ['set', 'set']] as const) {
    const into = join(folder, by)
    const { code, stdout } = await accordHub(['x12', 'split', join(folder, 'batch.edi'), '--by', by, '--into', into])
    t.equal(code, 0)
    const expected = all.filter(event => event.type === type)
    const names = stdout.trim().split('\n')
    t.equal(names.length, expected.length, by)
    t.same((await readdir(into)).sort(), names.map(name => name.slice(into.length + 1)).sort())
    for (const [i, name] of names.entries()) {
      const bytes = await readFile(name)
      const events = readAll(bytes)
      t.same(events.flatMap(event => event.type === 'junk' || event.type === 'interchange-end' || event.type === 'group-end' ? findings(event) : []), [], `${name}: complete envelopes`)
      const event = expected[i]
      if (event?.type === 'set') {
        const { start, end } = event.result
        t.ok(bytes.includes(batch.subarray(start, end)), `${name}: byte for byte`)
        t.equal(events.filter(one => one.type === 'set').length, 1)
      }
    }
  }
  t.match(await readdir(join(folder, 'interchange')).then(names => names.filter(name => name.includes('again')).length), 1, 'the same control number twice')
  t.match(await accordHub(['x12', 'split', join(folder, 'batch.edi'), '--into', join(folder, 'set')]), { code: 1, stderr: /is already there/ })
  t.match(await accordHub(['x12', 'split', '-', '--into', folder]), { code: 2, stderr: /Only a file can be split/ })
  await writeFile(join(folder, 'none.edi'), 'hello')
  t.match(await accordHub(['x12', 'split', join(folder, 'none.edi'), '--into', folder]), { code: 2, stderr: /holds no X12/ })
  const cut = parts[3] as Buffer
  await writeFile(join(folder, 'cut.edi'), cut.subarray(0, cut.lastIndexOf('SE*') + 9))
  const { code, stdout } = await accordHub(['x12', 'split', join(folder, 'cut.edi'), '--by', 'set', '--into', join(folder, 'cut'), '--json'])
  t.equal(code, 0)
  const [{ file } = { file: '' }] = jsonLines<{ file: string }>({ code, stdout, stderr: '' })
  t.match(readAll(await readFile(file)).at(-1), { type: 'interchange-end', result: { outcome: 'A', findings: [] } }, 'an envelope is completed')
})
