import { spawn } from 'node:child_process'
import { chownSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pino from 'pino'
import postgres from 'postgres'
import t, { type Test } from 'tap'
import type { DatabaseAddress } from '../../src/db/address.ts'
import { connect, readAs, readSystem } from '../../src/db/client.ts'
import { findEmbedded, startEmbedded, type Embedded } from '../../src/db/embedded.ts'
import { migrate } from '../../src/db/migrate.ts'
import { homeOf, processesIn, run, sessionOf, users, type User } from '../helpers/platform.ts'
import { until } from '../helpers/until.ts'

t.setTimeout(180_000)
const log = pino({ level: 'silent' })
const self = users()[0] as User

const open = (t: Test, address: DatabaseAddress) => {
  const sql = postgres({
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    max: 1,
    onnotice: () => {},
  })
  t.teardown(() => sql.end({ timeout: 1 }))
  return sql
}

type Answer = { pid: number; adopted: boolean; address: DatabaseAddress; refused?: string }
const hub = async (t: Test, user: User, home: string) => {
  const process = run(t, user, 'embedded-hub.ts', [join(home, '.data')], home)
  return { ...process, answer: JSON.parse(await process.line()) as Answer }
}

/** In this process. */
const start = async (t: Test, dataDir: string): Promise<Embedded> => {
  const embedded = await startEmbedded({ dataDir, log })
  t.teardown(() => embedded.stop())
  return embedded
}

for (const user of users()) {
  t.test(`as ${user.name}, in a home that others cannot enter`, async t => {
    const home = homeOf(t, user)

    t.test('it starts, on a socket that nobody else can reach, and Ctrl-C leaves nothing', async t => {
      const { child, answer, line, exited } = await hub(t, user, home)
      t.match(answer, { adopted: false, address: { database: 'accord', user: 'accord_owner' } })
      const [row] = await open(
        t,
        answer.address,
      )`select current_setting('listen_addresses') as tcp, current_setting('server_encoding') as encoding,
        current_setting('synchronous_commit') as durable, lower('ÄÖ') as lower, 'a' < 'B' as dictionary`
      t.strictSame({ ...row }, { tcp: '', encoding: 'UTF8', durable: 'on', lower: 'äö', dictionary: false })
      const data = lstatSync(answer.address.host)
      t.equal(data.mode & 0o777, 0o700)
      t.not(data.uid, 0)
      if (process.platform === 'linux')
        t.not(sessionOf(answer.pid), sessionOf(child.pid ?? 0), 'what the terminal sends reaches the hub only')
      process.kill(-(child.pid ?? 0), 'SIGINT')
      t.equal(await line(), 'stopped')
      t.equal(await exited, 0)
      t.strictSame(processesIn(home), [])
      t.notOk(existsSync(join(home, '.data', 'hub.lock')))
    })

    t.test('after kill -9 the next hub goes on with the running server', async t => {
      const first = await hub(t, user, home)
      await open(t, first.answer.address)`create table kept as select 1 as n`
      first.child.kill('SIGKILL')
      await first.exited
      const second = await hub(t, user, home)
      t.match(second.answer, { pid: first.answer.pid, adopted: true })
      t.match(await open(t, second.answer.address)`select n from kept`, [{ n: 1 }])

      const third = await hub(t, user, home)
      t.match(
        third.answer.refused,
        new RegExp(
          `^Another hub \\(process ${second.child.pid}\\) is using .*; stop it first, or give this one another DATA_DIR\\.$`,
        ),
      )
      t.equal(await third.exited, 1)

      second.child.kill('SIGINT')
      t.equal(await second.line(), 'stopped')
      t.equal(await second.exited, 0)
      t.strictSame(processesIn(home), [])
    })

    t.test('after kill -9 of both the next hub recovers what was committed', async t => {
      const first = await hub(t, user, home)
      await open(t, first.answer.address)`insert into kept values (2)`
      first.child.kill('SIGKILL')
      process.kill(first.answer.pid, 'SIGKILL')
      await first.exited
      const second = await hub(t, user, home)
      t.equal(second.answer.adopted, false)
      t.match(await open(t, second.answer.address)`select n from kept order by n`, [{ n: 1 }, { n: 2 }])
      second.child.kill('SIGINT')
      t.equal(await second.exited, 0)
      t.strictSame(processesIn(home), [])
    })
  })
}

t.test('a postmaster.pid left behind with the number of another process is no obstacle', async t => {
  const home = homeOf(t, self)
  const first = await startEmbedded({ dataDir: home, log })
  const data = join(home, 'postgres', '18')
  const text = readFileSync(join(data, 'postmaster.pid'), 'utf8')
  await first.stop()
  await first.stop()
  const { uid, gid } = lstatSync(data)
  for (const name of ['postmaster.pid', '.s.PGSQL.5432.lock']) {
    writeFileSync(join(data, name), text.replace(/^\d+/, String(process.pid)))
    chownSync(join(data, name), uid, gid)
  }
  const second = await start(t, home)
  t.match(await open(t, second.address)`select 1 as n`, [{ n: 1 }])
})

t.test('a data folder that was not finished is made anew', async t => {
  const home = homeOf(t, self)
  mkdirSync(join(home, 'postgres', '18.new', 'base'), { recursive: true })
  const { address } = await start(t, home)
  t.match(await open(t, address)`select 1 as n`, [{ n: 1 }])
})

t.test('a path too long for a unix socket is gone round', async t => {
  const home = join(homeOf(t, self), 'a-folder-with-a-rather-long-name'.repeat(4), 'and-another')
  const embedded = await startEmbedded({ dataDir: home, log })
  t.ok(embedded.address.host.length < 90, embedded.address.host)
  const sql = open(t, embedded.address)
  t.match(await sql`select 1 as n`, [{ n: 1 }])
  await sql.end()
  await embedded.stop()
  t.notOk(existsSync(embedded.address.host), 'the short path is gone')
})

t.test('a command finds the database of the running hub, and none where none runs', async t => {
  const home = homeOf(t, self)
  t.equal(await findEmbedded(join(home, 'nothing')), undefined)
  const embedded = await startEmbedded({ dataDir: home, log })
  const found = await findEmbedded(home)
  t.match(found, { address: { database: 'accord' } })
  found?.close()
  await embedded.stop()
  t.equal(await findEmbedded(home), undefined)
})

t.test('a lock of a dead process, or of nobody, does not hold', async t => {
  const home = homeOf(t, self)
  const ended = spawn('true')
  await new Promise(done => ended.once('exit', done))
  for (const content of [
    JSON.stringify({ pid: ended.pid, started: 'long ago' }),
    JSON.stringify({ pid: process.pid, started: 'before the last boot' }),
    'no JSON',
    '',
  ]) {
    writeFileSync(join(home, 'hub.lock'), content)
    await (await startEmbedded({ dataDir: home, log })).stop()
  }
  t.notOk(existsSync(join(home, 'hub.lock')))
})

t.test(
  'a folder of another user is refused in one sentence',
  { skip: self.uid === 0 && users().length < 2 && 'needs setpriv' },
  async t => {
    if (self.uid !== 0) return t.pass('only root can give a folder away')
    const user = users()[1] as User
    const home = homeOf(t, user)
    mkdirSync(join(home, '.data', 'postgres', '18'), { recursive: true })
    for (const part of ['.data', '.data/postgres']) chownSync(join(home, part), user.uid, user.uid)
    const { answer } = await hub(t, user, home)
    t.match(answer.refused, /belongs to another user \(uid 0\); start the hub as that user or as root/)
    return undefined
  },
)

t.test('a server that does not start says why', async t => {
  const home = homeOf(t, self)
  await (await startEmbedded({ dataDir: home, log })).stop()
  await t.rejects(
    startEmbedded({ dataDir: home, log, settings: { shared_buffers: 'plenty' } }),
    /did not start; .*invalid value for parameter "shared_buffers"/,
  )
  rmSync(join(home, 'postgres', '18', 'global', 'pg_control'))
  await t.rejects(startEmbedded({ dataDir: home, log }), /did not start/)
  t.strictSame(processesIn(home), [])
  t.notOk(existsSync(join(home, 'hub.lock')))
})

t.test('the pools outlive a restart of the server', async t => {
  const home = homeOf(t, self)
  const first = await startEmbedded({ dataDir: home, log })
  const access = { address: first.address, secret: 'of the test' }
  await migrate(access)
  const db = connect({ ...access, poolSize: 3 })
  t.teardown(() => db.close())
  const heard: string[] = []
  let listening = 0
  await db.listen(
    'news',
    payload => heard.push(payload),
    () => {
      listening++
    },
  )
  const ask = () => Promise.all([1, 2, 3, 4].map(n => readAs(db, 'org_x', sql => sql`select ${n}::int as n`)))
  t.match(await ask(), [[{ n: 1 }], [{ n: 2 }], [{ n: 3 }], [{ n: 4 }]])
  await first.stop()
  for (let i = 0; i < 5; i++) await t.rejects(ask())
  const second = await start(t, home)
  t.match(await ask(), [[{ n: 1 }], [{ n: 2 }], [{ n: 3 }], [{ n: 4 }]])
  await until(() => listening === 2, 30_000)
  await readSystem(db, sql => sql`select pg_notify('news', 'again')`)
  await until(() => heard.length === 1)
  t.equal(second.adopted, false)
})

t.test('whatever else answers at the socket is not taken for our server', async t => {
  const home = homeOf(t, self)
  const first = await startEmbedded({ dataDir: home, log })
  const data = first.address.host
  await first.stop()
  const stranger = createServer(socket => {
    socket.end('hello')
  })
  await new Promise<void>(done => {
    stranger.listen(join(data, '.s.PGSQL.5432'), done)
  })
  await new Promise(done => {
    stranger.close(done)
  })
  t.match(await open(t, (await start(t, home)).address)`select 1 as n`, [{ n: 1 }])
})
