import type { FastifyInstance } from 'fastify'
import { Invoice, InvoiceFilter, InvoiceInput, InvoicePage } from '../../invoices/schema.ts'
import { createInvoice, getInvoice, listInvoices } from '../../invoices/service.ts'
import { IdParams, operation } from '../operation.ts'

/** Invoices and credits. */
export const registerInvoices = (app: FastifyInstance): void => {
  operation(app, {
    id: 'listInvoices',
    method: 'GET',
    path: '/api/invoices',
    tag: 'invoices',
    access: 'records.read',
    summary: 'List invoices, newest first',
    query: InvoiceFilter,
    answer: [200, InvoicePage],
    handler: (ctx, { query }) => listInvoices(ctx, query),
  })
  operation(app, {
    id: 'getInvoice',
    method: 'GET',
    path: '/api/invoices/:id',
    tag: 'invoices',
    access: 'records.read',
    summary: 'An invoice with its lines',
    params: IdParams,
    answer: [200, Invoice],
    handler: (ctx, { params }) => getInvoice(ctx, params.id),
  })
  operation(app, {
    id: 'createInvoice',
    method: 'POST',
    path: '/api/invoices',
    tag: 'invoices',
    access: 'invoices.create',
    summary: 'Invoice a shipment or an order',
    description: 'Lines and prices come from what was shipped and confirmed unless given. The buyer gets an 810.',
    body: InvoiceInput,
    answer: [201, Invoice],
    errors: ['record/not-found', 'record/conflict', 'invoices/total-mismatch', 'orders/unknown-line', 'orders/quantity-exceeded'],
    handler: (ctx, { body }) => createInvoice(ctx, body),
  })
}
