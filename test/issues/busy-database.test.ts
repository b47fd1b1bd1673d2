import t from 'tap'
import type { Database } from '../../src/db/client.ts'
import { getMessage, listSets } from '../../src/exchange/service.ts'
import { handlersFor } from '../../src/jobs/handlers.ts'
import { drain } from '../../src/jobs/work.ts'
import { DomainError } from '../../src/shared/errors.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { smallWorld } from '../helpers/world.ts'

const failures = {
  'no connection became free': new DomainError('hub/unavailable', { detail: 'No database connection became free within 30 s.' }),
  'a new connection could not be made': Object.assign(new Error('write CONNECT_TIMEOUT'), { code: 'CONNECT_TIMEOUT' }),
  'the name of the server was not found for a moment': Object.assign(new Error('getaddrinfo EAI_AGAIN db'), { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }),
}

for (const [name, failure] of Object.entries(failures))
  t.test(`${name}: the orders of a message are tried again, not quarantined`, async t => {
    const { db, owner } = await testDatabase(t)
    const w = await smallWorld(db)
    const [item] = w.items.retailerManufacturer
    const retailer = w.ctxOf('retailer')
    const text = interchange({ from: w.identityOf('retailer'), to: w.identityOf('manufacturer'), control: 1 }, 'PO', ['A-1', 'A-2'].map(number =>
      ['850', `BEG*00*SA*${number}**20261120`, `PO1*1*10*EA*${item!.price}**UP*${item!.upc}`, 'CTT*1'] as const))
    const { messageId } = await send(retailer, text)

    // When the sets have been read again and are about to be applied, there is no database for a moment.
    const state = async () => (await owner<{ state: string }[]>`select processing_state as state from message where id = ${messageId}`)[0]?.state
    let judged = 0
    const busy: Database = { ...db, app: { ...db.app, lease: async () => {
      if (await state() === 'processing' && (judged += 1) > 2 && judged < 6) throw failure
      return db.app.lease()
    } } }
    await drain({ db: busy, log: w.ctxOf('operator').log, now: () => new Date(), handlers: handlersFor({}) }, `edi ${w.id.retailer}`).catch(() => {})
    t.equal(await state(), 'processing')
    t.same((await owner`select state from message_set where message_id = ${messageId}`).map(row => row['state']), ['accepted', 'accepted'])

    await owner`update outbox set available_at = now()`
    await workOff(db)
    t.match(await getMessage(retailer, messageId), { processingState: 'processed' })
    t.match((await listSets(retailer, messageId)).items, [{ state: 'applied' }, { state: 'applied' }])
  })
