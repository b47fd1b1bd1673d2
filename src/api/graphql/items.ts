import { Item, PartnershipItem, Price } from '../../items/schema.ts'
import { listItems, listPartnershipItems, listPrices } from '../../items/service.ts'
import { builder, output, page } from './builder.ts'
import { query } from './resolve.ts'

const ItemPage = page('Item', output(Item))
const PricePage = page('Price', output(Price))
const PartnershipItemPage = page('PartnershipItem', output(PartnershipItem))

builder.queryFields(t => ({
  items: t.field({
    type: ItemPage,
    args: { limit: t.arg.int(), cursor: t.arg.string() },
    description: 'Your own item master.',
    resolve: query('records.read', listItems),
  }),
  partnershipItems: t.field({
    type: PartnershipItemPage,
    args: { limit: t.arg.int(), cursor: t.arg.string(), partnershipId: t.arg.id() },
    description: "Items as they are traded, with both sides' numbers.",
    resolve: query('records.read', listPartnershipItems),
  }),
  prices: t.field({
    type: PricePage,
    args: { limit: t.arg.int(), cursor: t.arg.string(), partnershipId: t.arg.id() },
    description: 'Prices, with the days they are for.',
    resolve: query('records.read', listPrices),
  }),
}))
