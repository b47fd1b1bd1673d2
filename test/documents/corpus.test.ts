import t from 'tap'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import {
  ForecastDocument, InvoiceDocument, OrderAcknowledgementDocument, OrderChangeAnswerDocument, OrderChangeDocument,
  PurchaseOrderDocument, ReceivingAdviceDocument, ShipNoticeDocument,
} from '../../src/documents/canonical.ts'
import { documentMappings, type DocumentSet, isMappedSet, readDocument } from '../../src/documents/index.ts'
import { allSegments, type Transaction } from '../../src/x12/index.ts'
import { corpusFile, corpusMissing, corpusSets, readBack, withoutPositions } from './helper.ts'

/**
 * Files that others wrote: every accepted set of the five kinds is mapped, written and read again, and some are looked at
 * closely.
 */

const schemas: Record<DocumentSet, TSchema> = {
  '810': InvoiceDocument, '830': ForecastDocument, '850': PurchaseOrderDocument, '855': OrderAcknowledgementDocument,
  '856': ShipNoticeDocument, '860': OrderChangeDocument, '861': ReceivingAdviceDocument, '865': OrderChangeAnswerDocument,
}

/** Which segments the parts of a document may come from, by the name of the member that holds them. */
const origins: Record<string, string[]> = {
  '': ['BEG', 'BAK', 'BSN', 'BIG', 'BFR', 'BCH', 'BCA'], references: ['REF', 'N9'], parties: ['N1'], dates: ['DTM'], contacts: ['PER'],
  allowancesCharges: ['SAC'], taxes: ['TXI'],
  amounts: ['AMT'], splits: ['SDQ'], schedule: ['SCH'], carrier: ['TD5', 'TD3', 'CAD'], carrierReference: ['CAD'],
  lines: ['PO1', 'IT1', 'SN1', 'POC'], acknowledgements: ['ACK'],
  packages: ['HL'], orders: ['PRF'], series: ['LIN'], points: ['FST', 'SDQ'], shipped: ['SHP'], authorizations: ['ATH'],
}

/** Every ordinal in a document, with the segments that it may stand for. */
function* ordinals(part: unknown, member = ''): Generator<[at: number, expected: string[], where: string]> {
  if (Array.isArray(part)) for (const each of part) yield* ordinals(each, member)
  else if (part !== null && typeof part === 'object') {
    for (const [key, value] of Object.entries(part)) {
      if (key === 'at') yield [value as number, origins[member] ?? [], member]
      else if (key === 'itemAt') yield [value as number, ['LIN'], key]
      else if (key === 'totalAt') yield [value as number, ['TDS'], key]
      else yield* ordinals(value, key)
    }
  }
}

const segmentIds = (transaction: Transaction): Map<number, string> =>
  new Map([...allSegments(transaction.root)].map(segment => [segment.position, segment.id]))

/** Counts are written as they should be, not as they were sent. */
const comparable = (document: object): object => ({ ...withoutPositions(document), lineCount: 0, hlCount: 0 })

t.test('every accepted set', { skip: corpusMissing }, t => {
  let count = 0
  for (const { file, result } of corpusSets(['850', '855', '856', '810', '830', '860', '865'])) {
    const { transaction, set } = result
    if (transaction === undefined || !isMappedSet(set)) continue
    count++
    const where = `${file} ${result.controlNumber}`
    const { document, problems } = readDocument(transaction)!
    if (!Value.Check(schemas[set], document)) {
      t.fail(`${where} has not the canonical form`, { errors: Value.Errors(schemas[set], document).slice(0, 3) })
    }

    const ids = segmentIds(transaction)
    for (const [at, expected, member] of ordinals(document)) {
      if (!expected.includes(ids.get(at) ?? '')) t.fail(`${where}: ${member} points at segment ${at}, a ${ids.get(at)}`)
    }
    for (const problem of problems) {
      const there = ids.get(problem.at)
      if (there !== problem.segmentId) t.fail(`${where}: ${problem.code} points at segment ${problem.at}, a ${there}`)
    }

    const back = readBack(set, documentMappings[set].write(document as never))
    const errors = back.findings.filter(finding => finding.severity === 'error').map(finding => finding.message)
    if (back.transaction === undefined || errors.length > 0) t.fail(`${where} is not valid as written: ${errors.join(' ')}`)
    else t.same(comparable(readDocument(back.transaction)!.document), comparable(document), where)
  }
  t.ok(count > 70, `${count} sets`)
  t.end()
})

const only = (file: string, index = 0) => {
  const result = corpusFile(file)[index]
  if (result?.transaction === undefined) throw new Error(`${file} was not read`)
  return result.transaction
}

t.test('a grocer\'s order', { skip: corpusMissing }, t => {
  const { document, problems } = documentMappings['850'].read(only('850/nick-manasys__edi-parser__850EDIInput.txt.edi'))
  t.same(problems, [])
  t.match(document, {
    number: '0066661', orderDate: '2008-06-04', freightTerms: 'PP',
    dates: [{ qualifier: '010', date: '2008-06-16' }, { qualifier: '002', date: '2008-06-17' }],
    amounts: [{ qualifier: 'TT', amount: '2360.98' }], lineCount: 2, hashTotal: '144',
  })
  t.equal(document.notes?.length, 2)
  t.match(document.lines[1], {
    lineNumber: '2', quantity: '91', unit: 'CA', price: '16.5', description: 'YUCATAN NAT AUTHENIC GUAC', packSize: '6',
    products: [{ qualifier: 'UI', value: '76711951169' }, { qualifier: 'IN', value: '6814925' },
      { qualifier: 'VA', value: '076711951169' }],
  })
  t.end()
})

t.test('a department store\'s order with allowances and retail prices', { skip: corpusMissing }, t => {
  const { document } = documentMappings['850'].read(only('850/bots-edi__bots-plugins__850-004010-12.edi'))
  t.match(document, {
    number: '4167427123', type: 'SA', salesRequirement: 'N', freightTerms: 'DF',
    freightLocation: { qualifier: 'OR', description: 'EAST WINDSO NJ' },
    allowancesCharges: [{ indicator: 'A', code: 'E750', amount: '0.80', method: '02', description: 'New Store Order' }],
    dates: [{ qualifier: '037', date: '2006-04-21' }, { qualifier: '038', date: '2006-04-25' }],
    references: [{ qualifier: 'IA', value: '234567' }, { qualifier: 'DP', value: '976' }],
  })
  t.match(document.lines[0], {
    quantity: '36', price: '21', retailPrice: '54.99', packSize: '4', innerPacks: '1', description: 'COFEMKR 2 GO',
    characteristics: [{ code: '73', text: 'NOT APPLICABLE' }, { code: '74', text: 'No Size' }],
    allowancesCharges: [{ indicator: 'N', agency: 'VI', code: 'TC990101', reference: 'Z12611' }, { indicator: 'N', code: 'HA' },
      { indicator: 'A', amount: '4.20' }],
  })
  t.end()
})

t.test('a bookseller\'s answer with industry codes', { skip: corpusMissing }, t => {
  const { document } = documentMappings['855'].read(only('855/aaronhuggins__node-x12__855.edi'))
  t.match(document, { type: 'AD', orderNumber: 'POTEST1112', orderDate: '2020-10-15', acknowledgedOn: '2020-10-15',
    currency: 'USD', hashTotal: '5' })
  t.same(document.lines.map(line => [line.lineNumber,
    line.acknowledgements.map(ack => [ack.code, ack.quantity, ack.reasonCode?.code])]), [
    ['1', [['IA', '3', 'AC']]], ['2', [['IR', '0', 'CW']]], ['3', [['IR', '0', 'KK']]], ['4', [['IA', '2', 'AC']]],
  ])
  t.end()
})

t.test('a cross-dock ship notice for two stores', { skip: corpusMissing }, t => {
  const { document, problems } = documentMappings['856'].read(only('856/olmelabs__EdiEngine__856.Crossdock.OK.edi'))
  t.match(document, {
    number: '000009', structure: '0001', carrier: { scac: 'OVNT', name: 'OVERNITE', equipment: '1234567890',
      equipmentType: 'TL' }, ladingQuantity: 5,
    volume: { value: '123', unit: 'CF' }, dates: [{ qualifier: '011', date: '2009-09-21' },
      { qualifier: '017', date: '2009-09-25' }],
    freightTerms: 'PP', hlCount: 13,
  })
  t.same(document.packages.map(each => [each.sscc, each.orderNumber, each.weight?.value]), [
    ['000715670002152360', 'POREF00', '6'], ['000715670002152377', 'POREF00', undefined], ['000715670002152384', 'POREF00', '6'],
    ['000715670002152391', 'POREF00', '6'], ['000715670002152111', 'POREF01', '6'],
  ])
  t.same(document.orders.map(order => [order.number, order.parties[0]?.id, order.ladingQuantity]),
    [['POREF00', '002', 4], ['POREF01', '003', 1]])
  t.same(document.lines.map(line => line.quantity), ['12', '12', '12', '12', '12'])
  t.ok(problems.every(problem => problem.code === 'sscc-check-digit') && problems.length === 5, 'its SSCCs are made up')
  t.end()
})

t.test('a ship notice whose count is of lines instead of levels', { skip: corpusMissing }, t => {
  const { document, problems } = documentMappings['856'].read(only('856/bots-edi__bots-plugins__856_2-2.edi'))
  t.same(document.orders.map(order => [order.number, order.date]),
    [['ordernumber1', '2004-08-09'], ['ordernumber2', '2004-08-10'], ['ordernumber4', '2004-08-11']])
  t.match(document.lines[0], { orderNumber: 'ordernumber1', lineNumber: '2', quantity: '24', quantityOrdered: '36',
    description: 'description' })
  t.ok(problems.some(problem => problem.code === 'count-differs' && problem.message.includes('15')))
  t.end()
})

t.test('invoices', { skip: corpusMissing }, t => {
  const staedi = documentMappings['810'].read(only('810/xlate__staedi__simple810.edi')).document
  t.match(staedi, { number: '00001', orderNumber: 'A99999-01', total: '2554.38', shipped: { quantity: '207', unit: 'CA' },
    freightTerms: 'PP', carrier: { name: 'FREEFORM' } })
  t.same(staedi.lines.map(line => line.quantity), ['16', '13', '32', '51', '9', '85', '1'])
  const adobe = documentMappings['810'].read(only('810/Inteligenz__X12Parser__Example4_Adobe.edi')).document
  t.match(adobe, { total: '160.00', type: 'DI', currency: 'USD', taxes: [{ type: 'ST', amount: '0', percent: '0' }],
    notes: [/^If 0% VAT/, /^is either/, /^This supply/, /^h VAT/] })
  t.equal(adobe.parties.find(party => party.role === 'ST')?.contacts?.[0]?.name, 'JOHN DOE')
  t.end()
})

t.test('a car maker\'s planning schedule', { skip: corpusMissing }, t => {
  const { document } = documentMappings['830'].read(only('830/kputnam__stupidedi__1-2.edi'))
  t.match(document, { number: '0259083902', release: '0259083903', basis: 'SH', horizonStart: '2003-04-01' })
  const [first, second] = document.series
  t.same(first!.points.map(point => [point.quantity, point.qualifier, point.end]), [
    ['3', 'C', '2003-08-12'], ['4', 'D', '2003-09-28'], ['3', 'D', '2003-10-28'], ['4', 'D', '2003-11-28'],
    ['3', 'D', '2003-12-28'], ['3', 'D', '2004-01-28'],
  ])
  t.match(first, { unit: 'PC', parties: [{ role: 'SF', id: 'FH0001101' }],
    shipped: [{ qualifier: '02', quantity: '24', date: '2003-08-21' }] })
  t.same(second!.location, { qualifier: '92', id: 'NMC18' })
  t.end()
})
