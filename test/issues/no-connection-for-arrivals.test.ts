import { createHash } from 'node:crypto'
import t from 'tap'
import type { Database } from '../../src/db/client.ts'
import { storeArrival, type SmallArrival } from '../../src/exchange/arrivals.ts'
import { DomainError } from '../../src/shared/errors.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'

t.test('when no connection becomes free, all that waits for one is told at once, not one after the other', async t => {
  const { db } = await testDatabase(t)
  const { id } = await smallWorld(db)
  let asked = 0
  const lease = async (): Promise<never> => {
    asked += 1
    throw new DomainError('hub/unavailable', { detail: 'No database connection became free within 30 s.' })
  }
  const full: Database = { ...db, app: { ...db.app, lease } }
  const arrivals = Array.from({ length: 20 }, (_, n): SmallArrival => ({
    transport: 'http',
    contentType: 'application/edi-x12',
    actor: 'a key',
    sha256: createHash('sha256').update(String(n)).digest(),
    bytes: Buffer.from(String(n)),
    sender: null,
    receiver: null,
    controlNumber: null,
    test: false,
  }))
  const outcomes = await Promise.allSettled(arrivals.map(arrival => storeArrival(full, id.retailer, arrival)))
  t.same(
    new Set(outcomes.map(outcome => (outcome.status === 'rejected' ? (outcome.reason as DomainError).code : 'kept'))),
    new Set(['hub/unavailable']),
  )
  t.equal(asked, 1, 'each time of asking takes half a minute')
})
