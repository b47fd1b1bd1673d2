import type { Price } from '../../items/schema.ts'
import { decimalText } from '../../shared/decimal.ts'
import { newId } from '../../shared/ids.ts'
import { findOrganisations, isProblem, outcomeOf, type ImportHandler, type Resolved } from '../references.ts'
import { problem, type Outcome, type Row } from '../rules.ts'
import type { ImportError } from '../schema.ts'

type Traded = { id: string; partnershipId: string; buyerId: string; sellerId: string; gtin: string; unit: string }
type Record = Resolved & { readonly item: Traded; readonly currency: string }

export const prices: ImportHandler<Record> = {
  async resolve(tx, scope, rows) {
    const organisation = await findOrganisations(tx, scope, rows, ['organisation', 'buyer'])
    const parties = rows.map(row => ({ row, seller: organisation(row, 'organisation'), buyer: organisation(row, 'buyer') }))
    const sides = parties.flatMap(({ row, seller, buyer }) =>
      isProblem(seller) || isProblem(buyer) ? [] : [[buyer.id, seller.id, row.cells.gtin ?? ''] as const],
    )
    const traded = await tx.sql<Traded[]>`
      select id, partnership_id as "partnershipId", buyer_id as "buyerId", seller_id as "sellerId", gtin, unit
        from partnership_item
      where (buyer_id, seller_id, gtin) in (select * from unnest(
        ${sides.map(([buyerId]) => buyerId)}::text[], ${sides.map(([, sellerId]) => sellerId)}::text[],
          ${sides.map(([, , gtin]) => gtin)}::text[]))`
    const items = new Map(traded.map(each => [`${each.buyerId} ${each.sellerId} ${each.gtin}`, each]))
    return parties.map(({ row, seller, buyer }): Record | ImportError => {
      if (isProblem(seller)) return seller
      if (isProblem(buyer)) return buyer
      const item = items.get(`${buyer.id} ${seller.id} ${row.cells.gtin}`)
      if (!item)
        return problem(
          row,
          'gtin',
          'unknown-item',
          `${buyer.name} and ${seller.name} do not trade this item; import items first.`,
        )
      return (
        periodFault(row) ?? {
          row,
          keys: [`${item.id} ${row.cells.valid_from}`],
          item,
          currency: row.cells.currency ?? seller.currency,
        }
      )
    })
  },

  async write(tx, _scope, records) {
    const stored = await tx.sql<Price[]>`
      select id, partnership_id as "partnershipId", partnership_item_id as "partnershipItemId", price, currency, unit,
        valid_from as "validFrom", valid_to as "validTo"
      from price where (partnership_item_id, valid_from) in (
        select i, d from unnest(${records.map(record => record.item.id)}::text[],
          ${records.map(record => record.row.cells.valid_from ?? '')}::text[]::date[]) as r(i, d))`
    const present = new Map(
      stored.map(each => [`${each.partnershipItemId} ${each.validFrom}`, { ...each, price: decimalText(each.price) }]),
    )
    const written: (Price & { buyerId: string; sellerId: string })[] = []
    const outcomes = records.map(({ row, keys, item, currency }): Outcome => {
      const before = present.get(keys[0] ?? '')
      const { price = '', unit, valid_from: validFrom = '', valid_to: validTo } = row.cells
      const after: Price = {
        id: before?.id ?? newId('prc'),
        partnershipId: item.partnershipId,
        partnershipItemId: item.id,
        price,
        currency: row.cells.currency ?? before?.currency ?? currency,
        unit: unit ?? before?.unit ?? item.unit,
        validFrom,
        validTo: validTo ?? before?.validTo ?? null,
      }
      const outcome = outcomeOf(before, after)
      if (outcome !== 'unchanged') written.push({ ...after, buyerId: item.buyerId, sellerId: item.sellerId })
      return outcome
    })
    if (written.length > 0) await tx.sql`
      insert into price (id, partnership_id, buyer_id, seller_id, partnership_item_id, price, currency, unit, valid_from,
        valid_to)
      select id, "partnershipId", "buyerId", "sellerId", "partnershipItemId", price, currency, unit, "validFrom", "validTo"
      from jsonb_to_recordset(${JSON.stringify(written)}::jsonb) as r(id text, "partnershipId" text, "buyerId" text,
        "sellerId" text, "partnershipItemId" text,
        price numeric, currency text, unit text, "validFrom" date, "validTo" date)
      on conflict (partnership_item_id, valid_from) do update set price = excluded.price, currency = excluded.currency,
        unit = excluded.unit, valid_to = excluded.valid_to`
    return outcomes
  },
}

const periodFault = (row: Row): ImportError | undefined =>
  row.cells.valid_to !== undefined && row.cells.valid_to < (row.cells.valid_from ?? '')
    ? problem(row, 'valid_to', 'invalid-period', 'The last day is before the first.')
    : undefined
