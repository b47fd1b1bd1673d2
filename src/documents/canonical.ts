import { Type, type Static } from 'typebox'

/**
 * The canonical documents: what a message in any channel becomes before it touches the shared record.
 * Quantities and money are decimal strings, dates 'YYYY-MM-DD'. `at` is the ordinal of the segment that a part came
 * from (ST = 1), absent when it was entered by API or portal: evidence points there.
 */

const At = Type.Optional(Type.Integer({ minimum: 1, description: 'Ordinal of the X12 segment this came from; ST is 1.' }))
const Decimal = Type.String({ pattern: '^-?\\d{1,15}(\\.\\d{1,9})?$', description: 'Decimal number as text, for example "12.50".' })
const BusinessDate = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'Calendar date, YYYY-MM-DD.' })
const Text = (maxLength: number) => Type.String({ maxLength })

export const Reference = Type.Object({ qualifier: Text(3), value: Text(80), description: Type.Optional(Text(80)), at: At })
export type Reference = Static<typeof Reference>

/** A product identifier as PO1/LIN/IT1 pairs give it: UP (UPC-12), UK (GTIN-14), EN (EAN-13), IN/BP (buyer's), VN/VP (seller's) … */
export const ProductId = Type.Object({ qualifier: Text(2), value: Text(48) })
export type ProductId = Static<typeof ProductId>

export const Party = Type.Object({
  role: Text(3), // N101: BY, SE, VN, ST, SF, BT, RE …
  name: Type.Optional(Text(60)),
  idQualifier: Type.Optional(Text(2)), // N103: UL (GLN), 92 (buyer's code), 1/9 (DUNS) …
  id: Type.Optional(Text(80)),
  address: Type.Optional(Type.Array(Text(55), { maxItems: 4 })),
  city: Type.Optional(Text(30)),
  region: Type.Optional(Text(2)),
  postalCode: Type.Optional(Text(15)),
  country: Type.Optional(Text(3)),
  at: At,
})
export type Party = Static<typeof Party>

/** A DTM: its qualifier (010 requested ship, 037/038 ship window, 002 delivery requested, 063/064 delivery window, 001 cancel after …). */
export const DatedEvent = Type.Object({ qualifier: Text(3), date: BusinessDate, time: Type.Optional(Text(8)), at: At })
export type DatedEvent = Static<typeof DatedEvent>

/** An SAC allowance (A) or charge (C). `informational` ones (N, or no amount) do not count in totals. */
export const AllowanceCharge = Type.Object({
  indicator: Type.Union([Type.Literal('A'), Type.Literal('C'), Type.Literal('N')]),
  code: Type.Optional(Text(10)),
  amount: Type.Optional(Decimal),
  percent: Type.Optional(Decimal),
  method: Type.Optional(Text(2)), // SAC12
  description: Type.Optional(Text(80)),
  at: At,
})
export type AllowanceCharge = Static<typeof AllowanceCharge>

const heading = {
  references: Type.Array(Reference, { maxItems: 1000 }),
  parties: Type.Array(Party, { maxItems: 200 }),
  dates: Type.Array(DatedEvent, { maxItems: 100 }),
  notes: Type.Optional(Type.Array(Text(264), { maxItems: 100 })),
}

export const OrderLineDocument = Type.Object({
  lineNumber: Text(20), // PO101 as sent, or the ordinal when it is absent
  quantity: Decimal,
  unit: Text(2),
  price: Type.Optional(Decimal),
  priceBasis: Type.Optional(Text(2)), // PO105 / IT105: PE each, HP per hundred, TP per thousand …
  products: Type.Array(ProductId, { maxItems: 10 }),
  description: Type.Optional(Text(80)),
  packSize: Type.Optional(Decimal), // PO401
  references: Type.Optional(Type.Array(Reference)),
  dates: Type.Optional(Type.Array(DatedEvent)),
  allowancesCharges: Type.Optional(Type.Array(AllowanceCharge)),
  /** SDQ store splits; they add up to the quantity. */
  splits: Type.Optional(Type.Array(Type.Object({ locationQualifier: Type.Optional(Text(2)), location: Text(80), quantity: Decimal, at: At }))),
  at: At,
})
export type OrderLineDocument = Static<typeof OrderLineDocument>

/** 850, or the same from REST and portal. */
export const PurchaseOrderDocument = Type.Object({
  number: Text(22), // BEG03
  release: Type.Optional(Text(30)), // BEG04
  purpose: Text(2), // BEG01
  type: Text(2), // BEG02
  orderDate: BusinessDate, // BEG05
  contract: Type.Optional(Text(30)), // BEG06
  currency: Type.Optional(Text(3)), // CUR02
  freightTerms: Type.Optional(Text(2)), // FOB01
  terms: Type.Optional(Type.Array(Type.Record(Type.String(), Text(80)))), // ITD elements kept as sent, keyed by position
  ...heading,
  lines: Type.Array(OrderLineDocument, { maxItems: 100_000 }),
  allowancesCharges: Type.Optional(Type.Array(AllowanceCharge)),
  /** CTT01 / CTT02 as sent. */
  lineCount: Type.Optional(Type.Integer()),
  hashTotal: Type.Optional(Decimal),
  at: At,
})
export type PurchaseOrderDocument = Static<typeof PurchaseOrderDocument>

/** One ACK segment: what the seller does with (part of) a line. */
export const LineAcknowledgement = Type.Object({
  code: Text(2), // ACK01: IA, IQ, IP, IC, DR, IB, BP, IS, ID, IR, AR …
  quantity: Type.Optional(Decimal), // ACK02
  unit: Type.Optional(Text(2)),
  price: Type.Optional(Decimal), // the price now offered (PO104 of the 855 line when the code is IP)
  dateQualifier: Type.Optional(Text(3)), // ACK04
  date: Type.Optional(BusinessDate), // ACK05
  products: Type.Optional(Type.Array(ProductId)), // a substitute's identifiers
  reason: Type.Optional(Text(80)),
  at: At,
})
export type LineAcknowledgement = Static<typeof LineAcknowledgement>

/** 855. */
export const OrderAcknowledgementDocument = Type.Object({
  purpose: Text(2), // BAK01
  type: Text(2), // BAK02: AD, AC, AK, AT, AE, RD, RJ …
  orderNumber: Text(22), // BAK03
  orderDate: BusinessDate, // BAK04
  release: Type.Optional(Text(30)), // BAK05
  acknowledgementNumber: Type.Optional(Text(30)), // BAK08: the seller's own order number
  acknowledgedOn: Type.Optional(BusinessDate), // BAK09
  ...heading,
  lines: Type.Array(
    Type.Object({
      lineNumber: Text(20),
      quantity: Type.Optional(Decimal), // PO102
      unit: Type.Optional(Text(2)),
      price: Type.Optional(Decimal), // PO104
      priceBasis: Type.Optional(Text(2)),
      products: Type.Array(ProductId),
      description: Type.Optional(Text(80)),
      acknowledgements: Type.Array(LineAcknowledgement),
      at: At,
    }),
  ),
  lineCount: Type.Optional(Type.Integer()),
  at: At,
})
export type OrderAcknowledgementDocument = Static<typeof OrderAcknowledgementDocument>

/** 856. Flat, each package naming its parent and each line its package, whatever the HL order was. */
export const ShipNoticeDocument = Type.Object({
  number: Text(30), // BSN02
  purpose: Text(2), // BSN01
  date: BusinessDate, // BSN03
  time: Text(8), // BSN04
  structure: Text(4), // BSN05: 0001 S-O-P-I, 0002 S-O-I-P, 0003 S-P-O-I, 0004 S-O-I
  carrier: Type.Optional(
    Type.Object({ scac: Type.Optional(Text(80)), mode: Type.Optional(Text(2)), name: Type.Optional(Text(60)), equipment: Type.Optional(Text(20)) }),
  ),
  grossWeight: Type.Optional(Type.Object({ value: Decimal, unit: Text(2) })),
  ladingQuantity: Type.Optional(Type.Integer()), // TD102
  freightTerms: Type.Optional(Text(2)), // FOB01
  ...heading, // the shipment level's: dates 011 shipped, 017 estimated delivery; references BM, CN, PK …
  packages: Type.Array(
    Type.Object({
      id: Text(12), // unique in this document; HL01 when it came from X12
      parent: Type.Optional(Text(12)),
      type: Type.Union([Type.Literal('pallet'), Type.Literal('carton')]), // HL03 T, P
      sscc: Type.Optional(Text(18)), // MAN*GM without the application identifier 00
      trackingNumber: Type.Optional(Text(48)), // MAN*CP
      orderNumber: Type.Optional(Text(22)),
      at: At,
    }),
    { maxItems: 200_000 },
  ),
  lines: Type.Array(
    Type.Object({
      orderNumber: Text(22), // PRF01 of the order level above
      release: Type.Optional(Text(30)),
      orderDate: Type.Optional(BusinessDate),
      lineNumber: Type.Optional(Text(20)), // LIN01, the order's line number
      package: Type.Optional(Text(12)),
      quantity: Decimal, // SN102
      unit: Text(2),
      quantityOrdered: Type.Optional(Decimal), // SN105
      products: Type.Array(ProductId),
      description: Type.Optional(Text(80)),
      at: At, // of the SN1
      itemAt: At, // of the LIN
    }),
    { maxItems: 200_000 },
  ),
  /** Order-level parties and references (store, department), keyed by order number. */
  orders: Type.Array(
    Type.Object({ number: Text(22), release: Type.Optional(Text(30)), date: Type.Optional(BusinessDate), references: Type.Array(Reference), parties: Type.Array(Party), at: At }),
  ),
  hlCount: Type.Optional(Type.Integer()), // CTT01
  at: At,
})
export type ShipNoticeDocument = Static<typeof ShipNoticeDocument>

/** 810. */
export const InvoiceDocument = Type.Object({
  number: Text(22), // BIG02
  date: BusinessDate, // BIG01
  orderNumber: Type.Optional(Text(22)), // BIG04
  orderDate: Type.Optional(BusinessDate), // BIG03
  release: Type.Optional(Text(30)), // BIG05
  type: Type.Optional(Text(2)), // BIG07: DI debit/plain invoice, CR credit memo
  purpose: Type.Optional(Text(2)), // BIG08
  shipmentNumber: Type.Optional(Text(30)), // REF*SI / BM, or the ASN it was made from
  currency: Type.Optional(Text(3)),
  freightTerms: Type.Optional(Text(2)),
  terms: Type.Optional(Type.Array(Type.Record(Type.String(), Text(80)))),
  ...heading,
  lines: Type.Array(
    Type.Object({
      lineNumber: Type.Optional(Text(20)), // IT101
      quantity: Decimal,
      unit: Text(2),
      price: Decimal,
      priceBasis: Type.Optional(Text(2)),
      products: Type.Array(ProductId),
      description: Type.Optional(Text(80)),
      allowancesCharges: Type.Optional(Type.Array(AllowanceCharge)),
      at: At,
    }),
    { maxItems: 100_000 },
  ),
  allowancesCharges: Type.Optional(Type.Array(AllowanceCharge)),
  taxes: Type.Optional(Type.Array(Type.Object({ type: Text(2), amount: Decimal, percent: Type.Optional(Decimal), at: At }))), // TXI
  total: Decimal, // TDS01, its two implied decimals made explicit
  totalAt: At,
  lineCount: Type.Optional(Type.Integer()),
  at: At,
})
export type InvoiceDocument = Static<typeof InvoiceDocument>

/** 830, or the same by JSON. Series of item × location, points by bucket; qualifiers are never summed together. */
export const ForecastDocument = Type.Object({
  number: Text(30), // BFR02 or BFR03
  purpose: Text(2), // BFR01
  basis: Type.Optional(Text(2)), // BFR04: DL delivery based, SH shipment based …
  horizonStart: BusinessDate, // BFR06
  horizonEnd: Type.Optional(BusinessDate), // BFR07
  issuedOn: BusinessDate, // BFR08
  ...heading,
  series: Type.Array(
    Type.Object({
      products: Type.Array(ProductId),
      location: Type.Optional(Type.Object({ qualifier: Type.Optional(Text(2)), id: Text(80) })), // N1*ST at the line or heading
      unit: Text(2),
      points: Type.Array(
        Type.Object({
          start: BusinessDate, // FST04
          end: Type.Optional(BusinessDate), // FST05, or derived from the timing
          quantity: Decimal, // FST01
          qualifier: Text(1), // FST02: A immediate, B pilot, C firm, D planning
          timing: Text(1), // FST03: W week, M month, D discrete, C daily, F flexible, Q quarter
          at: At,
        }),
        { maxItems: 2000 },
      ),
      at: At,
    }),
    { maxItems: 100_000 },
  ),
  at: At,
})
export type ForecastDocument = Static<typeof ForecastDocument>
