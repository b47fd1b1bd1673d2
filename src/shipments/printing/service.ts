import type { Readable } from 'node:stream'
import type { Context } from '../../db/context.ts'
import { DomainError } from '../../shared/errors.ts'
import type { LabelRequest, PaperRequest } from '../schema.ts'
import { billOfLadingAsPdf } from './bill-of-lading.ts'
import { labelsAsPdf } from './label-pdf.ts'
import { labelsAsZpl } from './label-zpl.ts'
import { logisticLabels } from './label.ts'
import { packingListAsPdf } from './packing-list.ts'
import { printableShipment } from './printable.ts'

/** Something to print, made as it is read. */
export type Printed = { readonly contentType: string; readonly fileName: string; readonly content: Readable }

/**
 * GS1 logistic labels of a shipment, one for each package that has an SSCC, pallets before their cartons. Only the seller, who
 * sticks them on, prints them.
 * @throws DomainError record/not-found, identity/forbidden, shipments/no-labels (no such package, or none has an SSCC)
 */
export const printLabels = async (ctx: Context, id: string, request: LabelRequest = {}): Promise<Printed> => {
  const { format = 'pdf', size = '4x6', dpi = 203 } = request
  const shipment = await printableShipment(ctx, id)
  if (shipment.sellerId !== ctx.actor.organisationId)
    throw new DomainError('identity/forbidden', { detail: 'Only the seller labels a shipment.' })
  const { document } = shipment
  const wanted = document.packages.filter(each => request.package === undefined || [each.id, each.parent].includes(request.package))
  if (!wanted.some(each => each.sscc !== undefined)) throw new DomainError('shipments/no-labels', { shipment: document.number })
  const labels = logisticLabels(shipment, new Set(wanted.map(each => each.id)))
  const name = `Labels ${document.number}${request.package === undefined ? '' : ` ${request.package}`}`
  return format === 'zpl'
    ? { contentType: 'application/zpl; charset=utf-8', fileName: fileName(name, 'zpl'), content: labelsAsZpl(labels, size, dpi) }
    : pdf(name, labelsAsPdf(labels, size, name, shipment.createdAt))
}

/**
 * The packing list of a shipment, for either side.
 * @throws DomainError record/not-found
 */
export const printPackingList = async (ctx: Context, id: string, { paper = 'letter' }: PaperRequest = {}): Promise<Printed> => {
  const shipment = await printableShipment(ctx, id)
  return pdf(`Packing list ${shipment.document.number}`, packingListAsPdf(shipment, paper))
}

/**
 * The bill of lading of a shipment, for either side.
 * @throws DomainError record/not-found
 */
export const printBillOfLading = async (ctx: Context, id: string, { paper = 'letter' }: PaperRequest = {}): Promise<Printed> => {
  const shipment = await printableShipment(ctx, id)
  return pdf(`Bill of lading ${shipment.document.number}`, billOfLadingAsPdf(shipment, paper))
}

const pdf = (name: string, content: Readable): Printed => ({ contentType: 'application/pdf', fileName: fileName(name, 'pdf'), content })

/** A name that every file system takes and no header is broken by. */
const fileName = (name: string, extension: string): string =>
  `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')}.${extension}`
