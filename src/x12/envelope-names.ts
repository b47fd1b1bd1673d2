/** What the segments of the envelopes and their codes are called. They are the same in every version and belong to no guide. */
import type { DescribedElement, DescribedSegment } from './names.ts'

type Codes = Readonly<Record<string, string>>

/** I05: kinds of interchange identifiers. */
const partyQualifiers: Codes = {
  '01': 'DUNS number', '02': 'Carrier code (SCAC)', '04': 'IATA number', '07': 'GS1 global location number', '08': 'UCC EDI communication number',
  '09': 'X.121 address', '12': 'Telephone number', '14': 'DUNS number with suffix', '16': 'DUNS number with 4 characters',
  '20': 'Health industry number', '27': 'Carrier number', '28': 'Fiscal intermediary number', '29': 'Medicare number', '30': 'US federal tax number',
  '33': 'Insurance company number', 'ZZ': 'Agreed between partners',
}

/** 479: kinds of functional groups. */
const functionalIds: Codes = {
  AG: 'Application advice', AR: 'Warehouse stock transfer receipt', CA: 'Order change acknowledgement', CD: 'Credit or debit adjustment',
  FA: 'Acknowledgement', GF: 'Response to a load tender', GP: 'Grocery invoice', IB: 'Inventory inquiry or advice', IM: 'Freight invoice',
  IN: 'Invoice', OG: 'Grocery order', OR: 'Organisation relationships', OW: 'Warehouse shipping order', PC: 'Order change',
  PD: 'Product activity', PO: 'Purchase order', PR: 'Order acknowledgement', PS: 'Planning schedule', QM: 'Shipment status', RA: 'Payment order or remittance',
  RC: 'Receiving advice', RE: 'Warehouse receipt', RF: 'Request for routing', RG: 'Routing instructions', SC: 'Price or sales catalogue',
  SH: 'Ship notice', SM: 'Load tender', SS: 'Shipping schedule', SW: 'Warehouse shipping advice', TX: 'Text message',
}

/** I18: what a TA1 has to say of an interchange. */
const noteCodes: Codes = {
  '000': 'No error', '001': 'Control numbers of header and trailer differ', '002': 'Standard in the header is not supported', '003': 'Version is not supported',
  '004': 'Segment terminator is not valid', '005': 'Sender qualifier is not valid', '006': 'Sender is not valid', '007': 'Receiver qualifier is not valid',
  '008': 'Receiver is not valid', '009': 'Receiver is unknown', '010': 'Authorisation qualifier is not valid', '011': 'Authorisation is not valid',
  '012': 'Security qualifier is not valid', '013': 'Security information is not valid', '014': 'Date is not valid', '015': 'Time is not valid',
  '016': 'Standards identifier is not valid', '017': 'Version is not valid', '018': 'Control number is not valid', '019': 'Acknowledgement request is not valid',
  '020': 'Test indicator is not valid', '021': 'Number of groups is not valid', '022': 'Control structure is not valid', '023': 'File ends too early',
  '024': 'Content is not valid', '025': 'Control number was used before', '026': 'Element separator is not valid', '027': 'Component separator is not valid',
  '028': 'Delivery date is not valid', '029': 'Delivery time is not valid', '030': 'Delivery code is not valid', '031': 'Grade of service is not valid',
}

const element = (reference: string, name: string, type = 'AN', codes?: Codes): DescribedElement =>
  ({ reference, name, type, components: [], ...(codes === undefined ? {} : { meanings: codes }) })

export const envelopeNames: Readonly<Record<string, DescribedSegment>> = {
  ISA: {
    name: 'Interchange header', elements: [
      element('I01', 'Authorisation qualifier', 'ID', { '00': 'None' }), element('I02', 'Authorisation'),
      element('I03', 'Security qualifier', 'ID', { '00': 'None', '01': 'Password' }), element('I04', 'Security information'),
      element('I05', 'Sender qualifier', 'ID', partyQualifiers), element('I06', 'Sender'),
      element('I05', 'Receiver qualifier', 'ID', partyQualifiers), element('I07', 'Receiver'),
      element('I08', 'Date', 'DT'), element('I09', 'Time', 'TM'),
      element('I10', 'Standards or repetition separator', 'ID', { U: 'US EDI community' }), element('I11', 'Interchange version', 'ID'),
      element('I12', 'Interchange control number'), element('I13', 'Acknowledgement requested', 'ID', { '0': 'No', '1': 'Yes, a TA1' }),
      element('I14', 'Usage', 'ID', { P: 'Production', T: 'Test', I: 'Information' }), element('I15', 'Component separator'),
    ],
  },
  TA1: {
    name: 'Interchange acknowledgement', elements: [
      element('I12', 'Interchange control number'), element('I08', 'Date of the interchange', 'DT'), element('I09', 'Time of the interchange', 'TM'),
      element('I17', 'Outcome', 'ID', { A: 'Accepted', E: 'Accepted, with errors', R: 'Rejected' }), element('I18', 'Note', 'ID', noteCodes),
    ],
  },
  GS: {
    name: 'Group header', elements: [
      element('479', 'Kind of documents', 'ID', functionalIds), element('142', 'Sender'), element('124', 'Receiver'), element('373', 'Date', 'DT'),
      element('337', 'Time', 'TM'), element('28', 'Group control number'), element('455', 'Agency', 'ID', { X: 'ASC X12', T: 'TDCC' }),
      element('480', 'Version'),
    ],
  },
  ST: { name: 'Document header', elements: [element('143', 'Kind of document', 'ID'), element('329', 'Document control number'), element('1705', 'Implementation guide')] },
  SE: { name: 'Document trailer', elements: [element('96', 'Number of segments'), element('329', 'Document control number')] },
  GE: { name: 'Group trailer', elements: [element('97', 'Number of documents'), element('28', 'Group control number')] },
  IEA: { name: 'Interchange trailer', elements: [element('I16', 'Number of groups'), element('I12', 'Interchange control number')] },
}
