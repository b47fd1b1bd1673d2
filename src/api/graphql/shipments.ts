import { Invoice, InvoiceFilter, InvoiceInput, InvoiceSummary } from '../../invoices/schema.ts'
import { createInvoice, getInvoice, listInvoices } from '../../invoices/service.ts'
import {
  PackingOptions,
  PackingProposal,
  Shipment,
  ShipmentAmendment,
  ShipmentFilter,
  ShipmentInput,
  ShipmentSummary,
  SsccReservation,
} from '../../shipments/schema.ts'
import {
  amendShipment,
  cancelShipment,
  createShipment,
  getShipment,
  listShipments,
  proposePacking,
  reserveSsccs,
} from '../../shipments/service.ts'
import { checker } from '../checker.ts'
import { builder, filterInput, input, load, output, page } from './builder.ts'
import { invoicesOfOrderLoader, orderLoader, shipmentLoader, shipmentsOfOrderLoader } from './loaders.ts'
import { OrderSummaryType } from './orders.ts'
import { filtered, mutation, query } from './resolve.ts'

const ShipmentType = output(Shipment)
const ShipmentSummaryType = output(ShipmentSummary)
const InvoiceType = output(Invoice)
const InvoiceSummaryType = output(InvoiceSummary)
const checkShipmentFilter = checker(ShipmentFilter)
const checkShipment = checker(ShipmentInput)
const checkAmendment = checker(ShipmentAmendment)
const checkPacking = checker(PackingOptions)
const checkReservation = checker(SsccReservation)
const checkInvoiceFilter = checker(InvoiceFilter)
const checkInvoice = checker(InvoiceInput)

builder.objectFields(OrderSummaryType, t => ({
  shipments: t.field({
    type: [ShipmentType],
    resolve: async ({ id }, _args, context) => (await load(context, shipmentsOfOrderLoader, id)) ?? [],
  }),
  invoices: t.field({
    type: [InvoiceType],
    resolve: async ({ id }, _args, context) => (await load(context, invoicesOfOrderLoader, id)) ?? [],
  }),
}))
for (const type of [InvoiceType, InvoiceSummaryType])
  builder.objectFields(type, t => ({
    order: t.field({
      type: OrderSummaryType,
      nullable: true,
      resolve: ({ orderId }, _args, context) => (orderId === null ? null : load(context, orderLoader, orderId)),
    }),
    shipment: t.field({
      type: ShipmentType,
      nullable: true,
      resolve: ({ shipmentId }, _args, context) => (shipmentId === null ? null : load(context, shipmentLoader, shipmentId)),
    }),
  }))

const ShipmentPage = page('Shipment', ShipmentSummaryType)
const InvoicePage = page('Invoice', InvoiceSummaryType)

builder.queryFields(t => ({
  shipments: t.field({
    type: ShipmentPage,
    description: 'Shipments, newest first.',
    args: { filter: t.arg({ type: filterInput(ShipmentFilter) }), limit: t.arg.int(), cursor: t.arg.string() },
    resolve: query('records.read', filtered(checkShipmentFilter, listShipments)),
  }),
  shipment: t.field({
    type: ShipmentType,
    args: { id: t.arg.id({ required: true }) },
    resolve: query('records.read', (ctx, { id }: { id: string }) => getShipment(ctx, id)),
  }),
  packingProposal: t.field({
    type: output(PackingProposal),
    args: { orderIds: t.arg.idList({ required: true }), options: t.arg({ type: input(PackingOptions) }) },
    description: 'How what is open on orders would be packed.',
    resolve: query('shipments.create', (ctx, args: { orderIds: string[]; options?: PackingOptions | null }) =>
      proposePacking(ctx, { ...checkPacking(args.options ?? {}), orderIds: args.orderIds }),
    ),
  }),
  invoices: t.field({
    type: InvoicePage,
    description: 'Invoices, newest first.',
    args: { filter: t.arg({ type: filterInput(InvoiceFilter) }), limit: t.arg.int(), cursor: t.arg.string() },
    resolve: query('records.read', filtered(checkInvoiceFilter, listInvoices)),
  }),
  invoice: t.field({
    type: InvoiceType,
    args: { id: t.arg.id({ required: true }) },
    resolve: query('records.read', (ctx, { id }: { id: string }) => getInvoice(ctx, id)),
  }),
}))

builder.mutationFields(t => ({
  createShipment: t.field({
    type: ShipmentType,
    args: { input: t.arg({ type: input(ShipmentInput), required: true }) },
    description: 'Ship orders as the seller; the buyer gets an 856.',
    resolve: mutation('shipments.create', (ctx, args: { input: ShipmentInput }) =>
      createShipment(ctx, checkShipment(args.input)),
    ),
  }),
  amendShipment: t.field({
    type: ShipmentType,
    args: {
      id: t.arg.id({ required: true }),
      input: t.arg({ type: input(ShipmentAmendment), required: true }),
      ifVersion: t.arg.int(),
    },
    description: 'Correct the dates, carrier, numbers or weights of a shipment; the buyer gets an 856 that replaces the first.',
    resolve: mutation('shipments.create', (ctx, args: { id: string; input: ShipmentAmendment; ifVersion?: number }) =>
      amendShipment(ctx, args.id, checkAmendment(args.input), args.ifVersion),
    ),
  }),
  cancelShipment: t.field({
    type: ShipmentType,
    args: { id: t.arg.id({ required: true }), ifVersion: t.arg.int() },
    description: 'Take back a shipment that did not go; the buyer gets an 856 that cancels the first.',
    resolve: mutation('shipments.create', (ctx, args: { id: string; ifVersion?: number }) =>
      cancelShipment(ctx, args.id, args.ifVersion),
    ),
  }),
  reserveSsccs: t.field({
    type: ['String'],
    args: { input: t.arg({ type: input(SsccReservation), required: true }) },
    description: 'Reserve SSCCs for labels that are printed before the shipment is entered.',
    resolve: mutation('shipments.create', async (ctx, args: { input: SsccReservation }) =>
      (await reserveSsccs(ctx, checkReservation(args.input))).ssccs,
    ),
  }),
  createInvoice: t.field({
    type: InvoiceType,
    args: { input: t.arg({ type: input(InvoiceInput), required: true }) },
    description: 'Invoice as the seller; the buyer gets an 810.',
    resolve: mutation('invoices.create', (ctx, args: { input: InvoiceInput }) => createInvoice(ctx, checkInvoice(args.input))),
  }),
}))
