import type { Readable } from 'node:stream'
import { withOrganisation } from '../../db/client.ts'
import type { Context } from '../../db/context.ts'
import { authorise } from '../../identity/rules.ts'
import { DomainError } from '../../shared/errors.ts'
import type { LabelRequest, LabelsAhead, PaperRequest } from '../schema.ts'
import { makeShipment } from '../shipping.ts'
import { billOfLadingAsPdf } from './bill-of-lading.ts'
import { labelsAsPdf } from './label-pdf.ts'
import { labelsAsZpl } from './label-zpl.ts'
import { logisticLabels } from './label.ts'
import { packingListAsPdf } from './packing-list.ts'
import { printableShipment, type PrintableShipment } from './printable.ts'

/** Something to print, made as it is read. */
export type Printed = { readonly contentType: string; readonly fileName: string; readonly content: Readable }

/**
 * GS1 logistic labels of a shipment, one for each package that has an SSCC, pallets before their cartons. Only the seller, who
 * sticks them on, prints them.
 * @throws DomainError record/not-found, identity/forbidden, shipments/cancelled, shipments/no-labels (no such package, or none
 *   has an SSCC)
 */
export const printLabels = async (ctx: Context, id: string, request: LabelRequest = {}): Promise<Printed> => {
  const shipment = await printableShipment(ctx, id)
  if (shipment.sellerId !== ctx.actor.organisationId)
    throw new DomainError('identity/forbidden', { detail: 'Only the seller labels a shipment.' })
  if (shipment.state === 'cancelled')
    throw new DomainError('shipments/cancelled', { detail: `Ship notice ${shipment.document.number} was taken back; it needs no labels.` })
  return labelsOf(shipment, request)
}

/**
 * The labels of a shipment that is still to be entered, to pack by. It is checked as if it were entered, and nothing of it is
 * kept, so its packages bring their SSCCs: reserved ones, or the seller's own.
 * @throws DomainError those of `createShipment`, and shipments/no-labels for a package without an SSCC
 */
export const printLabelsAhead = async (ctx: Context, { shipment: input, ...request }: LabelsAhead): Promise<Printed> => {
  authorise(ctx.actor, 'shipments.create')
  const without = input.packages?.find(each => each.sscc === undefined)
  if (!input.packages || without)
    throw new DomainError('shipments/no-labels', {
      detail: `${without ? `Package ${without.package} brings` : 'The packages bring'} no SSCC. Reserve SSCCs, and give each package its own.`,
    })
  try {
    return await withOrganisation(ctx, async tx => {
      const inner = { ...ctx, db: tx }
      throw new Undone(await printableShipment(inner, await makeShipment(inner, tx, input)))
    })
  } catch (error) {
    if (!(error instanceof Undone)) throw error
    const { shipment } = error
    // The hub numbers a shipment when it is entered, perhaps otherwise than now.
    return labelsOf({ ...shipment, document: { ...shipment.document, number: input.number ?? '' } }, request)
  }
}

/** Ends a transaction that nothing is to be kept of. */
class Undone extends Error {
  readonly shipment: PrintableShipment
  constructor(shipment: PrintableShipment) {
    super('undone')
    this.shipment = shipment
  }
}

const labelsOf = (shipment: PrintableShipment, { format = 'pdf', size = '4x6', dpi = 203, package: only }: LabelRequest): Printed => {
  const { document, createdAt } = shipment
  const wanted = document.packages.filter(each => only === undefined || each.id === only || each.parent === only)
  if (!wanted.some(each => each.sscc !== undefined)) throw new DomainError('shipments/no-labels', { shipment: document.number })
  const labels = logisticLabels(shipment, new Set(wanted.map(each => each.id)))
  const name = ['Labels', document.number, only ?? ''].join(' ').trim()
  return format === 'zpl'
    ? { contentType: 'application/zpl; charset=utf-8', fileName: fileName(name, 'zpl'), content: labelsAsZpl(labels, size, dpi) }
    : pdf(name, labelsAsPdf(labels, size, name, createdAt))
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
