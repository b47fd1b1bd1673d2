import type { Work } from '../db/outbox.ts'
import type { Actor } from '../db/context.ts'
import type { PurchaseOrderDocument } from '../documents/canonical.ts'
import { channelOf, counterpartOf } from '../partners/rules.ts'
import type { Partnership } from '../partners/schema.ts'
import type { Problem } from './rules.ts'
import type { DocumentChannel } from './schema.ts'

/** A canonical document as it came in by some channel. `ordinal` is that of its set in the message. */
export type Received<D> = {
  readonly document: D
  readonly partnership: Partnership
  readonly channel: DocumentChannel
  readonly source?: { readonly messageId: string; readonly ordinal: number }
}

/**
 * What became of a received document. A conflict is not recorded beside what it conflicts with: the message keeps it, and
 * the problems say why. A parked one waits for the order that it speaks of.
 */
export type Applied = {
  outcome: 'applied' | 'duplicate' | 'conflict' | 'parked'
  documentKind: 'order' | 'order_response' | 'order_change' | 'order_change_answer' | 'shipment' | 'receipt' | 'invoice' | 'forecast'
  documentId?: string
  problems: Problem[]
}

export const sourceOf = (received: Pick<Received<unknown>, 'source'>) => ({
  sourceMessageId: received.source?.messageId,
  sourceOrdinal: received.source?.ordinal,
})

/** How something that an actor enters has come in. */
export const enteredBy = (actor: Actor): DocumentChannel => (actor.apiKeyId === undefined ? 'portal' : 'api')

/** Work on one order, its answers, shipments and invoices is done one after the other. */
export const orderKey = (partnershipId: string, orderId: string): string => `${partnershipId} ${orderId}`

export const reconcileWork = (partnershipId: string, orderId: string): Work => ({
  queue: 'documents',
  kind: 'reconcile',
  key: orderKey(partnershipId, orderId),
  payload: { orderId },
})

/** To apply what came before the orders of this number, or before a change of theirs. */
export const unparkWork = (partnershipId: string, number: string): Work => ({
  queue: 'documents',
  kind: 'unpark',
  key: `${partnershipId} parked ${number}`,
  payload: { partnershipId, number },
})

/** To write a document to the other side in X12; none when that side looks in the portal or asks the API. */
export const deliverWork = (
  partnership: Partnership,
  from: string,
  document: '850' | '855' | '860' | '865' | '856' | '861' | '810',
  documentId: string,
  key: string,
  revision?: number,
): Work[] => {
  const recipientId = counterpartOf(partnership, from)
  if (channelOf(partnership, recipientId, document).channel !== 'x12') return []
  return [
    {
      queue: 'documents',
      kind: 'deliver',
      key,
      payload: { document, documentId, recipientId, ...(revision !== undefined && { revision }) },
    },
  ]
}

/** The two sides and the partnership, as an event of a trade names them. */
export const tradeOf = (partnership: Pick<Partnership, 'id' | 'buyerId' | 'sellerId'>) => ({
  organisationId: partnership.buyerId,
  counterpartId: partnership.sellerId,
  partnershipId: partnership.id,
})

export const releaseOf = (document: Pick<PurchaseOrderDocument, 'release'>): string => document.release ?? ''

/** Another transaction has just stored what this one was about to. The code is PostgreSQL's for trying the whole again. */
export class StoredMeanwhile extends Error {
  readonly code = '40001'
  constructor(what: string) {
    super(`the ${what} was stored by another transaction at the same time`)
    this.name = 'StoredMeanwhile'
  }
}
