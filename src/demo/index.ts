import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { asSystem, type Database } from '../db/client.ts'
import type { Logger } from '../db/context.ts'
import { clientOf, feedSamples, type FeedTotals } from './feed.ts'
import { playPartners } from './partners.ts'
import { seedWorld, type Seeded } from './world.ts'

export { isEmpty } from './world.ts'

export type DemoOptions = {
  readonly hub: { readonly db: Database; readonly url: string; readonly localUrl: string }
  readonly config: Config
  readonly log: Logger
  readonly say: (line: string) => void
}

/** Where the generated passwords and keys are kept for the person who started the demo: readable by its owner only. */
const accountsFile = (config: Config): string => join(config.DATA_DIR, 'demo-accounts.txt')

/** Loads the demo world into an empty database, feeds it the samples over HTTP, and says what came of it. */
export const loadDemo = async ({ hub, config, log, say }: DemoOptions): Promise<void> => {
  say(
    '\nLoading the demo world: Northwind Markets buys from Harbor Foods, Prairie Mills and Cascade Packaging; Harbor Foods buys as well.',
  )
  const seeded = await seedWorld(hub.db, log, () => new Date())
  mkdirSync(config.DATA_DIR, { recursive: true, mode: 0o700 })
  rmSync(accountsFile(config), { force: true }) // a new file gets the mode, an old one would keep its own
  writeFileSync(accountsFile(config), accountsText(hub.url, seeded), { mode: 0o600 })
  const client = clientOf(hub.localUrl, seeded.keys)
  say('Feeding edi-samples/ through POST /api/edi:')
  const totals = await feedSamples(client, say)
  say('Partners without EDI answer, ship and invoice through the API, and a buyer receives; both sides publish forecasts:')
  await playPartners(client, say)
  await quiet(hub.db)
  say(await summary(hub.db, totals))
  say(`\n${accountsText(hub.url, seeded)}`)
}

/** What a later start shows of a demo loaded before; undefined when there is none. */
export const demoAccounts = (config: Config): string | undefined => {
  try {
    return readFileSync(accountsFile(config), 'utf8')
  } catch {
    return undefined
  }
}

const accountsText = (url: string, { accounts, keys }: Seeded): string =>
  [
    'Sign in (POST /api/session) as one of:',
    ...accounts
      .filter(({ role }) => role !== 'viewer')
      .map(
        ({ email, password, organisation, role }) =>
          `  ${email.padEnd(34)} ${password}   ${organisation}, ${role.replace('_', ' ')}`,
      ),
    'API keys:',
    ...Object.values(keys).map(({ name, token }) => `  ${name.padEnd(20)} ${token}`),
    'Send an order as Northwind Markets:',
    `  curl -H 'Authorization: Bearer ${keys['northwind']?.token ?? ''}' -H 'Content-Type: application/edi-x12' --data-binary @edi-samples/850/try-me.edi ${url}/api/edi`,
    '',
  ].join('\n')

/** Waits until nothing is left to do. */
const quiet = async (db: Database): Promise<void> => {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    const [row] = await asSystem(
      db,
      tx => tx.sql<{ count: number }[]>`select count(*)::int as count from outbox where state = 'pending'`,
    )
    if (row?.count === 0) return
    await new Promise(resolve => {
      setTimeout(resolve, 50)
    })
  }
}

const summary = async (db: Database, totals: FeedTotals): Promise<string> => {
  const [counts] = await asSystem(
    db,
    tx => tx.sql<
      {
        orders: number
        answers: number
        shipments: number
        receipts: number
        invoices: number
        forecasts: number
        acknowledgements: number
        documents: number
        exceptions: number
      }[]
    >`
    select (select count(*)::int from purchase_order) as orders, (select count(*)::int from order_response) as answers, (select count(*)::int from shipment) as shipments,
      (select count(*)::int from receipt) as receipts,
      (select count(*)::int from invoice) as invoices, (select count(*)::int from forecast) as forecasts,
      (select count(*)::int from message_set s join message m on m.id = s.message_id where m.direction = 'out' and s.set_id = '997') as acknowledgements,
      (select count(*)::int from delivery where state = 'sent') as documents, (select count(*)::int from exception where state not in ('resolved', 'auto_resolved')) as exceptions`,
  )
  if (!counts) throw new Error('the demo could not be counted')
  return [
    '',
    `${totals.files} files: ${totals.accepted} sets accepted, ${totals.rejected} rejected, ${totals.held} held or duplicate, ${totals.refused} files refused.`,
    `${counts.orders} orders, ${counts.answers} answers, ${counts.shipments} shipments, ${counts.receipts} receipts, ${counts.invoices} invoices, ${counts.forecasts} forecasts.`,
    `${counts.acknowledgements} acknowledgements (997) and ${counts.documents} documents sent; ${counts.exceptions} exceptions open.`,
  ].join('\n')
}
