import type { Sql } from '../db/client.ts'
import type { Item, PartnershipItem, Price } from './schema.ts'

const partnershipItemColumns = (sql: Sql) => sql`
  id, partnership_id as "partnershipId", buyer_id as "buyerId", seller_id as "sellerId", item_id as "itemId", gtin, name, unit,
  pack_quantity as "packQuantity", buyer_item as "buyerItem", seller_item as "sellerItem"`

/** The items of a partnership that have one of these numbers. GTINs in 14 digits. */
export const selectItemsByNumbers = (
  sql: Sql, partnershipId: string, gtins: readonly string[], buyerItems: readonly string[], sellerItems: readonly string[],
) => sql<PartnershipItem[]>`
  select ${partnershipItemColumns(sql)} from partnership_item
  where partnership_id = ${partnershipId}
    and (gtin = any(${gtins as string[]}::text[]) or buyer_item = any(${buyerItems as string[]}::text[])
      or seller_item = any(${sellerItems as string[]}::text[]))
  order by id`

export const selectPartnershipItems = (sql: Sql, filter: { partnershipId?: string; after?: string; limit: number }) => sql<
  PartnershipItem[]
>`
  select ${partnershipItemColumns(sql)} from partnership_item
  where true
    ${filter.partnershipId === undefined ? sql`` : sql`and partnership_id = ${filter.partnershipId}`}
    ${filter.after === undefined ? sql`` : sql`and id > ${filter.after}`}
  order by id limit ${filter.limit}`

export const selectItems = (sql: Sql, filter: { after?: string; limit: number }) => sql<Item[]>`
  select id, organisation_id as "organisationId", gtin, name, unit, packs, version from item
  where true ${filter.after === undefined ? sql`` : sql`and id > ${filter.after}`}
  order by id limit ${filter.limit}`

/** The price in force on a day for each of the items; none for an item without one. */
export const selectPrices = (sql: Sql, partnershipItemIds: readonly string[], date: string) => sql<Price[]>`
  select distinct on (partnership_item_id) id, partnership_id as "partnershipId", partnership_item_id as "partnershipItemId",
    price, currency, unit,
    valid_from as "validFrom", valid_to as "validTo"
  from price
  where partnership_item_id = any(${partnershipItemIds as string[]}::text[]) and valid_from <= ${date} and (valid_to is null
    or valid_to >= ${date})
  order by partnership_item_id, valid_from desc`

/** Prices of the partnerships of the caller, in force or not, oldest first. */
export const selectPricePage = (sql: Sql, filter: { partnershipId?: string; after?: string; limit: number }) => sql<Price[]>`
  select id, partnership_id as "partnershipId", partnership_item_id as "partnershipItemId", price, currency, unit,
    valid_from as "validFrom", valid_to as "validTo"
  from price
  where true
    ${filter.partnershipId === undefined ? sql`` : sql`and partnership_id = ${filter.partnershipId}`}
    ${filter.after === undefined ? sql`` : sql`and id > ${filter.after}`}
  order by id limit ${filter.limit}`
