import { Item, PartnershipItem, Price } from '../../items/schema.ts'
import { listItems, listPartnershipItems } from '../../items/service.ts'
import { builder, output, page } from './builder.ts'
import { query } from './resolve.ts'

const ItemPage = page('Item', output(Item))
const PartnershipItemPage = page('PartnershipItem', output(PartnershipItem))

builder.queryFields(t => ({
  items: t.field({
    type: ItemPage, args: { limit: t.arg.int(), cursor: t.arg.string() }, description: 'Your own item master.', resolve: query('records.read', listItems),
  }),
  partnershipItems: t.field({
    type: PartnershipItemPage, args: { limit: t.arg.int(), cursor: t.arg.string(), partnershipId: t.arg.id() },
    description: 'Items as they are traded, with both sides\' numbers.',
    resolve: query('records.read', listPartnershipItems),
  }),
}))
