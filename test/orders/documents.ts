import type {
  InvoiceDocument,
  OrderAcknowledgementDocument,
  PurchaseOrderDocument,
  ShipNoticeDocument,
} from '../../src/documents/canonical.ts'
import { withOrganisation, type Tx } from '../../src/db/client.ts'
import type { Context } from '../../src/db/context.ts'
import type { Received } from '../../src/orders/service.ts'
import { getPartnership } from '../../src/partners/service.ts'
import type { OrganisationName, PartnershipName, World, WorldItem } from '../helpers/world.ts'

/** Canonical documents as a partner would send them, for the tests of orders, shipments and invoices. */

let lastNumber = 4500000000

/** An order of the items of a partnership; each line 100 EA at the agreed price unless told. */
export const orderDocument = (
  items: readonly WorldItem[],
  change: Partial<PurchaseOrderDocument> = {},
  quantities: readonly string[] = [],
): PurchaseOrderDocument => ({
  number: String(++lastNumber),
  purpose: '00',
  type: 'SA',
  orderDate: '2026-03-02',
  currency: 'USD',
  references: [{ qualifier: 'DP', value: '0047', at: 4 }],
  parties: [{ role: 'ST', name: 'Northgate DC East', idQualifier: '92', id: 'DC01', at: 5 }],
  dates: [
    { qualifier: '037', date: '2026-03-09', at: 6 },
    { qualifier: '038', date: '2026-03-12', at: 7 },
  ],
  lines: items.map((item, index) => ({
    lineNumber: String(index + 1),
    quantity: quantities[index] ?? '100',
    unit: 'EA',
    price: item.price,
    products: [
      { qualifier: 'UP', value: item.upc },
      { qualifier: 'IN', value: item.buyerItem },
    ],
    at: 8 + index,
  })),
  lineCount: items.length,
  ...change,
})

export type AckLine = [
  lineNumber: string,
  ...acks: [
    code: string,
    quantity?: string,
    extra?: Partial<OrderAcknowledgementDocument['lines'][number]['acknowledgements'][number]>,
  ][],
]

export const acknowledgementDocument = (
  order: PurchaseOrderDocument,
  type: string,
  lines: readonly AckLine[] = [],
  change: Partial<OrderAcknowledgementDocument> = {},
): OrderAcknowledgementDocument => ({
  purpose: '00',
  type,
  orderNumber: order.number,
  orderDate: order.orderDate,
  references: [],
  parties: [],
  dates: [],
  lines: lines.map(([lineNumber, ...acks], index) => ({
    lineNumber,
    products: [],
    at: 4 + index * 2,
    acknowledgements: acks.map(([code, quantity, extra]) => ({
      code,
      ...(quantity !== undefined && { quantity, unit: 'EA' }),
      at: 5 + index * 2,
      ...extra,
    })),
  })),
  ...change,
})

export const noticeDocument = (
  number: string,
  lines: readonly { order: PurchaseOrderDocument; lineNumber: string; quantity: string; sscc?: string }[],
  change: Partial<ShipNoticeDocument> = {},
): ShipNoticeDocument => {
  const ssccs = [...new Set(lines.flatMap(line => line.sscc ?? []))]
  return {
    number,
    purpose: '00',
    date: '2026-03-10',
    time: '0800',
    structure: ssccs.length > 0 ? '0001' : '0004',
    references: [],
    parties: [],
    dates: [
      { qualifier: '011', date: '2026-03-10' },
      { qualifier: '017', date: '2026-03-12' },
    ],
    packages: ssccs.map((sscc, index) => ({ id: `C${index + 1}`, type: 'carton' as const, sscc, at: 6 + index })),
    lines: lines.map((line, index) => ({
      orderNumber: line.order.number,
      lineNumber: line.lineNumber,
      quantity: line.quantity,
      unit: 'EA',
      products: [],
      at: 20 + index,
      ...(line.sscc !== undefined && { package: `C${ssccs.indexOf(line.sscc) + 1}` }),
    })),
    orders: [],
    ...change,
  }
}

export const invoiceDocument = (
  number: string,
  order: PurchaseOrderDocument,
  lines: readonly { lineNumber: string; quantity: string; price: string }[],
  total: string,
  change: Partial<InvoiceDocument> = {},
): InvoiceDocument => ({
  number,
  date: '2026-03-11',
  orderNumber: order.number,
  type: 'DI',
  references: [],
  parties: [],
  dates: [],
  lines: lines.map((line, index) => ({ ...line, unit: 'EA', products: [], at: 5 + index })),
  total,
  totalAt: 9,
  ...change,
})

/** Documents as the exchange hands them to the services, from the side that sends them. */
export const receivedFrom = async (world: World, sender: OrganisationName, partnership: PartnershipName) => {
  const ctx: Context = world.ctxOf(sender)
  const found = await getPartnership(ctx, world.partnership[partnership])
  let ordinal = 0
  return {
    ctx,
    partnership: found,
    received: <D>(document: D): Received<D> => ({
      document,
      partnership: found,
      channel: 'x12',
      source: { messageId: 'msg_0199c0de0000700080000000000000aa', ordinal: ordinal++ },
    }),
  }
}

/** Runs `fn` in a transaction and counts the statements that it sends; `begin`, the organisation and `commit` come on top. */
export const countStatements = <T>(ctx: Context, fn: (ctx: Context) => Promise<T>): Promise<{ result: T; statements: number }> =>
  withOrganisation(ctx, async tx => {
    let statements = 0
    const sql = new Proxy(tx.sql, {
      apply: (target, self, given: unknown[]) => {
        const query: unknown = Reflect.apply(target, self, given)
        // Parts of a query are made by the same function as whole ones, but only whole ones are handled.
        if (isQuery(query)) {
          const handle = query.handle.bind(query)
          query.handle = () => {
            if (!query.executed) statements += 1
            return handle()
          }
        }
        return query
      },
    })
    const result = await fn({ ...ctx, db: { ...tx, sql: sql as Tx['sql'] } })
    return { result, statements }
  })
const isQuery = (value: unknown): value is { executed: boolean; handle: () => unknown } =>
  typeof value === 'object' && value !== null && 'handle' in value
