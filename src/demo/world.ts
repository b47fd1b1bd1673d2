import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { asSystem, type Database } from '../db/client.ts'
import type { Context, Role } from '../db/context.ts'
import { createKey, createUser, operatorContext } from '../identity/service.ts'
import { importRows } from '../imports/service.ts'
import type { ImportKind } from '../imports/schema.ts'

/** edi-samples/world.json: who and what the samples are about. */
type World = {
  hub: { qualifier: string; id: string; group: string }
  organisations: {
    key: string
    name: string
    kind: string
    gs1Prefix: string
    gln: string
    timeZone: string
    currency: string
    identifiers: { qualifier: string; value: string; usage: string }[]
  }[]
  partnerships: {
    buyer: string
    seller: string
    sellerRecognition: { by?: string; value?: string }
    forecastPurpose: string
    responseHours: number
    channels: { buyer: Record<string, string>; seller: Record<string, string> }
  }[]
  locations: {
    organisation: string
    code: string
    gln: string
    name: string
    kind: string
    address: { lines: string[]; city: string; region: string; postalCode: string; country: string }
    timeZone: string
    validFrom: string
  }[]
  items: { seller: string; gtin: string; name: string; uom: string; packs: { level: string; quantity: string; gtin: string }[] }[]
  crossReferences: { buyer: string; seller: string; gtin: string; buyerItem: string; sellerItem: string }[]
  prices: { buyer: string; seller: string; gtin: string; price: string; currency: string; from: string }[]
}

export const samplesFolder = new URL('../../edi-samples/', import.meta.url)

export type Account = { readonly organisation: string; readonly role: Role; readonly email: string; readonly password: string }
export type Seeded = {
  readonly accounts: readonly Account[]
  readonly keys: Readonly<Record<string, { readonly name: string; readonly token: string }>>
}

const people: readonly Role[] = ['administrator', 'order_manager', 'planner', 'edi_operator', 'viewer']

/**
 * Makes the demo world through the doors an operator has: the imports, users and keys of the public services. Passwords and
 * keys are random each time.
 */
export const seedWorld = async (db: Database, log: Context['log'], now: () => Date): Promise<Seeded> => {
  const world = JSON.parse(readFileSync(new URL('world.json', samplesFolder), 'utf8')) as World
  const operator = await operatorContext(db, { log, now, name: 'demo' })
  await registerHub(operator, world.hub)
  for (const [kind, rows] of rowsOf(world)) {
    const report = await importRows(operator, kind, rows)
    if (!report.applied) throw new Error(`the demo ${kind} have errors: ${JSON.stringify(report.errors.slice(0, 3))}`)
  }
  const organisations = await asSystem(
    db,
    tx => tx.sql<{ id: string; gln: string }[]>`select id, gln from organisation where gln is not null`,
  )
  const accounts: Account[] = []
  const keys: Record<string, { name: string; token: string }> = {}
  for (const { key, name, gln } of world.organisations) {
    const organisationId = organisations.find(each => each.gln === gln)?.id
    if (!organisationId) throw new Error(`${name} was not imported`)
    for (const role of people) {
      const account = {
        organisation: name,
        role,
        email: `${role.replace('_', '-')}@${key}.example`,
        password: randomBytes(9).toString('base64url'),
      }
      await createUser(operator, {
        organisationId,
        email: account.email,
        name: `${name} ${role.replace('_', ' ')}`,
        password: account.password,
        role,
      })
      accounts.push(account)
    }
    const { token } = await createKey(operator, { organisationId, name: 'demo', role: 'administrator' })
    keys[key] = { name, token }
  }
  return { accounts, keys }
}

/** The hub answers under an identity of its own, which belongs to the operator. */
const registerHub = async (operator: Context, hub: World['hub']): Promise<void> => {
  const identifiers = [
    [hub.qualifier, hub.id],
    ['GS', hub.group],
  ].flatMap(([qualifier, value]) =>
    ['production', 'test'].map(usage => ({ organisation: operator.actor.organisationId, qualifier, value, usage })),
  )
  const report = await importRows(operator, 'identifiers', identifiers)
  if (!report.applied) throw new Error(`the hub's identity has errors: ${JSON.stringify(report.errors)}`)
}

/** The world as rows of the operator's imports, in the order in which they refer to each other. */
const rowsOf = (world: World): [ImportKind, Record<string, unknown>[]][] => {
  const gln = (key: string): string => world.organisations.find(organisation => organisation.key === key)!.gln
  const identity = (key: string): string => {
    const identifiers = world.organisations.find(organisation => organisation.key === key)!.identifiers
    const isa = identifiers.find(({ qualifier }) => qualifier !== 'GS')!
    const group = identifiers.find(({ qualifier }) => qualifier === 'GS')
    return [isa.qualifier, isa.value, ...(group ? [group.value] : [])].join(':')
  }
  const x12 = (channels: Record<string, string>): string =>
    Object.keys(channels)
      .filter(document => channels[document] === 'x12')
      .join(' ') || 'none'
  const pack = (packs: World['items'][number]['packs'], level: string) => {
    const found = packs.find(each => each.level === level)
    return found ? { [`${level}_quantity`]: found.quantity, [`${level}_gtin`]: found.gtin } : {}
  }
  return [
    [
      'organisations',
      world.organisations.map(o => ({
        name: o.name,
        kind: o.kind,
        gln: o.gln,
        gs1_prefix: o.gs1Prefix,
        currency: o.currency,
        time_zone: o.timeZone,
      })),
    ],
    ['identifiers', world.organisations.flatMap(o => o.identifiers.map(identifier => ({ organisation: o.gln, ...identifier })))],
    [
      'partnerships',
      world.partnerships.map(p => ({
        buyer: gln(p.buyer),
        seller: gln(p.seller),
        recognised_by: p.sellerRecognition.by,
        recognised_value: p.sellerRecognition.value,
        buyer_identity: identity(p.buyer),
        seller_identity: identity(p.seller),
        response_hours: String(p.responseHours),
        forecast_purpose: p.forecastPurpose,
        buyer_x12: x12(p.channels.buyer),
        seller_x12: x12(p.channels.seller),
      })),
    ],
    [
      'locations',
      world.locations.map(l => ({
        organisation: gln(l.organisation),
        code: l.code,
        name: l.name,
        kind: l.kind,
        gln: l.gln,
        street: l.address.lines[0],
        city: l.address.city,
        region: l.address.region,
        postal_code: l.address.postalCode,
        country: l.address.country,
        time_zone: l.timeZone,
        valid_from: l.validFrom,
      })),
    ],
    [
      'items',
      world.crossReferences.map(c => {
        const item = world.items.find(each => each.gtin === c.gtin)!
        return {
          organisation: gln(c.seller),
          gtin: c.gtin,
          name: item.name,
          unit: item.uom,
          ...pack(item.packs, 'inner'),
          ...pack(item.packs, 'case'),
          ...pack(item.packs, 'pallet'),
          buyer: gln(c.buyer),
          buyer_item: c.buyerItem,
          seller_item: c.sellerItem,
        }
      }),
    ],
    [
      'prices',
      world.prices.map(p => ({
        organisation: gln(p.seller),
        buyer: gln(p.buyer),
        gtin: p.gtin,
        price: p.price,
        valid_from: p.from,
        currency: p.currency,
      })),
    ],
  ]
}

/** Whether the database has no organisation but the operator's. */
export const isEmpty = (db: Database): Promise<boolean> =>
  asSystem(db, async tx => (await tx.sql`select 1 from organisation where kind <> 'operator' limit 1`).length === 0)
