import { readAs, withOrganisation } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import type { InvoiceDocument } from '../documents/canonical.ts'
import { authorise } from '../identity/rules.ts'
import { grouped } from '../orders/service.ts'
import { pageOf, pageSize } from '../partners/rules.ts'
import { DomainError } from '../shared/errors.ts'
import { makeInvoice } from './invoicing.ts'
import { selectInvoicePage, selectInvoices, selectInvoicesOfOrders } from './queries.ts'
import type { Invoice, InvoiceFilter, InvoiceInput, InvoicePage } from './schema.ts'

export { receiveInvoices } from './receiving.ts'

/**
 * The seller invoices a shipment, or what was shipped of an order, by portal or API; or credits what was invoiced. Prices are the
 * confirmed or else the ordered ones unless given. The buyer is told by an 810.
 * @throws DomainError record/not-found, identity/forbidden, orders/unknown-line, invoices/over-shipped-quantity,
 *   invoices/no-price
 *   (each names the line), invoices/nothing-to-invoice, invoices/total-mismatch, record/conflict (the number is taken)
 */
export const createInvoice = async (ctx: Context, input: InvoiceInput): Promise<Invoice> => {
  authorise(ctx.actor, 'invoices.create')
  return withOrganisation(ctx, async tx => {
    const inner = { ...ctx, db: tx }
    return getInvoice(inner, await makeInvoice(inner, tx, input))
  })
}

type InvoiceRow = Omit<Invoice, 'references' | 'allowancesCharges' | 'taxes' | 'notes'> & { document: InvoiceDocument }

const toInvoice = ({ document, ...row }: InvoiceRow): Invoice => ({
  ...row,
  references: document.references,
  allowancesCharges: document.allowancesCharges ?? [],
  taxes: document.taxes ?? [],
  notes: document.notes ?? [],
})

/**
 * An invoice with its lines: one statement.
 * @throws DomainError record/not-found, also when it is others'
 */
export const getInvoice = async (ctx: Context, id: string): Promise<Invoice> => {
  const [invoice] = await invoicesByIds(ctx, [id])
  if (!invoice) throw new DomainError('record/not-found', { kind: 'invoice', id })
  return invoice
}

/** The invoices of the actor's organisation, newest first. */
export const listInvoices = async (ctx: Context, filter: InvoiceFilter = {}): Promise<InvoicePage> => {
  const size = pageSize(filter.limit)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectInvoicePage(sql, ctx.actor.organisationId, filter, size + 1),
  )
  return pageOf(rows as unknown as InvoicePage['items'], size)
}

/** Batch reads, each one statement; the answers stand in the order of the ids, and are empty for what cannot be seen. */
export const invoicesByIds = async (ctx: Context, ids: readonly string[]): Promise<(Invoice | undefined)[]> => {
  const rows = (await readAs(ctx.db, ctx.actor.organisationId, sql => selectInvoices(sql, ids))) as unknown as InvoiceRow[]
  const byId = new Map(rows.map(row => [row.id, toInvoice(row)]))
  return ids.map(id => byId.get(id))
}

export const invoicesByOrderIds = async (ctx: Context, ids: readonly string[]): Promise<Invoice[][]> => {
  const rows = (await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectInvoicesOfOrders(sql, ids),
  )) as unknown as InvoiceRow[]
  return grouped(ids, rows, row => row.orderId ?? '').map(group => group.map(toInvoice))
}
