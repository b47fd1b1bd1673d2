import { Type, type Static } from 'typebox'

/**
 * The canonical documents: what a message in any channel becomes before it touches the shared record.
 * Quantities and money are decimal strings, dates 'YYYY-MM-DD'. `at` is the ordinal of the segment that a part came
 * from (ST = 1), absent when it was entered by API or portal: evidence points there.
 */

const At = Type.Optional(Type.Integer({ minimum: 1, description: 'Ordinal of the X12 segment this came from; ST is 1.' }))
const Decimal = Type.String({
  pattern: '^-?\\d{1,15}(\\.\\d{1,9})?$', description: 'Decimal number as text, for example "12.50".',
})
const BusinessDate = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'Calendar date, YYYY-MM-DD.' })
const Text = (maxLength: number) => Type.String({ maxLength })

export const Reference = Type.Object(
  { qualifier: Text(3), value: Text(80), description: Type.Optional(Text(80)), at: At }, { $id: 'Reference' },
)
export type Reference = Static<typeof Reference>

/**
 * A product identifier as PO1, LIN and IT1 pairs give it: UP (UPC-12), UK (GTIN-14), EN (EAN-13), IN or BP (the buyer's), VN or
 * VP (the seller's) …
 */
export const ProductId = Type.Object({ qualifier: Text(2), value: Text(48) }, { $id: 'ProductId' })
export type ProductId = Static<typeof ProductId>

/** A person or desk (PER): what for (BD buyer, IC information, OC order contact …), a name, and up to three numbers. */
export const Contact = Type.Object({
  function: Text(2), // PER01
  name: Type.Optional(Text(60)),
  numbers: Type.Array(Type.Object({ qualifier: Text(2), value: Text(80) }), { maxItems: 3 }), // TE, FX, EM …
  at: At,
}, { $id: 'Contact' })
export type Contact = Static<typeof Contact>

export const Party = Type.Object({
  role: Text(3), // N101: BY, SE, VN, ST, SF, BT, RE …
  name: Type.Optional(Text(60)),
  additionalNames: Type.Optional(Type.Array(Text(60), { maxItems: 4 })), // N2
  idQualifier: Type.Optional(Text(2)), // N103: UL (GLN), 92 (buyer's code), 1/9 (DUNS) …
  id: Type.Optional(Text(80)),
  address: Type.Optional(Type.Array(Text(55), { maxItems: 4 })),
  city: Type.Optional(Text(30)),
  region: Type.Optional(Text(2)),
  postalCode: Type.Optional(Text(15)),
  country: Type.Optional(Text(3)),
  references: Type.Optional(Type.Array(Reference, { maxItems: 12 })), // REF inside the N1 loop
  contacts: Type.Optional(Type.Array(Contact, { maxItems: 3 })), // PER inside the N1 loop
  at: At,
}, { $id: 'Party' })
export type Party = Static<typeof Party>

/**
 * A DTM: its qualifier (010 requested ship, 037/038 ship window, 002 delivery requested, 063/064 delivery window, 001 cancel
 * after …).
 */
export const DatedEvent = Type.Object({
  qualifier: Text(3),
  date: BusinessDate,
  time: Type.Optional(Text(8)), // as sent: HHMM, HHMMSS or HHMMSSDD
  timeZone: Type.Optional(Text(2)), // DTM04: UT, ET, LT …
  until: Type.Optional(BusinessDate), // end of a range given as DTM05 RD8
  at: At,
}, { $id: 'DatedEvent' })
export type DatedEvent = Static<typeof DatedEvent>

/** An SAC allowance (A) or charge (C). `informational` ones (N, or no amount) do not count in totals. */
export const AllowanceCharge = Type.Object({
  indicator: Type.Union([Type.Literal('A'), Type.Literal('C'), Type.Literal('N')]),
  code: Type.Optional(Text(10)),
  amount: Type.Optional(Decimal),
  percent: Type.Optional(Decimal),
  percentQualifier: Type.Optional(Text(1)), // SAC06
  method: Type.Optional(Text(2)), // SAC12
  description: Type.Optional(Text(80)),
  agency: Type.Optional(Text(2)), // SAC03; then `code` is that agency's (SAC04), otherwise SAC02
  rate: Type.Optional(Decimal), // SAC08
  unit: Type.Optional(Text(2)), // SAC09
  quantity: Type.Optional(Decimal), // SAC10
  reference: Type.Optional(Text(30)), // SAC13
  option: Type.Optional(Text(20)), // SAC14
  at: At,
}, { $id: 'AllowanceCharge' })
export type AllowanceCharge = Static<typeof AllowanceCharge>

/** A tax (TXI), of a line or of the whole document. */
export const Tax = Type.Object({
  type: Text(2),
  amount: Decimal,
  percent: Type.Optional(Decimal),
  jurisdictionQualifier: Type.Optional(Text(2)), // TXI04
  jurisdiction: Type.Optional(Text(10)), // TXI05
  exemption: Type.Optional(Text(1)), // TXI06
  taxId: Type.Optional(Text(20)), // TXI09
  at: At,
}, { $id: 'Tax' })
export type Tax = Static<typeof Tax>

/** Who carries it: TD5 and TD3 of an order or ship notice, CAD of an invoice. */
export const Carrier = Type.Object({
  scac: Type.Optional(Text(80)), // TD503 when TD502 is 2; CAD04
  idQualifier: Type.Optional(Text(2)), // TD502 when it is not 2 …
  id: Type.Optional(Text(80)), // … and its TD503
  mode: Type.Optional(Text(2)), // TD504, CAD01: M motor, R rail, U parcel …
  name: Type.Optional(Text(60)), // TD505, CAD05
  equipment: Type.Optional(Text(20)), // TD302 and TD303 joined
  equipmentType: Type.Optional(Text(2)), // TD301: TL trailer …
  seal: Type.Optional(Text(15)), // TD309
  at: At,
}, { $id: 'Carrier' })
export type Carrier = Static<typeof Carrier>

/** An AMT: TT total, 1 line total … An explicit decimal. */
export const Amount = Type.Object({ qualifier: Text(3), amount: Decimal, at: At }, { $id: 'Amount' })
export type Amount = Static<typeof Amount>

/** A measured value with its unit, e.g. a weight in LB. */
export const Measure = Type.Object({ value: Decimal, unit: Text(2) }, { $id: 'Measure' })
export type Measure = Static<typeof Measure>

/** An SCH: so many on such a date. */
export const ScheduledQuantity = Type.Object({
  quantity: Decimal,
  unit: Type.Optional(Text(2)),
  dateQualifier: Type.Optional(Text(3)),
  date: Type.Optional(BusinessDate),
  at: At,
}, { $id: 'ScheduledQuantity' })
export type ScheduledQuantity = Static<typeof ScheduledQuantity>

/** What a PID says beyond the plain description: its characteristic (73 colour, 74 size …) and the text. */
export const Characteristic = Type.Object({ code: Type.Optional(Text(3)), text: Text(80) }, { $id: 'Characteristic' })
export type Characteristic = Static<typeof Characteristic>

/** The share of one location in a quantity (SDQ). */
export const LocationSplit = Type.Object(
  { locationQualifier: Type.Optional(Text(2)), location: Text(80), quantity: Decimal, at: At }, { $id: 'LocationSplit' },
)
export type LocationSplit = Static<typeof LocationSplit>

const heading = {
  references: Type.Array(Reference, { maxItems: 1000 }),
  parties: Type.Array(Party, { maxItems: 200 }),
  dates: Type.Array(DatedEvent, { maxItems: 100 }),
  notes: Type.Optional(Type.Array(Text(264), { maxItems: 100 })),
  contacts: Type.Optional(Type.Array(Contact, { maxItems: 10 })),
}

export const OrderLineDocument = Type.Object({
  lineNumber: Text(20), // PO101 as sent, or the ordinal when it is absent
  quantity: Decimal,
  unit: Text(2),
  price: Type.Optional(Decimal),
  priceBasis: Type.Optional(Text(2)), // PO105 / IT105: PE each, HP per hundred, TP per thousand …
  products: Type.Array(ProductId, { maxItems: 10 }),
  description: Type.Optional(Text(80)),
  characteristics: Type.Optional(Type.Array(Characteristic)), // further PIDs
  packSize: Type.Optional(Decimal), // PO401: how many inner units a pack holds
  innerPacks: Type.Optional(Decimal), // PO414
  retailPrice: Type.Optional(Decimal), // CTP*RS*RES
  references: Type.Optional(Type.Array(Reference)),
  dates: Type.Optional(Type.Array(DatedEvent)),
  allowancesCharges: Type.Optional(Type.Array(AllowanceCharge)),
  /** SDQ store splits; they add up to the quantity. */
  splits: Type.Optional(Type.Array(LocationSplit)),
  schedule: Type.Optional(Type.Array(ScheduledQuantity)), // SCH
  parties: Type.Optional(Type.Array(Party)), // N1 inside the PO1 loop
  taxes: Type.Optional(Type.Array(Tax)), // TXI
  notes: Type.Optional(Type.Array(Text(264))),
  at: At,
})
export type OrderLineDocument = Static<typeof OrderLineDocument>

/** Where freight terms change hands: FOB02 (OR origin, DE destination …) and FOB03. */
export const FreightLocation = Type.Object(
  { qualifier: Text(2), description: Type.Optional(Text(80)) }, { $id: 'FreightLocation' },
)
export type FreightLocation = Static<typeof FreightLocation>

/** Payment terms: each ITD's elements kept as sent, keyed by position with two digits ("01" … "15"). */
export const Terms = Type.Array(Type.Record(Type.String(), Text(80)))
export type Terms = Static<typeof Terms>

/** 850, or the same from REST and portal. */
export const PurchaseOrderDocument = Type.Object({
  number: Text(22), // BEG03
  release: Type.Optional(Text(30)), // BEG04
  purpose: Text(2), // BEG01
  type: Text(2), // BEG02
  orderDate: BusinessDate, // BEG05
  contract: Type.Optional(Text(30)), // BEG06
  currency: Type.Optional(Text(3)), // CUR02
  freightTerms: Type.Optional(Text(2)), // FOB01: PP prepaid, CC collect, DF defined by buyer and seller …
  freightLocation: Type.Optional(FreightLocation),
  terms: Type.Optional(Terms), // ITD
  salesRequirement: Type.Optional(Text(2)), // CSH01: N no back order, Y back order allowed …
  carrier: Type.Optional(Carrier), // TD5 / TD3: the routing asked for
  ...heading,
  lines: Type.Array(OrderLineDocument, { maxItems: 100_000 }),
  allowancesCharges: Type.Optional(Type.Array(AllowanceCharge)),
  taxes: Type.Optional(Type.Array(Tax)),
  amounts: Type.Optional(Type.Array(Amount)), // AMT after CTT
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
  products: Type.Optional(Type.Array(ProductId, { maxItems: 10 })), // ACK07 …: a substitute's identifiers
  reference: Type.Optional(Text(45)), // ACK06
  /** ACK27–ACK29: a reason from a code list, with the agency that keeps it. */
  reasonCode: Type.Optional(Type.Object({ agency: Text(2), list: Type.Optional(Text(15)), code: Text(30) })),
  reason: Type.Optional(Text(80)),
  at: At,
}, { $id: 'LineAcknowledgement' })
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
  requestReference: Type.Optional(Text(45)), // BAK06
  contract: Type.Optional(Text(30)), // BAK07
  currency: Type.Optional(Text(3)),
  freightTerms: Type.Optional(Text(2)),
  freightLocation: Type.Optional(FreightLocation),
  terms: Type.Optional(Terms),
  carrier: Type.Optional(Carrier),
  ...heading,
  lines: Type.Array(
    Type.Object({
      lineNumber: Text(20),
      quantity: Type.Optional(Decimal), // PO102
      unit: Type.Optional(Text(2)),
      price: Type.Optional(Decimal), // PO104
      priceBasis: Type.Optional(Text(2)),
      products: Type.Array(ProductId, { maxItems: 10 }),
      description: Type.Optional(Text(80)),
      characteristics: Type.Optional(Type.Array(Characteristic)),
      packSize: Type.Optional(Decimal),
      references: Type.Optional(Type.Array(Reference)),
      dates: Type.Optional(Type.Array(DatedEvent)),
      allowancesCharges: Type.Optional(Type.Array(AllowanceCharge)),
      splits: Type.Optional(Type.Array(LocationSplit)),
      schedule: Type.Optional(Type.Array(ScheduledQuantity)),
      parties: Type.Optional(Type.Array(Party)),
      notes: Type.Optional(Type.Array(Text(264))),
      acknowledgements: Type.Array(LineAcknowledgement),
      at: At,
    }),
  ),
  allowancesCharges: Type.Optional(Type.Array(AllowanceCharge)),
  amounts: Type.Optional(Type.Array(Amount)),
  lineCount: Type.Optional(Type.Integer()),
  hashTotal: Type.Optional(Decimal),
  at: At,
})
export type OrderAcknowledgementDocument = Static<typeof OrderAcknowledgementDocument>

const changeHeading = {
  purpose: Text(2), // BCH01, BCA01
  orderNumber: Text(22), // BCH03, BCA03
  release: Type.Optional(Text(30)), // BCH04, BCA04
  sequence: Type.Optional(Text(8)), // BCH05, BCA05: which change of the order it is, or answers
  orderDate: Type.Optional(BusinessDate), // BCH06, BCA06
  requestReference: Type.Optional(Text(45)), // BCH07, BCA07
  contract: Type.Optional(Text(30)), // BCH08, BCA08
  reference: Type.Optional(Text(30)), // BCH09, BCA09: the sender's own number of this document
  changedOn: Type.Optional(BusinessDate), // BCH11, BCA11: when the change was asked for
  currency: Type.Optional(Text(3)),
  freightTerms: Type.Optional(Text(2)),
  freightLocation: Type.Optional(FreightLocation),
  terms: Type.Optional(Terms),
  salesRequirement: Type.Optional(Text(2)),
  carrier: Type.Optional(Carrier),
  ...heading,
}

/** One POC: what of a line changes. What it leaves out stays as it was. */
export const ChangeLineDocument = Type.Object({
  lineNumber: Type.Optional(Text(20)), // POC01
  code: Text(2), // POC02: AI, CA, CT, DI, MU, NC, PC, PQ, QD, QI, RE, RQ, RS, RZ …
  quantity: Type.Optional(Decimal), // POC03: the new quantity, or the difference, as the partners have agreed
  quantityLeft: Type.Optional(Decimal), // POC04: of which so much is still to come
  unit: Type.Optional(Text(2)), // POC05
  price: Type.Optional(Decimal), // POC06
  priceBasis: Type.Optional(Text(2)), // POC07
  products: Type.Array(ProductId, { maxItems: 10 }),
  description: Type.Optional(Text(80)),
  characteristics: Type.Optional(Type.Array(Characteristic)),
  packSize: Type.Optional(Decimal),
  innerPacks: Type.Optional(Decimal),
  retailPrice: Type.Optional(Decimal),
  references: Type.Optional(Type.Array(Reference)),
  dates: Type.Optional(Type.Array(DatedEvent)),
  allowancesCharges: Type.Optional(Type.Array(AllowanceCharge)),
  splits: Type.Optional(Type.Array(LocationSplit)),
  schedule: Type.Optional(Type.Array(ScheduledQuantity)),
  parties: Type.Optional(Type.Array(Party)),
  taxes: Type.Optional(Type.Array(Tax)),
  notes: Type.Optional(Type.Array(Text(264))),
  at: At,
}, { $id: 'OrderChangeLine' })
export type ChangeLineDocument = Static<typeof ChangeLineDocument>

const changeTotals = {
  allowancesCharges: Type.Optional(Type.Array(AllowanceCharge)),
  taxes: Type.Optional(Type.Array(Tax)),
  amounts: Type.Optional(Type.Array(Amount)), // AMT after CTT
  lineCount: Type.Optional(Type.Integer()),
  hashTotal: Type.Optional(Decimal),
  at: At,
}

/** 860, or the same from REST and portal. */
export const OrderChangeDocument = Type.Object({
  ...changeHeading,
  type: Text(2), // BCH02
  lines: Type.Array(ChangeLineDocument, { maxItems: 100_000 }),
  ...changeTotals,
})
export type OrderChangeDocument = Static<typeof OrderChangeDocument>

/** 865: the seller's answer to a change of the buyer's. */
export const OrderChangeAnswerDocument = Type.Object({
  ...changeHeading,
  type: Type.Optional(Text(2)), // BCA02: AT, AK, AD, AC, AE, RD, RJ, RO …
  answeredOn: Type.Optional(BusinessDate), // BCA10
  lines: Type.Array(
    Type.Object({ ...ChangeLineDocument.properties, acknowledgements: Type.Array(LineAcknowledgement) }),
    { maxItems: 100_000 },
  ),
  ...changeTotals,
})
export type OrderChangeAnswerDocument = Static<typeof OrderChangeAnswerDocument>

/** 856. Flat, each package naming its parent and each line its package, whatever the HL order was. */
export const ShipNoticeDocument = Type.Object({
  number: Text(30), // BSN02
  purpose: Text(2), // BSN01
  date: BusinessDate, // BSN03
  time: Text(8), // BSN04
  structure: Text(4), // BSN05: 0001 S-O-P-I, 0002 S-O-I-P, 0003 S-P-O-I, 0004 S-O-I
  carrier: Type.Optional(Carrier),
  grossWeight: Type.Optional(Measure), // TD107, TD108
  volume: Type.Optional(Measure), // TD109, TD110
  packaging: Type.Optional(Text(5)), // TD101: CTN25 cartons, PLT94 pallets …
  ladingQuantity: Type.Optional(Type.Integer()), // TD102
  freightTerms: Type.Optional(Text(2)), // FOB01
  freightLocation: Type.Optional(FreightLocation),
  ...heading, // the shipment level's: dates 011 shipped, 017 estimated delivery; references BM, CN, PK …
  packages: Type.Array(
    Type.Object({
      id: Text(12), // unique in this document; HL01 when it came from X12
      parent: Type.Optional(Text(12)),
      type: Type.Union([Type.Literal('pallet'), Type.Literal('carton')]), // HL03 T, P
      sscc: Type.Optional(Text(18)), // MAN*GM without the application identifier 00
      trackingNumber: Type.Optional(Text(48)), // MAN*CP
      marks: Type.Optional(Type.Array(Type.Object({ qualifier: Text(2), value: Text(48) }))), // every other MAN
      weight: Type.Optional(Measure), // PO406, PO407
      packaging: Type.Optional(Text(5)), // TD101
      references: Type.Optional(Type.Array(Reference)),
      parties: Type.Optional(Type.Array(Party)),
      orderNumber: Type.Optional(Text(22)), // the one order in it; absent when it holds several
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
      unitOrdered: Type.Optional(Text(2)), // SN106
      quantityToDate: Type.Optional(Decimal), // SN104
      status: Type.Optional(Text(2)), // SN108
      products: Type.Array(ProductId, { maxItems: 15 }),
      description: Type.Optional(Text(80)),
      references: Type.Optional(Type.Array(Reference)), // REF*LT lot …
      dates: Type.Optional(Type.Array(DatedEvent)), // DTM*036 expiry …
      at: At, // of the SN1
      itemAt: At, // of the LIN
    }),
    { maxItems: 200_000 },
  ),
  /** Order-level parties and references (store, department), keyed by order number. */
  orders: Type.Array(
    Type.Object({
      number: Text(22),
      release: Type.Optional(Text(30)),
      date: Type.Optional(BusinessDate),
      references: Type.Array(Reference),
      parties: Type.Array(Party),
      dates: Type.Optional(Type.Array(DatedEvent)),
      packaging: Type.Optional(Text(5)),
      ladingQuantity: Type.Optional(Type.Integer()), // TD102 of the order level
      weight: Type.Optional(Measure),
      at: At,
    }),
  ),
  hlCount: Type.Optional(Type.Integer()), // CTT01
  hashTotal: Type.Optional(Decimal), // CTT02
  at: At,
})
export type ShipNoticeDocument = Static<typeof ShipNoticeDocument>

/**
 * 861, or the same from REST and portal. A line is an item, or a whole carton or pallet when it names an SSCC and no item.
 */
export const ReceivingAdviceDocument = Type.Object({
  number: Text(30), // BRA01
  date: BusinessDate, // BRA02
  purpose: Text(2), // BRA03
  type: Text(1), // BRA04: 1 counted at the dock, 2 after the receipt was checked
  time: Type.Optional(Text(8)), // BRA05
  condition: Type.Optional(Text(2)), // BRA06: of lines that name none
  shipmentNumber: Type.Optional(Text(80)), // REF*MA, SI or PK: the ship notice received
  orders: Type.Array(
    Type.Object({ number: Text(22), release: Type.Optional(Text(30)), date: Type.Optional(BusinessDate), at: At }),
    { maxItems: 1000 },
  ), // PRF of the heading
  carrier: Type.Optional(Carrier),
  ...heading, // dates 050 received …
  lines: Type.Array(
    Type.Object({
      lineNumber: Type.Optional(Text(20)), // RCD01
      orderNumber: Type.Optional(Text(22)), // PRF01
      release: Type.Optional(Text(30)), // PRF02
      orderDate: Type.Optional(BusinessDate), // PRF04
      orderLineNumber: Type.Optional(Text(20)), // PRF05, LIN01
      ssccs: Type.Optional(Type.Array(Text(18))), // MAN*GM without the application identifier 00
      quantity: Type.Optional(Decimal), // RCD02
      unit: Type.Optional(Text(2)), // RCD03
      returned: Type.Optional(Decimal), // RCD04
      returnedUnit: Type.Optional(Text(2)),
      /** RCD06–08 and the like: so many were damaged (01), short (02), over (03), of bad quality (04), the wrong item (05) … */
      conditions: Type.Array(
        Type.Object({ code: Text(2), quantity: Decimal, unit: Type.Optional(Text(2)) }),
        { maxItems: 5 },
      ),
      quantityShipped: Type.Optional(Decimal), // SN102
      unitShipped: Type.Optional(Text(2)),
      products: Type.Array(ProductId, { maxItems: 15 }),
      description: Type.Optional(Text(80)),
      references: Type.Optional(Type.Array(Reference)),
      dates: Type.Optional(Type.Array(DatedEvent)),
      at: At, // of the RCD
      itemAt: At, // of the LIN
      packageAt: At, // of the first MAN
    }),
    { maxItems: 200_000 },
  ),
  lineCount: Type.Optional(Type.Integer()),
  hashTotal: Type.Optional(Decimal),
  at: At,
})
export type ReceivingAdviceDocument = Static<typeof ReceivingAdviceDocument>

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
  freightLocation: Type.Optional(FreightLocation),
  terms: Type.Optional(Terms),
  carrier: Type.Optional(Carrier), // CAD
  carrierReference: Type.Optional(Reference), // CAD07, CAD08
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
      characteristics: Type.Optional(Type.Array(Characteristic)),
      packSize: Type.Optional(Decimal),
      references: Type.Optional(Type.Array(Reference)),
      dates: Type.Optional(Type.Array(DatedEvent)),
      taxes: Type.Optional(Type.Array(Tax)),
      splits: Type.Optional(Type.Array(LocationSplit)),
      parties: Type.Optional(Type.Array(Party)),
      allowancesCharges: Type.Optional(Type.Array(AllowanceCharge)),
      at: At,
    }),
    { maxItems: 100_000 },
  ),
  allowancesCharges: Type.Optional(Type.Array(AllowanceCharge)),
  taxes: Type.Optional(Type.Array(Tax)), // TXI after TDS
  total: Decimal, // TDS01, its two implied decimals made explicit
  totalAt: At,
  discountable: Type.Optional(Decimal), // TDS02
  discounted: Type.Optional(Decimal), // TDS03
  discount: Type.Optional(Decimal), // TDS04
  amounts: Type.Optional(Type.Array(Amount)),
  // ISS
  shipped: Type.Optional(Type.Object({
    quantity: Type.Optional(Decimal), unit: Type.Optional(Text(2)), weight: Type.Optional(Measure),
  })),
  lineCount: Type.Optional(Type.Integer()),
  hashTotal: Type.Optional(Decimal),
  at: At,
})
export type InvoiceDocument = Static<typeof InvoiceDocument>

/** 830, or the same by JSON. Series of item × location, points by bucket; qualifiers are never summed together. */
export const ForecastDocument = Type.Object({
  number: Text(30), // BFR02 or, when that is absent, BFR03
  release: Type.Optional(Text(30)), // BFR03 beside a BFR02
  purpose: Text(2), // BFR01
  basis: Type.Optional(Text(2)), // BFR04: DL delivery based, SH shipment based …
  horizonStart: BusinessDate, // BFR06
  horizonEnd: Type.Optional(BusinessDate), // BFR07
  issuedOn: BusinessDate, // BFR08
  quantityQualifier: Type.Optional(Text(1)), // BFR05: A the bucket's own quantity, C cumulative
  updatedOn: Type.Optional(BusinessDate), // BFR09
  contract: Type.Optional(Text(30)), // BFR10
  orderNumber: Type.Optional(Text(22)), // BFR11
  scheduleType: Type.Optional(Text(2)), // BFR12
  ...heading,
  series: Type.Array(
    Type.Object({
      lineNumber: Type.Optional(Text(20)), // LIN01
      products: Type.Array(ProductId, { maxItems: 15 }),
      description: Type.Optional(Text(80)),
      references: Type.Optional(Type.Array(Reference)),
      parties: Type.Optional(Type.Array(Party)), // N1 at the line, other than the location
      location: Type.Optional(Type.Object({ qualifier: Type.Optional(Text(2)), id: Text(80) })), // N1*ST at the line or heading
      unit: Text(2),
      points: Type.Array(
        Type.Object({
          start: BusinessDate, // FST04
          end: Type.Optional(BusinessDate), // FST05, or derived from the timing
          quantity: Decimal, // FST01
          qualifier: Text(1), // FST02: A immediate, B pilot, C firm, D planning
          timing: Text(1), // FST03: W week, M month, D discrete, C daily, F flexible, Q quarter
          reference: Type.Optional(Type.Object({ qualifier: Text(3), value: Text(30) })), // FST08, FST09
          at: At,
        }),
        { maxItems: 2000 },
      ),
      /** SHP: shipped or received, the last one and the cumulative. */
      shipped: Type.Optional(
        Type.Array(
          Type.Object({
            qualifier: Text(2), // SHP01: 01 discrete, 02 cumulative
            quantity: Decimal, // SHP02
            dateQualifier: Type.Optional(Text(3)),
            date: Type.Optional(BusinessDate),
            until: Type.Optional(BusinessDate), // SHP06
            references: Type.Optional(Type.Array(Reference)),
            at: At,
          }),
        ),
      ),
      /** ATH: what the buyer stands for, cumulative since `since`. */
      authorizations: Type.Optional(
        Type.Array(
          Type.Object({
            code: Text(2), // ATH01: FI finished goods, MT material, PQ …
            until: Type.Optional(BusinessDate), // ATH02
            quantity: Type.Optional(Decimal), // ATH03
            maximum: Type.Optional(Decimal), // ATH04
            since: Type.Optional(BusinessDate), // ATH05
            at: At,
          }),
        ),
      ),
      at: At,
    }),
    { maxItems: 100_000 },
  ),
  at: At,
})
export type ForecastDocument = Static<typeof ForecastDocument>
