import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { accordHub } from './run.ts'

const commands = [
  ['send'],
  ['status'],
  ['outbox', 'list'],
  ['outbox', 'fetch'],
  ['replay'],
  ['print'],
  ['import'],
  ['migrate'],
  ['backup'],
  ['restore'],
  ['user', 'add'],
  ['key', 'create'],
  ['x12', 'validate'],
  ['x12', 'inspect'],
  ['x12', 'ack'],
  ['x12', 'json'],
  ['x12', 'write'],
  ['x12', 'query'],
  ['x12', 'split'],
  ['x12', 'learn'],
  ['x12', 'diff'],
  ['guide', 'store'],
  ['guide', 'preview'],
]

t.test('help and version', async t => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  t.same(await accordHub(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
  const help = await accordHub(['--help'])
  t.match(help, { code: 0, stdout: /Exit codes:\n {2}0 {2}done/, stderr: '' })
  await Promise.all(
    commands.map(async command => {
      const { code, stdout } = await accordHub([...command, '--help'])
      t.equal(code, 0, command.join(' '))
      t.match(stdout, /Exit codes:/, `${command.join(' ')} says what it exits with`)
      t.match(stdout, /Examples?:\n {2}\$ /, `${command.join(' ')} has an example`)
      t.match(stdout, / --json /, `${command.join(' ')} prints JSON`)
    }),
  )
})

t.test('wrong usage exits with 2 and one sentence', async t => {
  for (const args of [
    [],
    ['sned'],
    ['send'],
    ['send', 'x', '--nonsense'],
    ['import', 'customers', 'x.csv'],
    ['print', 'stickers', 'ASN-1'],
    ['print', 'labels', 'ASN-1', '--output', '-', '--json'],
    ['user', 'add', 'a@b.example'],
    ['x12', 'ack'],
    ['key', 'create', '--organisation', 'o', '--name', 'n', '--role', 'boss'],
  ])
    t.match(await accordHub(args), { code: 2, stdout: '' }, args.join(' '))
  const env = {
    DATABASE_URL: 'postgres://owner@localhost/accord',
    ACCORD_SECRET: 'a secret of more than 32 characters, for tests',
  }
  const cwd = t.testdir()
  const cases: [string[], RegExp, Record<string, string>?][] = [
    [['user', 'add', 'nobody', '--organisation', 'operator', '--role', 'viewer'], /^nobody is no e-mail address\.\n$/, env],
    [
      ['key', 'create', '--organisation', 'o', '--name', 'n', '--role', 'viewer', '--scopes', 'all'],
      /^There is no scope all; /,
      env,
    ],
    [
      ['key', 'create', '--organisation', 'o', '--name', 'n', '--role', 'viewer', '--expires', '2001-01-01'],
      /^2001-01-01 is past/,
      env,
    ],
    [['status', '--url', 'localhost:4000'], /^localhost:4000 is no address of a hub/],
    [['migrate'], /^ACCORD_SECRET must be set when DATABASE_URL is/, { DATABASE_URL: env.DATABASE_URL }],
    [['migrate'], /^DATABASE_URL must be /, { DATABASE_URL: 'mysql://x' }],
    [['backup', 'x.backup'], /^There is no database in .* yet\./],
  ]
  await Promise.all(
    cases.map(async ([args, sentence, settings]) => {
      const { code, stderr } = await accordHub(args, { cwd, env: settings ?? {} })
      t.equal(code, 2, args.join(' '))
      t.match(stderr, sentence)
      t.notMatch(stderr, /^ +at /m, 'no stack trace')
    }),
  )
})

t.test('a hub that is not there, or is none', async t => {
  const server = createServer((_request, response) => {
    response.end('<html>hello</html>')
  })
  await new Promise<void>(done => {
    server.listen(0, '127.0.0.1', done)
  })
  t.teardown(() => server.close())
  const strange = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.match(await accordHub(['status', '--url', strange]), { code: 1, stderr: /is not an Accord hub\.\n$/ })
  t.match(await accordHub(['outbox', 'list', '--url', strange]), { code: 1, stderr: /is not an Accord hub/ })
  // A port of its own that nothing listens on any more.
  const free = createServer()
  await new Promise<void>(done => {
    free.listen(0, '127.0.0.1', done)
  })
  const gone = `http://127.0.0.1:${(free.address() as AddressInfo).port}`
  await new Promise(done => {
    free.close(done)
  })
  t.match(await accordHub(['status'], { env: { ACCORD_URL: gone } }), { code: 1, stderr: /does not answer \(ECONNREFUSED\)/ })
  const asJson = await accordHub(['status', '--json'], { env: { ACCORD_URL: gone } })
  t.match(JSON.parse(asJson.stderr), { error: { code: 'hub/unreachable', message: /does not answer/ } })
})
