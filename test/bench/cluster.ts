import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import postgres from 'postgres'
import { postgresOptions, type DatabaseAccess } from '../../src/db/address.ts'
import { asSystem, connect, type Database } from '../../src/db/client.ts'
import { startEmbedded } from '../../src/db/embedded.ts'
import { migrate } from '../../src/db/migrate.ts'
import { newId } from '../../src/shared/ids.ts'
import { checkDigit } from '../../src/documents/gs1.ts'
import { smallWorld, type World, type WorldItem } from '../helpers/world.ts'

export const quiet = pino({ level: 'silent' })

/** The small world with so many more items between the retailer and each of two sellers: the manufacturer has X12, the farm the portal. */
export type BenchWorld = World & { readonly catalogue: Record<'manufacturer' | 'farm', readonly Pick<WorldItem, 'upc' | 'buyerItem' | 'sellerItem' | 'price'>[]> }
const itemsPerSeller = 200

export type Clone = {
  readonly db: Database
  readonly access: DatabaseAccess
  /** The owner's connection, past row-level security. */
  readonly owner: postgres.Sql
  drop(): Promise<void>
}

export type Cluster = {
  readonly world: BenchWorld
  /** The postmaster's process. */
  readonly pid: number
  /** A database of its own with the world in it. `settings` hold for every session of it. */
  clone(settings?: Readonly<Record<string, string>>): Promise<Clone>
  /** How often a second this machine gets 8 kB onto the disk that the database lies on. */
  fsyncsPerSecond(): number
  stop(): Promise<void>
}

const secret = 'a secret for measurements only, of 32 characters or more'

/** A PostgreSQL of its own in a temporary folder, as durable as the embedded one of a hub. */
export const startCluster = async (poolSize: number): Promise<Cluster> => {
  const folder = mkdtempSync(join(tmpdir(), 'accord-bench-'))
  const server = await startEmbedded({
    dataDir: join(folder, 'data'), log: quiet, settings: { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'none' },
  }).catch((error: unknown) => {
    rmSync(folder, { recursive: true, force: true })
    throw error
  })
  const stop = async (): Promise<void> => {
    await admin.end()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const accessTo = (database: string): DatabaseAccess => ({ secret, address: { ...server.address, database } })
  const admin = ownerClient(accessTo(server.address.database))
  try {
    const [durable] = await admin<{ durable: boolean }[]>`
      select current_setting('fsync') = 'on' and current_setting('synchronous_commit') = 'on' and current_setting('full_page_writes') = 'on' as durable`
    if (!durable?.durable) throw new Error('the database is not durable, so its speed would mean nothing')
    const template = 'bench_template'
    await admin`create database ${admin(template)}`
    await migrate(accessTo(template))
    const made = connect({ ...accessTo(template), poolSize: 2 })
    const world = await benchWorld(made)
    await made.close()
    let clones = 0
    return {
      world, stop, pid: server.pid,
      async clone(settings = {}) {
        const name = `bench_${++clones}`
        await admin`create database ${admin(name)} template ${admin(template)}`
        for (const [setting, value] of Object.entries(settings)) await admin.unsafe(`alter database ${name} set ${setting} = '${value}'`)
        const access = accessTo(name)
        const db = connect({ ...access, poolSize })
        const owner = ownerClient(access)
        await owner`analyze`
        return {
          db, access, owner,
          drop: async () => {
            await Promise.all([db.close(), owner.end()])
            await admin`drop database ${admin(name)} with (force)`
          },
        }
      },
      fsyncsPerSecond: () => fsyncsPerSecond(join(folder, 'fsync')),
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const ownerClient = (access: DatabaseAccess): postgres.Sql => postgres({ ...postgresOptions(access, 'owner'), max: 1, onnotice: () => {} })

/** For how long to count. */
const fsyncSeconds = 0.5

const fsyncsPerSecond = (file: string): number => {
  const handle = openSync(file, 'w')
  try {
    const page = Buffer.alloc(8192, 1)
    const begin = performance.now()
    let count = 0
    for (; performance.now() - begin < fsyncSeconds * 1000; count++) {
      writeSync(handle, page, 0, page.length, (count % 128) * page.length)
      fdatasyncSync(handle)
    }
    return count / (performance.now() - begin) * 1000
  } finally {
    closeSync(handle)
    rmSync(file)
  }
}

const benchWorld = async (db: Database): Promise<BenchWorld> => {
  const world = await smallWorld(db)
  const catalogueOf = async (seller: 'manufacturer' | 'farm', partnership: 'retailerManufacturer' | 'retailerFarm') => {
    const items = Array.from({ length: itemsPerSeller }, (_, index) => {
      const body = `${seller === 'farm' ? '8' : '9'}${String(index).padStart(10, '0')}`
      return {
        id: newId('pit'), itemId: newId('itm'), upc: `${body}${checkDigit(body)}`, buyerItem: `B-${seller}-${index}`, sellerItem: `S-${seller}-${index}`,
        price: (1 + index / 8).toFixed(2),
      }
    })
    const sides = [world.partnership[partnership], world.id.retailer, world.id[seller]] as const
    await asSystem(db, async tx => {
      await tx.sql`
        insert into item (id, organisation_id, gtin, name, packs)
        select i, ${world.id[seller]}, lpad(g, 14, '0'), n, '[{"level": "case", "quantity": "12"}]'
        from unnest(${items.map(i => i.itemId)}::text[], ${items.map(i => i.upc)}::text[], ${items.map(i => `Item ${i.sellerItem}`)}::text[]) t(i, g, n)`
      await tx.sql`
        insert into partnership_item (id, partnership_id, buyer_id, seller_id, item_id, gtin, name, unit, pack_quantity, buyer_item, seller_item)
        select p, ${sides[0]}, ${sides[1]}, ${sides[2]}, i, lpad(g, 14, '0'), n, 'EA', 12, b, s
        from unnest(${items.map(i => i.id)}::text[], ${items.map(i => i.itemId)}::text[], ${items.map(i => i.upc)}::text[],
          ${items.map(i => `Item ${i.sellerItem}`)}::text[], ${items.map(i => i.buyerItem)}::text[], ${items.map(i => i.sellerItem)}::text[]) t(p, i, g, n, b, s)`
      await tx.sql`
        insert into price (id, partnership_id, buyer_id, seller_id, partnership_item_id, price, currency, unit, valid_from)
        select r, ${sides[0]}, ${sides[1]}, ${sides[2]}, i, p, 'USD', 'EA', '2020-01-01'
        from unnest(${items.map(() => newId('prc'))}::text[], ${items.map(i => i.id)}::text[], ${items.map(i => i.price)}::text[]::numeric[]) t(r, i, p)`
    })
    return items
  }
  return Object.assign(world, {
    catalogue: { manufacturer: await catalogueOf('manufacturer', 'retailerManufacturer'), farm: await catalogueOf('farm', 'retailerFarm') },
  })
}
