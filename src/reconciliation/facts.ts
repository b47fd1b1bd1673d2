import type {
  OrderAcknowledgementDocument,
  OrderChangeAnswerDocument,
  OrderChangeDocument,
  PurchaseOrderDocument,
} from '../documents/canonical.ts'
import type { ChangeState } from '../orders/change-schema.ts'
import type { LineResponse, OrderState } from '../orders/schema.ts'

/** The set that a document came in; absent when it was entered by API or portal. */
export type Source = { readonly messageId: string; readonly ordinal: number }

export type OrderLineFacts = {
  /** Ordinal in the order, from 1; document.lines[position - 1] is the same line. */
  readonly position: number
  readonly lineNumber: string
  readonly item: { readonly id: string; readonly gtin: string; readonly unit: string; readonly packQuantity: string } | null
  readonly unit: string
  readonly price: string | null
  readonly priceBasis: string | null
  readonly response: LineResponse
  readonly quantityOrdered: string
  readonly quantityConfirmed: string
  readonly quantityCancelled: string
  /** What the seller last said of the line. */
  readonly priceConfirmed: string | null
  /** Of the PO1. */
  readonly at: number | null
  /** The change that made the line what it is, and its POC; null when that is the order. */
  readonly change: { readonly id: string; readonly at: number | null; readonly source: Source | null } | null
}

/** A change of the buyer's (860), with what was said to it (865). */
export type ChangeFacts = {
  readonly id: string
  readonly sequence: string | null
  /** Its place among the changes that were made. */
  readonly ordinal: number | null
  readonly state: ChangeState
  readonly decidedAt: string
  readonly source: Source | null
  readonly document: OrderChangeDocument
  readonly problems: readonly { readonly code: string; readonly detail: string; readonly at?: number }[]
  /** For each line of the document the position of the order line that it means, null when the order has no such line. */
  readonly positions: readonly (number | null)[]
  /** By the seller; in order. */
  readonly answers: readonly { readonly id: string; readonly source: Source | null; readonly document: OrderChangeAnswerDocument }[]
}

export type ResponseFacts = {
  readonly id: string
  readonly sequence: number
  readonly source: Source | null
  readonly document: OrderAcknowledgementDocument
  /** For each line of the document the position of the order line that it means, null when the order has no such line. */
  readonly positions: readonly (number | null)[]
}

export type ShipmentLineFacts = {
  readonly position: number
  /** Null: the order is not known, `orderNumber` says which one was meant. */
  readonly orderId: string | null
  /** Null: the order has no such line. */
  readonly orderLinePosition: number | null
  readonly orderNumber: string
  readonly lineNumber: string | null
  readonly product: string | null
  readonly quantity: string
  readonly unit: string
  /** Of the SN1. */
  readonly at: number | null
}

/** A shipment that is not cancelled, with its lines for this order and those for orders that nobody knows. */
export type ShipmentFacts = {
  readonly id: string
  readonly number: string
  readonly source: Source | null
  readonly shipDate: string | null
  readonly estimatedDelivery: string | null
  /** Ordinals of the DTM segments of both dates. */
  readonly shipDateAt: number | null
  readonly estimatedDeliveryAt: number | null
  readonly lines: readonly ShipmentLineFacts[]
}

/** One order as it stands, with every answer and shipment. */
export type OrderFacts = {
  readonly orderId: string
  readonly partnershipId: string
  readonly buyerId: string
  readonly sellerId: string
  readonly number: string
  readonly orderDate: string
  readonly currency: string
  readonly state: OrderState
  readonly source: Source | null
  readonly document: PurchaseOrderDocument
  readonly lines: readonly OrderLineFacts[]
  readonly responses: readonly ResponseFacts[]
  readonly shipments: readonly ShipmentFacts[]
  readonly changes: readonly ChangeFacts[]
  /** The business date of the run, and its instant. */
  readonly today: string
  readonly now: string
}

/** A line of a receipt that stands: what arrived of one order line, or of goods that none is known for. */
export type ReceivedFacts = {
  readonly receiptId: string
  /** Of the receipt. */
  readonly number: string
  readonly source: Source | null
  readonly receivedOn: string
  readonly position: number
  /** Ordinal of the line in the document, from 1. */
  readonly documentLine: number
  readonly orderId: string | null
  readonly orderLinePosition: number | null
  readonly shipmentId: string | null
  /** Of that shipment; null when it has no package with this SSCC. */
  readonly package: string | null
  readonly sscc: string | null
  readonly product: string | null
  /** What arrived in whatever condition, and what of it was damaged or of bad quality; what came in its place. */
  readonly quantity: string
  readonly damaged: string
  readonly quality: string
  readonly wrong: string
  readonly unit: string
  /** Condition codes in the order in which the line has them. */
  readonly conditions: readonly string[]
  /** Of the RCD and of its first MAN. */
  readonly at: number | null
  readonly cartonAt: number | null
}

/** What was received of an order, and how its shipments were packed. */
export type ReceivingFacts = {
  /** Of the order, and of its shipments where no order is known. */
  readonly received: readonly ReceivedFacts[]
  readonly packages: readonly {
    readonly shipmentId: string
    readonly package: string
    readonly parent: string | null
    readonly sscc: string | null
    /** Of the HL. */
    readonly at: number | null
  }[]
  /** The package that a line of a shipment is in. */
  readonly packageOf: (shipmentId: string, position: number) => string | null
  /** Whether the buyer says in this partnership at all what it receives. */
  readonly used: boolean
}

/** A functional group that was sent and wants a 997. */
export type GroupFacts = {
  readonly messageId: string
  readonly ordinal: number
  /** Who received it and owes the 997. */
  readonly organisationId: string
  /** Whose document it carries. */
  readonly counterpartId: string | null
  readonly partnershipId: string | null
  readonly functionalId: string
  readonly controlNumber: string
  readonly state: 'pending' | 'accepted' | 'accepted_with_errors' | 'partially_accepted' | 'rejected'
  readonly sentAt: string
  /** The message that brought the 997. */
  readonly acknowledgementMessageId: string | null
}

/** An interchange that came under a control number already used for other bytes, and waits in quarantine. */
export type ControlConflictFacts = {
  readonly organisationId: string
  readonly sender: string
  readonly receiver: string
  readonly controlNumber: string
  readonly test: boolean
  readonly messageId: string
  readonly receivedAt: string
  readonly firstMessageId: string
  readonly firstSeenAt: string
}

/** Control numbers that were passed over: from and to are those on either side that did arrive. */
export type ControlGapFacts = {
  readonly organisationId: string
  readonly sender: string
  readonly receiver: string
  readonly test: boolean
  readonly before: string
  readonly after: string
  readonly missing: number
  readonly beforeMessageId: string
  readonly afterMessageId: string
  /** When the later of the two was seen. */
  readonly noticedAt: string
}

/** One side's number for a cell of the forecast. */
export type ForecastValue = {
  readonly forecastId: string
  readonly version: number
  readonly quantity: string
  readonly unit: string
  readonly source: Source | null
  /** Of the FST. */
  readonly at: number | null
}

/** Item × location × bucket, with the latest number of each side. */
export type ForecastCell = {
  readonly partnershipId: string
  readonly buyerId: string
  readonly sellerId: string
  readonly purpose: string
  readonly type: string
  readonly product: string
  readonly location: string
  readonly bucketStart: string
  readonly bucketEnd: string
  readonly item: {
    readonly id: string
    readonly unit: string
    readonly packQuantity: string
    readonly price: string | null
    readonly currency: string | null
  } | null
  readonly buyer: ForecastValue
  readonly seller: ForecastValue
}
