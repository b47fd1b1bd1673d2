import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pino from 'pino'
import t, { type Test } from 'tap'
import { createQueues, type QueueConnection, type Queues } from '../../src/jobs/queues.ts'
import { testDatabase } from '../helpers/database.ts'
import { until } from '../helpers/until.ts'

t.setTimeout(120_000)
const log = pino({ level: 'silent' })

const open = async (t: Test, connection: QueueConnection): Promise<Queues> => {
  const queues = await createQueues(connection, log)
  t.teardown(() => queues.close())
  return queues
}

/** A promise with its way to be kept outside. */
const gate = () => {
  let open = (): void => {}
  const passed = new Promise<void>(done => {
    open = done
  })
  return { open, passed }
}

/** What holds on either backend. */
const behaves = (t: Test, connect: (t: Test) => Promise<QueueConnection>) => {
  t.test('a worker gets the keys, and a key that waits is not added twice', async t => {
    const queues = await open(t, await connect(t))
    const keys = ['partnership:1/order:7', 'b', 'a:b', 'a_b', 'a%3Ab']
    await queues.enqueue('exchange', keys)
    await queues.enqueue('exchange', [...keys, 'b'])
    t.match(await queues.depths(), { exchange: { waiting: 5, active: 0 }, documents: { waiting: 0 } })
    const seen: string[] = []
    await queues.startWorker(
      'exchange',
      async key => {
        seen.push(key)
      },
      { concurrency: 2 },
    )
    await until(async () => seen.length === 5)
    t.strictSame(seen.sort(), [...keys].sort())
    await until(async () => (await queues.depths()).exchange.active === 0)
    await queues.enqueue('exchange', ['b'])
    await until(async () => seen.length === 6)
  })

  t.test('a key enqueued while it is worked on is worked on once more, and never twice at once', async t => {
    const queues = await open(t, await connect(t))
    let runs = 0
    let atOnce = 0
    let most = 0
    const started = gate()
    const finish = gate()
    await queues.startWorker(
      'documents',
      async () => {
        most = Math.max(most, ++atOnce)
        runs++
        started.open()
        await finish.passed
        atOnce--
      },
      { concurrency: 4 },
    )
    await queues.enqueue('documents', ['k'])
    await started.passed
    for (let i = 0; i < 5; i++) await queues.enqueue('documents', ['k'])
    t.equal(runs, 1)
    finish.open()
    await until(async () => runs === 2)
    await until(async () => Object.values((await queues.depths()).documents).every(count => count === 0))
    t.equal(runs, 2)
    t.equal(most, 1)
  })

  t.test('a handler that fails harms nobody', async t => {
    const queues = await open(t, await connect(t))
    const seen: string[] = []
    await queues.startWorker(
      'documents',
      async key => {
        seen.push(key)
        if (key === 'bad') throw new Error('it is broken')
      },
      { concurrency: 1 },
    )
    await queues.enqueue('documents', ['bad', 'good'])
    await until(async () => seen.length === 2)
    await until(async () => (await queues.depths()).documents.active === 0)
    await queues.enqueue('documents', ['bad'])
    await until(async () => seen.length === 3)
  })

  t.test('a schedule comes again and again, and its name is replaced', async t => {
    const queues = await open(t, await connect(t))
    const seen: string[] = []
    await queues.startWorker(
      'maintenance',
      async key => {
        seen.push(key)
      },
      { concurrency: 1 },
    )
    await queues.schedule('tick', { cron: '0 3 * * *' }, 'maintenance', 'nightly')
    t.match(await queues.depths(), { maintenance: { delayed: 1 } })
    await queues.schedule('tick', { everyMilliseconds: 50 }, 'maintenance', 'ticked')
    await until(async () => seen.length >= 3)
    t.ok(
      seen.every(key => key === 'ticked'),
      seen.join(),
    )
  })

  t.test('wiping forgets everything and leaves a queue that works', async t => {
    const queues = await open(t, await connect(t))
    await queues.enqueue('exchange', ['a', 'b'])
    await queues.schedule('nightly', { cron: '0 3 * * *' }, 'maintenance', 'sweep')
    await queues.wipe()
    t.match(await queues.depths(), { exchange: { waiting: 0 }, maintenance: { delayed: 0 } })
    const seen: string[] = []
    await queues.startWorker(
      'exchange',
      async key => {
        seen.push(key)
      },
      { concurrency: 1 },
    )
    await queues.enqueue('exchange', ['a'])
    await until(async () => seen.length === 1)
    t.strictSame(seen, ['a'])
  })

  t.test('a schedule lost with the queue comes back', async t => {
    const queues = await createQueues(await connect(t), log, { scheduleMilliseconds: 50 })
    t.teardown(() => queues.close())
    await queues.schedule('nightly', { cron: '0 3 * * *' }, 'maintenance', 'sweep')
    await queues.wipe()
    await until(async () => (await queues.depths()).maintenance.delayed === 1)
  })

  t.test('closing waits for what runs and tells it to stop', async t => {
    const queues = await createQueues(await connect(t), log)
    const started = gate()
    let finished = false
    await queues.startWorker(
      'exchange',
      async (_key, stopping) => {
        started.open()
        await new Promise(done => {
          stopping.addEventListener('abort', done)
        })
        finished = true
      },
      { concurrency: 1 },
    )
    await queues.enqueue('exchange', ['long'])
    await started.passed
    await queues.close()
    t.ok(finished)
  })

  t.test('the job of a process that died is taken up by another', async t => {
    const connection = await connect(t)
    const script = `
      const { createQueues } = await import('./src/jobs/queues.ts')
      const { default: pino } = await import('pino')
      const queues = await createQueues(JSON.parse(process.argv[1]), pino({ level: 'silent' }), { lockMilliseconds: 1500 })
      const work = async () => { process.stdout.write('working'); await new Promise(() => {}) }
      await queues.startWorker('exchange', work, { concurrency: 1 })`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, JSON.stringify(connection)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    t.teardown(() => child.kill('SIGKILL'))
    const queues = await createQueues(connection, log, { lockMilliseconds: 1500 })
    t.teardown(() => queues.close())
    await queues.enqueue('exchange', ['k'])
    await new Promise(done => child.stdout.once('data', done))
    child.kill('SIGKILL')
    // What is enqueued now joins the dead one's job.
    await queues.enqueue('exchange', ['k'])
    const seen: string[] = []
    await queues.startWorker(
      'exchange',
      async key => {
        seen.push(key)
      },
      { concurrency: 1 },
    )
    await until(async () => seen.length > 0, 60_000)
  })
}

t.test('on PostgreSQL', async t => {
  behaves(t, async t => ({ access: (await testDatabase(t)).access }))
})

t.test('on PostgreSQL the connections are few', async t => {
  const { access, owner } = await testDatabase(t)
  const queues = await open(t, { access })
  for (const queue of ['exchange', 'documents', 'maintenance'] as const)
    await queues.startWorker(queue, async () => {}, { concurrency: 4 })
  await queues.enqueue(
    'exchange',
    Array.from({ length: 200 }, (_, i) => `k${i}`),
  )
  await until(async () => (await queues.depths()).exchange.waiting === 0)
  const [row] = await owner<
    { n: number }[]
  >`select count(*)::int as n from pg_stat_activity where datname = current_database() and usename = 'accord_queue'`
  t.ok(row && row.n <= 8, `${row?.n} connections for three queues and three workers`)
})

t.test('on PostgreSQL a lost connection is made anew', async t => {
  const { access, owner } = await testDatabase(t)
  const queues = await open(t, { access })
  const seen: string[] = []
  await queues.startWorker(
    'exchange',
    async key => {
      seen.push(key)
    },
    { concurrency: 1 },
  )
  await queues.enqueue('exchange', ['before'])
  await until(async () => seen.length === 1)
  await owner`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and usename = 'accord_queue'`
  await until(async () => {
    await queues.enqueue('exchange', ['after']).catch(() => {})
    return seen.includes('after')
  })
})

/** A Redis of our own on a socket in a temporary folder. */
const startRedis = async (t: Test): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'accord-redis-'))
  const socket = join(folder, 'redis.sock')
  const server = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder], {
    stdio: 'ignore',
  })
  const ended = new Promise(done => server.once('exit', done))
  t.teardown(async () => {
    server.kill()
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  await until(() => existsSync(socket))
  return `unix://${socket}`
}

const noRedis = !process.env.REDIS_URL && spawnSync('redis-server', ['--version']).status !== 0

t.test('on Redis', { skip: noRedis && 'neither REDIS_URL nor a redis-server on the path' }, async t => {
  const url = process.env.REDIS_URL ?? (await startRedis(t))
  behaves(t, async () => {
    const redis = url.startsWith('unix://') ? new Redis({ path: url.slice(7) }) : new Redis(url)
    const keys = await redis.keys('{hub}:*')
    if (keys.length > 0) await redis.del(keys)
    await redis.quit()
    return { redisUrl: url }
  })
})

t.test('a Redis that cannot be reached is a wrong REDIS_URL', async t => {
  await t.rejects(createQueues({ redisUrl: 'redis://user:hidden@127.0.0.1:1' }, log), {
    name: 'ConfigError',
    variable: 'REDIS_URL',
    message: 'The Redis at redis://127.0.0.1:1 cannot be reached (connect ECONNREFUSED 127.0.0.1:1); check REDIS_URL.',
  })
})
