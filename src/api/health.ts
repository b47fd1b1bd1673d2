import type { FastifyInstance } from 'fastify'
import { readSystem } from '../db/client.ts'

const patienceMilliseconds = 3000

/** `/healthz`: this process runs. `/readyz`: it can serve: the database and the queue answer within three seconds. */
export const registerHealth = (app: FastifyInstance, queueReady: () => Promise<unknown>): void => {
  const { db } = app.accord
  const quiet = { schema: { hide: true }, config: { rateLimit: false, quiet: true } } as const
  app.get('/healthz', quiet, async () => ({ status: 'ok' }))
  app.get('/readyz', quiet, async (request, reply) => {
    const [database, queue] = await Promise.all([outcome(readSystem(db, sql => sql`select 1`)), outcome(queueReady())])
    const ready = database === 'ok' && queue === 'ok'
    if (!ready) request.log.warn({ database, queue }, 'not ready')
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'unavailable', database, queue })
  })
}

const outcome = async (check: Promise<unknown>): Promise<'ok' | 'unavailable'> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'unavailable'>(resolve => {
    timer = setTimeout(() => resolve('unavailable'), patienceMilliseconds)
  })
  try {
    return await Promise.race([
      check.then(
        () => 'ok' as const,
        () => 'unavailable' as const,
      ),
      late,
    ])
  } finally {
    clearTimeout(timer)
  }
}
