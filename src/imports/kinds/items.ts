import type { Tx } from '../../db/client.ts'
import type { Pack, PartnershipItem } from '../../items/schema.ts'
import { newId } from '../../shared/ids.ts'
import { findOrganisations, findPartnerships, isProblem, outcomeOf, type ImportHandler, type Resolved } from '../references.ts'
import { problem, type Cells, type Outcome, type Row } from '../rules.ts'
import type { ImportError } from '../schema.ts'

type Record = Resolved & {
  readonly sellerId: string
  readonly gtin: string
  readonly trade?: { readonly partnershipId: string; readonly buyerId: string }
}
type StoredItem = { id: string; organisationId: string; gtin: string; name: string; unit: string; packs: Pack[] }

/** The item itself, and, in a row that names a buyer, the item as the two trade it. */
export const items: ImportHandler<Record> = {
  async resolve(tx, scope, rows) {
    const organisation = await findOrganisations(tx, scope, rows, ['organisation', 'buyer'])
    const parties = rows.map(row => ({
      row,
      seller: organisation(row, 'organisation'),
      buyer: row.cells.buyer === undefined ? undefined : organisation(row, 'buyer'),
    }))
    const partnership = await findPartnerships(tx, parties.flatMap(({ seller, buyer }) =>
      buyer === undefined || isProblem(buyer) || isProblem(seller) ? [] : [{ buyerId: buyer.id, sellerId: seller.id }]))
    return parties.map(({ row, seller, buyer }): Record | ImportError => {
      if (isProblem(seller)) return seller
      const { gtin = '', buyer_item: buyerItem, seller_item: sellerItem } = row.cells
      const record = {
        row,
        keys: [`${seller.id} ${gtin} ${buyer === undefined || isProblem(buyer) ? '' : buyer.id}`],
        sellerId: seller.id,
        gtin,
      }
      if (buyer === undefined) {
        if (buyerItem === undefined && sellerItem === undefined) return record
        return problem(row, 'buyer', 'required', 'Item numbers are those of a partnership; name its buyer.')
      }
      if (isProblem(buyer)) return buyer
      const partnershipId = partnership({ buyerId: buyer.id, sellerId: seller.id })
      return partnershipId === undefined
        ? problem(row, 'buyer', 'unknown-partnership', `${buyer.name} does not buy from ${seller.name} on this hub.`)
        : { ...record, trade: { partnershipId, buyerId: buyer.id } }
    })
  },

  async write(tx, scope, records) {
    const present = await selectItems(tx, records)
    const current = new Map(present.map(each => [`${each.organisationId} ${each.gtin}`, each]))
    const faults = new Map<Record, ImportError>()
    const masters = new Map<Record, { item: StoredItem; outcome: Outcome }>()
    for (const record of records) {
      const key = `${record.sellerId} ${record.gtin}`
      const before = current.get(key)
      const packs = packsOf(record.row, before?.packs ?? [])
      if (isProblem(packs)) { faults.set(record, packs); continue }
      const { name = '', unit } = record.row.cells
      const item = {
        id: before?.id ?? newId('itm'),
        organisationId: record.sellerId,
        gtin: record.gtin,
        name,
        unit: unit ?? before?.unit ?? 'EA',
        packs,
      }
      masters.set(record, { item, outcome: outcomeOf(before, item) })
      current.set(key, item)
    }
    const trades = await decideTrades(
      tx,
      records.filter(record => masters.has(record)),
      record => masters.get(record)?.item,
    )
    const touched = new Set(
      [...masters]
        .filter(([record, { outcome }]) => outcome !== 'unchanged' && !isProblem(trades.outcomes.get(record) ?? outcome))
        .map(([record]) => `${record.sellerId} ${record.gtin}`),
    )
    await upsertItems(
      tx,
      scope.now,
      [...touched].flatMap(key => current.get(key) ?? []),
    )
    await upsertTrades(tx, trades.written)
    return records.map((record): Outcome => {
      const fault = faults.get(record)
      if (fault) return fault
      const master = masters.get(record)?.outcome ?? 'unchanged'
      const trade = trades.outcomes.get(record)
      if (trade === undefined) return master
      return trade === 'unchanged' && master !== 'unchanged' ? 'updated' : trade
    })
  },
}

const selectItems = (tx: Tx, records: readonly Record[]) => tx.sql<StoredItem[]>`
  select id, organisation_id as "organisationId", gtin, name, unit, packs from item
  where (organisation_id, gtin) in (select * from unnest(${records.map(record => record.sellerId)}::text[],
    ${records.map(record => record.gtin)}::text[]))`

const upsertItems = async (tx: Tx, now: Date, written: readonly StoredItem[]): Promise<void> => {
  if (written.length === 0) return
  await tx.sql`
    insert into item as i (id, organisation_id, gtin, name, unit, packs, created_at, updated_at)
    select id, "organisationId", gtin, name, unit, packs, ${now}, ${now}
      from jsonb_to_recordset(${JSON.stringify(written)}::jsonb)
      as r(id text, "organisationId" text, gtin text, name text, unit text, packs jsonb)
    on conflict (organisation_id, gtin) do update set name = excluded.name, unit = excluded.unit, packs = excluded.packs,
      updated_at = excluded.updated_at, version = i.version + 1`
}

/** The packs as they will be, smallest first. */
const packsOf = (row: Row, before: readonly Pack[]): Pack[] | ImportError => {
  const packs: Pack[] = []
  for (const level of ['inner', 'case', 'pallet'] as const) {
    const known = before.find(pack => pack.level === level)
    const quantity = row.cells[`${level}_quantity`] ?? known?.quantity
    const gtin = row.cells[`${level}_gtin`] ?? known?.gtin
    if (quantity !== undefined) packs.push({ level, quantity, ...(gtin !== undefined && { gtin }) })
    else if (gtin !== undefined) return problem(row, `${level}_quantity`, 'required', 'A pack with a GTIN needs its quantity.')
  }
  return packs
}

type Trade = Pick<
  PartnershipItem,
  | 'id'
  | 'partnershipId'
  | 'buyerId'
  | 'sellerId'
  | 'itemId'
  | 'gtin'
  | 'name'
  | 'unit'
  | 'packQuantity'
  | 'buyerItem'
  | 'sellerItem'
>

/** What comes of each record that names a buyer, and what is to be written for it. */
const decideTrades = async (
  tx: Tx,
  records: readonly Record[],
  itemOf: (record: Record) => StoredItem | undefined,
): Promise<{ outcomes: Map<Record, Outcome>; written: Trade[] }> => {
  const traded = records.flatMap(record => (record.trade ? [{ record, trade: record.trade }] : []))
  const stored = await selectTrades(
    tx,
    traded.map(({ record, trade }) => ({ ...trade, gtin: record.gtin, cells: record.row.cells })),
  )
  const numbers = new NumbersInUse(stored)
  const outcomes = new Map<Record, Outcome>()
  const written: Trade[] = []
  for (const { record, trade: { partnershipId, buyerId } } of traded) {
    const item = itemOf(record)
    if (!item) continue
    const before = stored.find(each => each.partnershipId === partnershipId && each.gtin === record.gtin)
    const after: Trade = {
      id: before?.id ?? newId('pit'),
      partnershipId,
      buyerId,
      sellerId: record.sellerId,
      itemId: item.id,
      gtin: item.gtin,
      name: item.name,
      unit: item.unit,
      packQuantity: item.packs.find(pack => pack.level === 'case')?.quantity ?? '1',
      buyerItem: record.row.cells.buyer_item ?? before?.buyerItem ?? null,
      sellerItem: record.row.cells.seller_item ?? before?.sellerItem ?? null,
    }
    const outcome = numbers.claim(record.row, after) ?? outcomeOf(before, after)
    outcomes.set(record, outcome)
    if (outcome === 'created' || outcome === 'updated') written.push(after)
  }
  return { outcomes, written }
}

const upsertTrades = async (tx: Tx, written: readonly Trade[]): Promise<void> => {
  if (written.length > 0) await tx.sql`
    insert into partnership_item (id, partnership_id, buyer_id, seller_id, item_id, gtin, name, unit, pack_quantity, buyer_item,
      seller_item)
    select id, "partnershipId", "buyerId", "sellerId", "itemId", gtin, name, unit, "packQuantity", "buyerItem", "sellerItem"
    from jsonb_to_recordset(${JSON.stringify(written)}::jsonb) as r(id text, "partnershipId" text, "buyerId" text,
      "sellerId" text, "itemId" text, gtin text,
      name text, unit text, "packQuantity" numeric, "buyerItem" text, "sellerItem" text)
    on conflict (partnership_id, gtin) do update set name = excluded.name, unit = excluded.unit,
      pack_quantity = excluded.pack_quantity,
      buyer_item = excluded.buyer_item, seller_item = excluded.seller_item`
}

/** Those of the same GTIN, and those that have one of the numbers already. */
const selectTrades = (tx: Tx, wanted: readonly { partnershipId: string; gtin: string; cells: Cells }[]) => tx.sql<Trade[]>`
  select id, partnership_id as "partnershipId", buyer_id as "buyerId", seller_id as "sellerId", item_id as "itemId", gtin, name,
    unit,
    pack_quantity as "packQuantity", buyer_item as "buyerItem", seller_item as "sellerItem"
  from partnership_item
  where partnership_id = any(${wanted.map(each => each.partnershipId)}::text[])
    and (gtin = any(${wanted.map(each => each.gtin)}::text[])
      or buyer_item = any(${wanted.flatMap(each => each.cells.buyer_item ?? [])}::text[])
      or seller_item = any(${wanted.flatMap(each => each.cells.seller_item ?? [])}::text[]))`

/** A number that meant two items in one partnership would identify neither. */
class NumbersInUse {
  private readonly holders = new Map<string, string>()

  constructor(stored: readonly Trade[]) {
    for (const trade of stored) this.take(trade)
  }

  claim(row: Row, trade: Trade): ImportError | undefined {
    for (const [column, key] of this.keys(trade)) {
      const holder = this.holders.get(key)
      if (holder !== undefined && holder !== trade.gtin)
        return problem(row, column, 'number-taken', `In this partnership the number is that of ${holder}.`)
    }
    this.take(trade)
    return undefined
  }

  private take(trade: Trade): void {
    for (const [, key] of this.keys(trade)) this.holders.set(key, trade.gtin)
  }

  private keys({ partnershipId, buyerItem, sellerItem }: Trade): (readonly ['buyer_item' | 'seller_item', string])[] {
    return [
      ...(buyerItem === null ? [] : [['buyer_item', `buyer ${partnershipId} ${buyerItem}`] as const]),
      ...(sellerItem === null ? [] : [['seller_item', `seller ${partnershipId} ${sellerItem}`] as const]),
    ]
  }
}
