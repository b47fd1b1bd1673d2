import { hash } from '@node-rs/argon2'
import { asSystem, type Database, type Tx } from '../../src/db/client.ts'
import type { Context, Role } from '../../src/db/context.ts'
import { checkDigit } from '../../src/documents/gs1.ts'
import { roles } from '../../src/identity/rules.ts'
import { newKey } from '../../src/identity/tokens.ts'
import { newId } from '../../src/shared/ids.ts'

/**
 * A small world for tests: a retailer buys from a manufacturer (X12), a supplier (X12) and a farm that has the portal only;
 * the manufacturer buys from the farm as well. `stranger` trades with nobody.
 */
export const organisationNames = ['operator', 'retailer', 'manufacturer', 'supplier', 'farm', 'stranger'] as const
export type OrganisationName = (typeof organisationNames)[number]
export const partnershipNames = ['retailerManufacturer', 'retailerSupplier', 'retailerFarm', 'manufacturerFarm'] as const
export type PartnershipName = (typeof partnershipNames)[number]

export type WorldItem = {
  id: string
  /** Of the partnership item. */
  partnershipItemId: string
  gtin: string
  /** As an 850 sends it: 12 digits, qualifier UP. */
  upc: string
  buyerItem: string
  sellerItem: string
  price: string
}
export type World = Awaited<ReturnType<typeof smallWorld>>

/** The password of every user, `<role>@<organisation>.example`. */
export const password = 'correct horse battery staple'
// A weak hash, made once: tests of sign-in want many users, not many hashes.
const passwordHash = hash(password, { memoryCost: 1024, timeCost: 1, parallelism: 1 })

const organisations = {
  operator: { name: 'Accord Hub', kind: 'operator', prefix: '0700000', x12: 'ZZ:ACCORDHUB' },
  retailer: { name: 'Northgate Stores', kind: 'retailer', prefix: '0711111', x12: 'ZZ:NORTHGATE' },
  manufacturer: { name: 'Brightwell Foods', kind: 'manufacturer', prefix: '0722222', x12: '12:5550100200' },
  supplier: { name: 'Harbour Packaging', kind: 'supplier', prefix: '0733333', x12: 'ZZ:HARBOURPKG' },
  farm: { name: 'Meadow Farm', kind: 'supplier', prefix: '0744444', x12: 'ZZ:MEADOWFARM' },
  stranger: { name: 'Elsewhere Trading', kind: 'distributor', prefix: '0755555', x12: 'ZZ:ELSEWHERE' },
} as const satisfies Record<OrganisationName, { name: string; kind: string; prefix: string; x12: `${string}:${string}` }>

const partnerships = {
  retailerManufacturer: {
    buyer: 'retailer',
    seller: 'manufacturer',
    recognition: { by: 'GS03', value: '5550100200' },
    sellerHasX12: true,
  },
  retailerSupplier: { buyer: 'retailer', seller: 'supplier', recognition: { by: 'REF*IA', value: '300077' }, sellerHasX12: true },
  retailerFarm: { buyer: 'retailer', seller: 'farm', recognition: { by: 'N1*VN', value: '100234' }, sellerHasX12: false },
  manufacturerFarm: { buyer: 'manufacturer', seller: 'farm', recognition: {}, sellerHasX12: false },
} as const satisfies Record<
  PartnershipName,
  { buyer: OrganisationName; seller: OrganisationName; recognition: object; sellerHasX12: boolean }
>

const locations = [
  ['retailer', 'DC01', 'Northgate DC East', 'distribution_centre'],
  ['retailer', 'DC02', 'Northgate DC West', 'distribution_centre'],
  ['retailer', '0101', 'Northgate Main Street', 'store'],
  ['retailer', 'HQ', 'Northgate Accounts', 'office'],
  ['manufacturer', 'PLANT1', 'Brightwell Plant', 'plant'],
  ['supplier', 'WH1', 'Harbour Warehouse', 'warehouse'],
  ['farm', 'FARM', 'Meadow Farm', 'plant'],
] as const satisfies readonly (readonly [OrganisationName, string, string, string])[]

/** Items of each seller: name, case size, price of a unit. */
const masters = {
  manufacturer: [['Oat biscuits 400 g', '12', '2.5'], ['Rye crackers 250 g', '24', '1.8'], ['Granola 1 kg', '6', '4.95']],
  supplier: [['Shipping carton M', '50', '0.42'], ['Pallet wrap 500 mm', '6', '7.2']],
  farm: [['Free-range eggs 12', '15', '3.1'], ['Honey 500 g', '12', '6.4']],
} as const satisfies Partial<Record<OrganisationName, readonly (readonly [string, string, string])[]>>

const gln = (prefix: string, number: number) => {
  const body = `${prefix}${String(number).padStart(5, '0')}`
  return `${body}${checkDigit(body)}`
}
const identity = (name: OrganisationName) => {
  const [qualifier = '', id = ''] = organisations[name].x12.split(':')
  return { qualifier, id, group: id }
}

const insert = (tx: Tx, table: string, rows: readonly Record<string, unknown>[]) =>
  tx.sql`insert into ${tx.sql(table)} ${tx.sql(rows as Record<string, string>[])}`

/** Fills the database. Everything is fixed but the ids and the keys. */
export const smallWorld = async (db: Database) => {
  const hashed = await passwordHash
  const id = Object.fromEntries(organisationNames.map(name => [name, newId('org')])) as Record<OrganisationName, string>
  const partnership = Object.fromEntries(partnershipNames.map(name => [name, newId('prt')])) as Record<PartnershipName, string>
  const locationIds: Record<string, { id: string; gln: string; code: string }> = {}
  const items = Object.fromEntries(partnershipNames.map(name => [name, []])) as unknown as Record<PartnershipName, WorldItem[]>
  const people = organisationNames.flatMap(organisation =>
    roles.map(role => ({ organisation, role, userId: newId('usr'), keyId: newId('key'), key: newKey() })),
  )

  await asSystem(db, async tx => {
    await insert(
      tx,
      'organisation',
      organisationNames.map(name => ({
        id: id[name],
        name: organisations[name].name,
        kind: organisations[name].kind,
        gs1_prefix: organisations[name].prefix,
        gln: gln(organisations[name].prefix, 0),
      })),
    )
    await insert(
      tx,
      'organisation_identifier',
      organisationNames.flatMap(name => {
        const { qualifier, id: value } = identity(name)
        return (['production', 'test'] as const).flatMap(usage =>
          [qualifier, 'GS'].map(q => ({ id: newId('oid'), organisation_id: id[name], qualifier: q, value, usage })),
        )
      }),
    )
    await insert(
      tx,
      'partnership',
      partnershipNames.map(name => {
        const { buyer, seller, recognition } = partnerships[name]
        return {
          id: partnership[name],
          buyer_id: id[buyer],
          seller_id: id[seller],
          seller_recognition: tx.sql.json(recognition),
          buyer_identity: tx.sql.json(identity(buyer)),
          seller_identity: tx.sql.json(identity(seller)),
        }
      }),
    )
    await insert(
      tx,
      'partnership_channel',
      partnershipNames.flatMap(name => {
        const { buyer, seller, sellerHasX12 } = partnerships[name]
        const channel = (to: OrganisationName, other: OrganisationName, document: string, how: 'x12' | 'portal') => ({
          partnership_id: partnership[name],
          organisation_id: id[to],
          counterpart_id: id[other],
          document,
          channel: how,
        })
        return [
          ...['855', '856', '810', '830', '997'].map(document => channel(buyer, seller, document, 'x12')),
          ...['850', '830', '997'].map(document => channel(seller, buyer, document, sellerHasX12 ? 'x12' : 'portal')),
        ]
      }),
    )
    await insert(
      tx,
      'location',
      locations.map(([owner, code, name, kind], index) => {
        const location = { id: newId('loc'), gln: gln(organisations[owner].prefix, index + 1), code }
        locationIds[code] = location
        return { ...location, organisation_id: id[owner], name, kind }
      }),
    )
    for (const [owner, master] of Object.entries(masters) as [
      keyof typeof masters,
      readonly (readonly [string, string, string])[],
    ][]) {
      const rows = master.map(([name, pack, price], index) => {
        const body = `${organisations[owner].prefix.slice(1)}${String(index + 1).padStart(5, '0')}`
        const upc = `${body}${checkDigit(body)}`
        return { id: newId('itm'), name, pack, price, upc, gtin: upc.padStart(14, '0') }
      })
      await insert(
        tx,
        'item',
        rows.map(row => ({
          id: row.id,
          organisation_id: id[owner],
          gtin: row.gtin,
          name: row.name,
          packs: tx.sql.json([{ level: 'case', quantity: row.pack }]),
        })),
      )
      for (const name of partnershipNames.filter(each => partnerships[each].seller === owner)) {
        const { buyer } = partnerships[name]
        const traded = rows.map((row, index) => ({
          ...row,
          partnershipItemId: newId('pit'),
          buyerItem: `${buyer.slice(0, 1).toUpperCase()}${7001 + index}`,
          sellerItem: `${owner.slice(0, 3).toUpperCase()}-${index + 1}`,
        }))
        const sides = { partnership_id: partnership[name], buyer_id: id[buyer], seller_id: id[owner] }
        await insert(
          tx,
          'partnership_item',
          traded.map(row => ({
            ...sides,
            id: row.partnershipItemId,
            item_id: row.id,
            gtin: row.gtin,
            name: row.name,
            unit: 'EA',
            pack_quantity: row.pack,
            buyer_item: row.buyerItem,
            seller_item: row.sellerItem,
          })),
        )
        await insert(
          tx,
          'price',
          traded.map(row => ({
            ...sides,
            id: newId('prc'),
            partnership_item_id: row.partnershipItemId,
            price: row.price,
            currency: 'USD',
            unit: 'EA',
            valid_from: '2020-01-01',
          })),
        )
        items[name] = traded.map(({ id: itemId, partnershipItemId, gtin, upc, buyerItem, sellerItem, price }) => ({
          id: itemId,
          partnershipItemId,
          gtin,
          upc,
          buyerItem,
          sellerItem,
          price,
        }))
      }
    }
    await insert(
      tx,
      'app_user',
      people.map(one => ({
        id: one.userId,
        email: emailOf(one.organisation, one.role),
        name: `${one.role} of ${organisations[one.organisation].name}`,
        password_hash: hashed,
      })),
    )
    await insert(
      tx,
      'membership',
      people.map(one => ({ id: newId('mem'), organisation_id: id[one.organisation], user_id: one.userId, role: one.role })),
    )
    await insert(
      tx,
      'api_key',
      people.map(one => ({
        id: one.keyId,
        organisation_id: id[one.organisation],
        name: `${one.role} key`,
        prefix: one.key.prefix,
        secret_hash: one.key.secretHash,
        role: one.role,
      })),
    )
    await tx.sql`
      update api_key set scopes = '{operate}'
      where organisation_id = ${id.operator} and role in ('administrator', 'edi_operator')`
  })

  const person = (organisation: OrganisationName, role: Role) => {
    const found = people.find(one => one.organisation === organisation && one.role === role)
    if (!found) throw new Error(`no ${role} in ${organisation}`)
    return found
  }
  return {
    db, id, partnership, items, locations: locationIds,
    userId: (organisation: OrganisationName, role: Role = 'administrator'): string => person(organisation, role).userId,
    /** The API key's token, for `Authorization: Bearer …`. */
    keyOf: (organisation: OrganisationName, role: Role = 'administrator'): string => person(organisation, role).key.token,
    identityOf: identity,
    ctxOf: (organisation: OrganisationName, role: Role = 'administrator'): Context => ({
      db,
      actor: {
        organisationId: id[organisation], userId: person(organisation, role).userId, role, name: emailOf(organisation, role),
        scopes: organisation === 'operator' && (role === 'administrator' || role === 'edi_operator') ? ['operate'] : [],
      },
      now: () => new Date(),
      log: quiet,
    }),
  }
}

/** The e-mail address of a user of the world. */
export const emailOf = (organisation: OrganisationName, role: Role): string => `${role}@${organisation}.example`

const nothing = () => {}
const quiet: Context['log'] = { fatal: nothing, error: nothing, warn: nothing, info: nothing, debug: nothing, trace: nothing }
