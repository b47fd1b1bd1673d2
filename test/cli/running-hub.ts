import pino from 'pino'
import { startHub } from '../../src/hub.ts'
import { testConfig } from '../helpers/api.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, type Identity } from '../helpers/edi.ts'
import { smallWorld, type OrganisationName, type World } from '../helpers/world.ts'
import { accordHub } from './run.ts'

type Test = Parameters<typeof testDatabase>[0]

const hubIdentity: Identity = { qualifier: 'ZZ', id: 'ACCORDHUB', group: 'ACCORDHUB' }

/** A hub with its workers, listening, with the small world in it. */
export const runningHub = async (t: Test, roles = 'api,worker') => {
  const { access, db, owner } = await testDatabase(t)
  const world = await smallWorld(db)
  const hub = await startHub({ config: testConfig({ PORT: '0', ROLES: roles }), log: pino({ level: 'silent' }), access })
  t.teardown(() => hub.close())
  const run = (who: OrganisationName | null, args: readonly string[], input?: string | Uint8Array) =>
    accordHub(args, {
      env: { ACCORD_URL: hub.url ?? '', ...(who && { ACCORD_API_KEY: world.keyOf(who) }) },
      ...(input !== undefined && { input }),
    })
  return { world, owner, access, run, url: hub.url ?? '' }
}

/** An interchange of the retailer with an order for the supplier under each number. */
export const orders = (w: World, control: number, ...numbers: readonly string[]): string => {
  const [item] = w.items.retailerSupplier
  const set = (number: string): [string, ...string[]] => [
    '850',
    `BEG*00*SA*${number}**20261120`,
    'REF*IA*300077',
    'N1*ST*DC East*92*DC01',
    `PO1*1*10*EA*${item?.price}**UP*${item?.upc}*IN*${item?.buyerItem}`,
    'CTT*1',
  ]
  return interchange({ from: w.identityOf('retailer'), to: hubIdentity, control }, 'PO', numbers.map(set))
}
