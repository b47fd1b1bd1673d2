import type { FastifyInstance } from 'fastify'
import { Shipment, ShipmentFilter, ShipmentInput, ShipmentPage } from '../../shipments/schema.ts'
import { createShipment, getShipment, listShipments } from '../../shipments/service.ts'
import { IdParams, operation } from '../operation.ts'

/** Ship notices. */
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
    description: 'SSCCs are given by the hub; without packages the proposal is taken. The buyer gets an 856.',
    body: ShipmentInput,
    answer: [201, Shipment],
    errors: [
      'record/not-found',
      'record/conflict',
      'shipments/over-open-quantity',
      'shipments/invalid-packing',
      'shipments/mixed-partnerships',
      'orders/unknown-line',
    ],
    handler: (ctx, { body }) => createShipment(ctx, body),
  })
}
