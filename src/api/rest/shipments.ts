import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Readable } from 'node:stream'
import { Type } from 'typebox'
import {
  LabelRequest,
  LabelsAhead,
  PackingProposal,
  PackingRequest,
  PaperRequest,
  Shipment,
  ShipmentAmendment,
  ShipmentFilter,
  ShipmentInput,
  ShipmentPage,
  SsccReservation,
  SsccsReserved,
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
import { printBillOfLading, printLabels, printLabelsAhead, printPackingList, type Printed } from '../../shipments/printing/service.ts'
import { IdParams, operation } from '../operation.ts'

const Pdf = Type.Unsafe<Readable>({ description: 'A PDF.', contentMediaType: 'application/pdf' })
const Labels = Type.Unsafe<Readable>({ description: 'A PDF with a label on each page, or ZPL.', contentMediaType: 'application/pdf' })

const download = (reply: FastifyReply, { contentType, fileName, content }: Printed): Readable => {
  reply.headers({ 'content-type': contentType, 'content-disposition': `attachment; filename="${fileName}"` })
  return content
}

/** Ship notices, SSCCs and what is printed for them. */
export const registerShipments = (app: FastifyInstance): void => {
  operation(app, {
    id: 'listShipments',
    method: 'GET',
    path: '/api/shipments',
    tag: 'shipments',
    access: 'records.read',
    summary: 'List shipments, newest first',
    query: ShipmentFilter,
    answer: [200, ShipmentPage],
    handler: (ctx, { query }) => listShipments(ctx, query),
  })
  operation(app, {
    id: 'getShipment',
    method: 'GET',
    path: '/api/shipments/:id',
    tag: 'shipments',
    access: 'records.read',
    summary: 'A shipment with its packages and lines',
    params: IdParams,
    answer: [200, Shipment],
    handler: (ctx, { params }) => getShipment(ctx, params.id),
  })
  operation(app, {
    id: 'createShipment',
    method: 'POST',
    path: '/api/shipments',
    tag: 'shipments',
    access: 'shipments.create',
    summary: 'Ship orders',
    description: 'Packages without an SSCC get one; without packages the proposal is taken. The buyer gets an 856.',
    body: ShipmentInput,
    answer: [201, Shipment],
    errors: [
      'record/not-found',
      'record/conflict',
      'shipments/over-open-quantity',
      'shipments/invalid-packing',
      'shipments/mixed-partnerships',
      'shipments/invalid-sscc',
      'partners/unknown-location',
      'shipments/sscc-reused',
      'shipments/no-gs1-prefix',
      'shipments/nothing-to-ship',
      'shipments/line-closed',
      'orders/unknown-line',
    ],
    handler: (ctx, { body }) => createShipment(ctx, body),
  })
  operation(app, {
    id: 'amendShipment',
    method: 'PATCH',
    path: '/api/shipments/:id',
    tag: 'shipments',
    access: 'shipments.create',
    summary: 'Correct the dates, carrier, numbers or weights of a shipment',
    description: 'What is left out stays, and what is in it too. The buyer gets an 856 that replaces the first (BSN01 05).',
    params: IdParams,
    body: ShipmentAmendment,
    answer: [200, Shipment],
    ifMatch: 'optional',
    errors: ['record/not-found', 'identity/forbidden', 'shipments/cancelled', 'shipments/invalid-packing'],
    handler: (ctx, { params, body, ifVersion }) => amendShipment(ctx, params.id, body, ifVersion),
  })
  operation(app, {
    id: 'cancelShipment',
    method: 'POST',
    path: '/api/shipments/:id/cancel',
    tag: 'shipments',
    access: 'shipments.create',
    summary: 'Take back a shipment that did not go',
    description: 'Its quantities are open on the orders again. The buyer gets an 856 that cancels the first (BSN01 01).',
    params: IdParams,
    answer: [200, Shipment],
    ifMatch: 'optional',
    errors: ['record/not-found', 'identity/forbidden', 'shipments/cancelled', 'shipments/in-use'],
    handler: (ctx, { params, ifVersion }) => cancelShipment(ctx, params.id, ifVersion),
  })
  operation(app, {
    id: 'proposeShipmentPacking',
    method: 'POST',
    path: '/api/packing-proposals',
    tag: 'shipments',
    access: 'shipments.create',
    summary: 'How orders would be packed together',
    description: 'From the case and pallet sizes of the items. Nothing is stored; edit it and give it to a shipment.',
    body: PackingRequest,
    answer: [200, PackingProposal],
    errors: [
      'record/not-found',
      'shipments/mixed-partnerships',
      'shipments/invalid-packing',
      'shipments/over-open-quantity',
      'orders/unknown-line',
    ],
    handler: (ctx, { body }) => proposePacking(ctx, body),
  })
  operation(app, {
    id: 'reserveSsccs',
    method: 'POST',
    path: '/api/ssccs',
    tag: 'shipments',
    access: 'shipments.create',
    summary: 'Reserve SSCCs for labels that are printed before the shipment is entered',
    description: 'Of your GS1 company prefix, given out once. Give them to the packages of the shipment.',
    body: SsccReservation,
    answer: [201, SsccsReserved],
    errors: ['shipments/no-gs1-prefix'],
    handler: (ctx, { body }) => reserveSsccs(ctx, body),
  })
  const print = { method: 'GET', tag: 'shipments', access: 'records.read', params: IdParams } as const
  operation(app, {
    ...print,
    id: 'printShipmentLabels',
    path: '/api/shipments/:id/labels',
    summary: 'GS1 logistic labels of a shipment, as PDF or ZPL',
    description: 'One for each package with an SSCC: (00) in GS1-128, and what is in it where that is one item. For the seller.',
    query: LabelRequest,
    answer: [200, Labels],
    errors: ['record/not-found', 'identity/forbidden', 'shipments/cancelled', 'shipments/no-labels'],
    handler: async (ctx, { params, query, reply }) => download(reply, await printLabels(ctx, params.id, query)),
  })
  operation(app, {
    id: 'printLabelsAhead',
    method: 'POST',
    path: '/api/shipment-labels',
    tag: 'shipments',
    access: 'shipments.create',
    summary: 'GS1 logistic labels of a shipment that is still to be entered, to pack by',
    description:
      'The shipment is checked as when it is entered, and nothing of it is kept. Its packages bring their SSCCs: reserve them first, and enter the shipment with them later.',
    body: LabelsAhead,
    answer: [200, Labels],
    // Nothing is changed, so there is nothing to do only once.
    ownIdempotency: true,
    errors: [
      'record/not-found',
      'shipments/no-labels',
      'shipments/over-open-quantity',
      'shipments/invalid-packing',
      'shipments/invalid-sscc',
      'shipments/sscc-reused',
      'orders/unknown-line',
    ],
    handler: async (ctx, { body, reply }) => download(reply, await printLabelsAhead(ctx, body)),
  })
  operation(app, {
    ...print,
    id: 'printPackingList',
    path: '/api/shipments/:id/packing-list',
    summary: 'The packing list of a shipment, as PDF',
    query: PaperRequest,
    answer: [200, Pdf],
    errors: ['record/not-found'],
    handler: async (ctx, { params, query, reply }) => download(reply, await printPackingList(ctx, params.id, query)),
  })
  operation(app, {
    ...print,
    id: 'printBillOfLading',
    path: '/api/shipments/:id/bill-of-lading',
    summary: 'The bill of lading of a shipment, as PDF',
    query: PaperRequest,
    answer: [200, Pdf],
    errors: ['record/not-found'],
    handler: async (ctx, { params, query, reply }) => download(reply, await printBillOfLading(ctx, params.id, query)),
  })
}
