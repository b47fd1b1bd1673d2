import type { DatedEvent, LineAcknowledgement, OrderAcknowledgementDocument, ProductId } from '../../src/documents/canonical.ts'
import type { Finding } from '../../src/exceptions/finding.ts'
import type { OrderFacts, OrderLineFacts, ResponseFacts, ShipmentFacts } from '../../src/reconciliation/facts.ts'
import { policyBook, type PolicyRow } from '../../src/reconciliation/policy.ts'

/** Facts for the rules, as short as a table row. */

export const source = (messageId: string) => ({ messageId, ordinal: 0 })
export const upc = (value: string): ProductId => ({ qualifier: 'UP', value })
export const dated = (qualifier: string, date: string, at = 4): DatedEvent => ({ qualifier, date, at })

type Line = {
  quantity: string
  unit?: string
  price?: string
  priceBasis?: string
  products?: ProductId[]
  dates?: DatedEvent[]
  item?: OrderLineFacts['item']
} & Partial<Pick<OrderLineFacts, 'response' | 'quantityConfirmed' | 'quantityCancelled' | 'priceConfirmed' | 'change'>>
export const item = (packQuantity = '1') => ({ id: 'pit_1', gtin: '00036000291452', unit: 'EA', packQuantity })

/** An order that came as an 850: PO1 of line n is segment 10 + n. */
export const orderOf = (lines: readonly Line[], rest: Partial<OrderFacts> & { dates?: DatedEvent[] } = {}): OrderFacts => {
  const { dates = [], ...facts } = rest
  return {
    orderId: 'ord_1',
    partnershipId: 'prt_1',
    buyerId: 'org_b',
    sellerId: 'org_s',
    number: 'PO7',
    orderDate: '2026-03-02',
    currency: 'USD',
    state: 'open',
    source: source('msg_850'),
    responses: [],
    shipments: [],
    changes: [],
    today: '2026-03-10',
    now: '2026-03-10T12:00:00.000Z',
    document: {
      number: 'PO7',
      purpose: '00',
      type: 'SA',
      orderDate: '2026-03-02',
      references: [],
      parties: [],
      dates,
      lines: lines.map((line, i) => ({
        lineNumber: String(i + 1),
        quantity: line.quantity,
        unit: line.unit ?? 'EA',
        products: line.products ?? [upc('036000291452')],
        ...(line.dates && { dates: line.dates }),
        at: 11 + i,
      })),
    },
    lines: lines.map((line, i) => ({
      position: i + 1,
      lineNumber: String(i + 1),
      item: line.item ?? null,
      unit: line.unit ?? 'EA',
      price: line.price ?? null,
      priceBasis: line.priceBasis ?? null,
      response: line.response ?? 'open',
      quantityOrdered: line.quantity,
      quantityConfirmed: line.quantityConfirmed ?? '0',
      quantityCancelled: line.quantityCancelled ?? '0',
      priceConfirmed: line.priceConfirmed ?? null,
      change: line.change ?? null,
      at: 11 + i,
    })),
    ...facts,
  }
}

type AnswerLine = {
  line: string
  unit?: string
  price?: string
  priceBasis?: string
  products?: ProductId[]
  acks: LineAcknowledgement[]
  position?: number | null
}

/** An 855: PO1 of line n is segment 10n, its first ACK 10n + 1. */
export const answerOf = (type: string, lines: readonly AnswerLine[], sequence = 1): ResponseFacts => ({
  id: `rsp_${sequence}`,
  sequence,
  source: source(`msg_855_${sequence}`),
  positions: lines.map(line => (line.position === undefined ? Number(line.line) : line.position)),
  document: {
    purpose: '00',
    type,
    orderNumber: 'PO7',
    orderDate: '2026-03-02',
    references: [],
    parties: [],
    dates: [],
    at: 2,
    lines: lines.map((line, i): OrderAcknowledgementDocument['lines'][number] => ({
      lineNumber: line.line,
      products: line.products ?? [upc('036000291452')],
      at: 10 * (i + 1),
      ...(line.unit !== undefined && { unit: line.unit }),
      ...(line.price !== undefined && { price: line.price }),
      ...(line.priceBasis !== undefined && { priceBasis: line.priceBasis }),
      acknowledgements: line.acks.map((ack, j) => ({ ...ack, at: 10 * (i + 1) + 1 + j })),
    })),
  },
})
export const ack = (code: string, quantity?: string, rest: Partial<LineAcknowledgement> = {}): LineAcknowledgement => ({
  code,
  ...(quantity !== undefined && { quantity }),
  ...rest,
})

type Shipped = { line: number | null; quantity: string; unit?: string; orderId?: string | null; product?: string }
export const shipmentOf = (number: string, lines: readonly Shipped[], rest: Partial<ShipmentFacts> = {}): ShipmentFacts => ({
  id: `shp_${number}`,
  number,
  source: source(`msg_856_${number}`),
  shipDate: null,
  estimatedDelivery: null,
  shipDateAt: 5,
  estimatedDeliveryAt: 6,
  ...rest,
  lines: lines.map((line, i) => ({
    position: i + 1,
    orderId: line.orderId === undefined ? 'ord_1' : line.orderId,
    orderLinePosition: line.line,
    orderNumber: 'PO7',
    lineNumber: line.line === null ? null : String(line.line),
    product: line.product ?? null,
    quantity: line.quantity,
    unit: line.unit ?? 'EA',
    at: 20 + i,
  })),
})

export const policies = (...rows: Partial<PolicyRow>[]) =>
  policyBook(
    rows.map((row, i) => ({
      id: `pol_${i + 1}`,
      rule: 'R4',
      partnershipId: 'prt_1',
      partnershipItemId: null,
      settings: {},
      validFrom: '2026-01-01',
      validTo: null,
      ...row,
    })),
  )

/** A finding in one line: code, severity, expected → actual, difference. */
export const brief = (findings: readonly Finding[]): string[] =>
  findings.map(
    ({ code, severity, compared: { expected, actual, difference } }) =>
      `${code} ${severity}: ${expected} → ${actual}, ${difference}`,
  )
