import type { DocumentSet } from './index.ts'

/** Which element of its segment a figure of a canonical document came from: with a part's `at`, that is evidence a person can look up. */
export interface ElementPlace {
  readonly segmentId: string
  /** 1-based. */
  readonly element: number
}

const place = (segmentId: string, element: number): ElementPlace => ({ segmentId, element })

/** By set and field. `line.` fields go with the `at` of the line, `acknowledgement.` with that of the ACK, `point.` with that of the FST. */
export const elementPlaces = {
  '850': {
    number: place('BEG', 3), release: place('BEG', 4), orderDate: place('BEG', 5), lineCount: place('CTT', 1),
    'line.lineNumber': place('PO1', 1), 'line.quantity': place('PO1', 2), 'line.unit': place('PO1', 3), 'line.price': place('PO1', 4),
    'line.priceBasis': place('PO1', 5), 'line.products': place('PO1', 7), date: place('DTM', 2), split: place('SDQ', 4),
  },
  '855': {
    type: place('BAK', 2), orderNumber: place('BAK', 3), orderDate: place('BAK', 4), release: place('BAK', 5),
    'line.lineNumber': place('PO1', 1), 'line.quantity': place('PO1', 2), 'line.unit': place('PO1', 3), 'line.price': place('PO1', 4),
    'line.products': place('PO1', 7), 'acknowledgement.code': place('ACK', 1), 'acknowledgement.quantity': place('ACK', 2),
    'acknowledgement.date': place('ACK', 5), 'acknowledgement.products': place('ACK', 8), date: place('DTM', 2),
  },
  '856': {
    number: place('BSN', 2), date: place('DTM', 2), orderNumber: place('PRF', 1), hlCount: place('CTT', 1),
    'line.quantity': place('SN1', 2), 'line.unit': place('SN1', 3), 'line.quantityOrdered': place('SN1', 5),
    'line.lineNumber': place('LIN', 1), 'line.products': place('LIN', 3), package: place('HL', 1), sscc: place('MAN', 2),
  },
  '810': {
    number: place('BIG', 2), date: place('BIG', 1), orderNumber: place('BIG', 4), orderDate: place('BIG', 3), type: place('BIG', 7),
    'line.quantity': place('IT1', 2), 'line.unit': place('IT1', 3), 'line.price': place('IT1', 4), 'line.priceBasis': place('IT1', 5),
    'line.products': place('IT1', 7), total: place('TDS', 1), tax: place('TXI', 2), allowanceCharge: place('SAC', 5),
  },
  '830': {
    number: place('BFR', 2), horizonStart: place('BFR', 6), horizonEnd: place('BFR', 7), issuedOn: place('BFR', 8),
    'point.quantity': place('FST', 1), 'point.qualifier': place('FST', 2), 'point.timing': place('FST', 3), 'point.start': place('FST', 4), 'point.end': place('FST', 5),
  },
} as const satisfies Record<DocumentSet, Readonly<Record<string, ElementPlace>>>
