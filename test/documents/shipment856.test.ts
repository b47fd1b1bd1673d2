import t from 'tap'
import { Value } from 'typebox/value'
import { ShipNoticeDocument } from '../../src/documents/canonical.ts'
import { makeSscc } from '../../src/documents/gs1.ts'
import { writeShipNotice } from '../../src/documents/ship-notice-tree.ts'
import { readShipNotice, shippedByLine } from '../../src/documents/shipment856.ts'
import { refusal, segmentTexts, transactionOf, withoutPositions } from './helper.ts'

const sscc = (serial: number): string => makeSscc('0614141', 0, serial)

const heading = (structure: string) => `BSN*00*ASN1*20260305*1200*${structure}~`
const codes = (problems: readonly { code: string; at: number; segmentId: string; element: number }[]) =>
  problems.map(({ code, at, segmentId, element }) => [code, at, segmentId, element])

t.test('pick and pack on a pallet', t => {
  const { document, problems } = readShipNotice(transactionOf('856', `${heading('0001')}
    HL*1**S~TD1*CTN25*2****G*45.5*LB*100*CF~TD5*B*2*ABCD*M~TD3*TL*ABCD*07213567******SEAL1~REF*BM*B-1~REF*CN*C-1~DTM*011*20260305~
    DTM*017*20260307*0800~
    FOB*CC~N1*ST**UL*0614141000012~N1*SF*PLANT~
    HL*2*1*O~PRF*PO1*REL1**20260301~TD1*CTN25*2~REF*DP*042~N1*BY**92*0001~
    HL*3*2*T~MAN*GM*00${sscc(1)}~
    HL*4*3*P~PO4******6*LB~REF*ZZ*Q~MAN*GM*${sscc(2)}**CP*1Z999~
    HL*5*4*I~LIN*10*UP*036000291452*VN*W-1~SN1**4*EA**10*EA~PID*F*08***WIDGET~REF*LT*LOT7~DTM*036*20270101~
    HL*6*4*I~LIN**UP*036000291469~SN1*20*9*EA~
    CTT*6*13~`))
  t.same(problems, [])
  t.ok(Value.Check(ShipNoticeDocument, document), 'it has the canonical form')
  t.match(document, {
    number: 'ASN1', purpose: '00', date: '2026-03-05', time: '1200', structure: '0001', hlCount: 6, hashTotal: '13',
    packaging: 'CTN25', ladingQuantity: 2,
    grossWeight: { value: '45.5', unit: 'LB' }, volume: { value: '100', unit: 'CF' }, freightTerms: 'CC',
    carrier: { scac: 'ABCD', mode: 'M', equipment: 'ABCD07213567', equipmentType: 'TL', seal: 'SEAL1' },
    references: [{ qualifier: 'BM', value: 'B-1' }, { qualifier: 'CN', value: 'C-1' }],
    dates: [{ qualifier: '011', date: '2026-03-05' }, { qualifier: '017', date: '2026-03-07', time: '0800' }],
    parties: [{ role: 'ST', id: '0614141000012' }, { role: 'SF', name: 'PLANT' }],
    orders: [{ number: 'PO1', release: 'REL1', date: '2026-03-01', references: [{ qualifier: 'DP' }],
      parties: [{ role: 'BY', id: '0001' }], ladingQuantity: 2 }],
  })
  t.same(document.packages, [
    { id: '3', type: 'pallet', sscc: sscc(1), at: 19, orderNumber: 'PO1' },
    {
      id: '4', parent: '3', type: 'carton', sscc: sscc(2), trackingNumber: '1Z999', weight: { value: '6', unit: 'LB' },
      references: [{ qualifier: 'ZZ', value: 'Q', at: 23 }], at: 21, orderNumber: 'PO1',
    },
  ])
  t.match(document.lines, [
    {
      orderNumber: 'PO1', release: 'REL1', orderDate: '2026-03-01', lineNumber: '10', package: '4', quantity: '4', unit: 'EA',
      quantityOrdered: '10', unitOrdered: 'EA',
      description: 'WIDGET', references: [{ qualifier: 'LT' }], dates: [{ qualifier: '036', date: '2027-01-01' }], itemAt: 26,
      at: 27,
    },
    { lineNumber: '20', package: '4', quantity: '9' },
  ])
  t.end()
})

t.test('the same shipment in every order of levels', t => {
  const item = (id: number, parent: number, upc: string, quantity: number) =>
    `HL*${id}*${parent}*I~LIN**UP*${upc}~SN1**${quantity}*EA~`
  const pack = (id: number, parent: number, serial: number) => `HL*${id}*${parent}*P~MAN*GM*00${sscc(serial)}~`
  const order = (id: number, parent: number) => `HL*${id}*${parent}*O~PRF*PO1~`
  const sets: Record<string, string> = {
    '0001': `HL*1**S~${order(2, 1)}${pack(3, 2, 1)}${item(4, 3, '036000291452', 5)}${pack(5, 2, 2)}${item(6, 5, '036000291452',
      5)}CTT*6~`,
    '0002': `HL*1**S~${order(2, 1)}${item(3, 2, '036000291452', 10)}${pack(4, 3, 1)}${pack(5, 3, 2)}CTT*5~`,
    '0003': `HL*1**S~${pack(2, 1, 1)}${order(3, 2)}${item(4, 3, '036000291452', 5)}${pack(5, 1, 2)}${order(6, 5)}${item(7, 6,
      '036000291452', 5)}CTT*7~`,
  }
  for (const [structure, body] of Object.entries(sets)) {
    const { document, problems } = readShipNotice(transactionOf('856', heading(structure) + body))
    t.same(problems, [], structure)
    const bySscc = new Map(document.packages.map(each => [each.id, each.sscc]))
    t.same(document.lines.map(line => [line.orderNumber, bySscc.get(line.package ?? ''), line.quantity]),
      [['PO1', sscc(1), '5'], ['PO1', sscc(2), '5']], structure)
    t.same(document.packages.map(each => each.orderNumber), ['PO1', 'PO1'], structure)
    t.equal(document.orders.length, 1, structure)
    t.match(shippedByLine(document), [{ orderNumber: 'PO1', quantity: '10' }], structure)
    t.equal(readShipNotice(transactionOf('856', heading('') + body)).document.structure, structure,
      'BSN05 left out follows from the levels')
  }
  const { document } = readShipNotice(transactionOf('856',
    `${heading('0004')}HL*1**S~${order(2, 1)}${item(3, 2, '036000291452', 10)}CTT*3~`))
  t.same([document.packages.length, document.lines[0]!.quantity, document.structure], [0, '10', '0004'])
  t.end()
})

t.test('a standard pack that does not divide, or says what each carton holds', t => {
  const cartons = (...shares: string[]) => shares.map((share, i) => `HL*${4 + i}*3*P~${share}MAN*GM*00${sscc(i)}~`).join('')
  const read = (shares: string[]) => readShipNotice(transactionOf('856',
    `${heading('0002')}HL*1**S~HL*2*1*O~PRF*PO1~HL*3*2*I~LIN**UP*036000291452~SN1**10*EA~
    ${cartons(...shares)}CTT*${3 + shares.length}~`))
  const assumed = read(['', '', ''])
  t.same(assumed.document.lines.map(line => line.quantity), ['3', '3', '4'])
  t.same(codes(assumed.problems), [['pack-quantity-assumed', 8, 'SN1', 2]])
  const told = read(['SN1**7*EA~', 'SN1**3*EA~'])
  t.same(told.document.lines.map(line => line.quantity), ['7', '3'])
  t.same(told.problems, [])
  t.end()
})

t.test('a pallet with cartons of two orders is one pallet, and goes out under each', t => {
  const body = (order: number, first: number) => `HL*${first}*1*O~PRF*PO${order}~HL*${first + 1}*${first}*T~MAN*GM*00${sscc(9)}~
    HL*${first + 2}*${first + 1}*P~MAN*GM*00${sscc(order)}~HL*${first + 3}*${first + 2}*I~LIN*1*UP*036000291452~SN1**${order}*EA~`
  const set = `${heading('0001')}HL*1**S~${body(1, 2)}${body(2, 6)}CTT*9~`
  const { document, problems } = readShipNotice(transactionOf('856', set))
  t.same(problems, [])
  t.same(document.packages.map(({ type, sscc: code, parent, orderNumber }) => [type, code, parent, orderNumber]), [
    ['pallet', sscc(9), undefined, undefined], ['carton', sscc(1), '3', 'PO1'], ['carton', sscc(2), '3', 'PO2'],
  ])
  const texts = segmentTexts(writeShipNotice(document))
  t.equal(texts.filter(text => text === `MAN*GM*00${sscc(9)}`).length, 2)
  t.equal(texts.at(-1), 'CTT*9')
  t.end()
})

t.test('what is wrong with a ship notice is reported where it stands', t => {
  const wrongDigit = `${sscc(1).slice(0, -1)}${(Number(sscc(1).at(-1)) + 1) % 10}`
  const { document, problems } = readShipNotice(transactionOf('856', `${heading('0003')}HL*1**S~HL*2*1*O~
    HL*3*2*P~MAN*GM*00${wrongDigit}~HL*4*3*I~LIN**UP*036000291452~SN1**4*EA~
    HL*5*2*P~MAN*GM*12345~HL*6*5*I~LIN**UP*036000291452~SN1**1*EA~
    HL*7*2*P~MAN*GM*00${sscc(5)}~HL*8*2*P~MAN*GM*00${sscc(5)}~CTT*4*9~`))
  t.same(codes(problems), [
    ['sscc-check-digit', 6, 'MAN', 2],
    ['sscc-malformed', 11, 'MAN', 2],
    ['sscc-repeated', 18, 'MAN', 2],
    ['order-number-missing', 4, 'HL', 0],
    ['count-differs', 19, 'CTT', 1],
    ['hash-total-differs', 19, 'CTT', 2],
    ['structure-differs', 2, 'BSN', 5],
  ])
  t.equal(document.structure, '0003', 'as it was sent')
  t.equal(document.packages[0]!.sscc, wrongDigit, 'kept as it was sent')
  t.same(document.packages[1]!.marks, [{ qualifier: 'GM', value: '12345' }])
  t.same(document.lines.map(line => line.orderNumber), ['', ''])
  t.equal(document.hlCount, 4)
  t.end()
})

const notice: ShipNoticeDocument = {
  number: 'ASN1', purpose: '00', date: '2026-03-05', time: '1200', structure: '0003',
  references: [{ qualifier: 'BM', value: 'B-1' }], parties: [], dates: [{ qualifier: '011', date: '2026-03-05' }],
  packages: [{ id: 'a', type: 'pallet', sscc: sscc(1) }, { id: 'b', type: 'carton', parent: 'a', sscc: sscc(2) },
    { id: 'c', type: 'carton', sscc: sscc(3) }],
  lines: [
    { orderNumber: 'PO1', lineNumber: '10', package: 'c', quantity: '4', unit: 'EA',
      products: [{ qualifier: 'UP', value: '036000291452' }] },
    { orderNumber: 'PO1', lineNumber: '20', package: 'b', quantity: '2', unit: 'EA',
      products: [{ qualifier: 'UP', value: '036000291469' }] },
  ],
  orders: [{ number: 'PO1', date: '2026-03-01', references: [], parties: [] }],
}

t.test('a ship notice is written shipment, order, pallet, carton, item', t => {
  t.same(segmentTexts(writeShipNotice(notice)), [
    'BSN*00*ASN1*20260305*1200*0001', 'HL*1**S', 'REF*BM*B-1', 'DTM*011*20260305', 'HL*2*1*O', 'PRF*PO1***20260301',
    'HL*3*2*T', `MAN*GM*00${sscc(1)}`, 'HL*4*3*P', `MAN*GM*00${sscc(2)}`, 'HL*5*4*I', 'LIN*20*UP*036000291469', 'SN1**2*EA',
    'HL*6*2*P', `MAN*GM*00${sscc(3)}`, 'HL*7*6*I', 'LIN*10*UP*036000291452', 'SN1**4*EA', 'CTT*7',
  ])
  const loose = segmentTexts(writeShipNotice({
    ...notice, packages: [], lines: notice.lines.map(line => withoutPositions({ ...line, package: undefined })),
  } as never))
  t.equal(loose[0], 'BSN*00*ASN1*20260305*1200*0004')
  t.equal(loose.at(-1), 'CTT*4')
  t.end()
})

t.test('a standard pack is written shipment, order, pallet, item, carton, and reads back the same', t => {
  const item = notice.lines[0]!
  const packages: ShipNoticeDocument['packages'] = [
    { id: 'p', type: 'pallet', sscc: sscc(1) },
    ...[2, 3, 4].map(serial => ({ id: `c${serial}`, type: 'carton' as const, parent: 'p', sscc: sscc(serial) })),
    { id: 'c5', type: 'carton', sscc: sscc(5) },
  ]
  const lines = [['c2', '12'], ['c3', '12'], ['c4', '6'], ['c5', '12']].map(([each = '', quantity = '']) =>
    ({ ...item, package: each, quantity }))
  const document = { ...notice, structure: '0002', packages, lines }
  const texts = segmentTexts(writeShipNotice(document))
  t.same(texts.filter(text => /^(BSN|HL|SN1)/.test(text)), [
    'BSN*00*ASN1*20260305*1200*0002', 'HL*1**S', 'HL*2*1*O', 'HL*3*2*I', 'SN1**12*EA', 'HL*4*3*P', 'HL*5*2*T', 'HL*6*5*I',
    'SN1**24*EA', 'HL*7*6*P', 'HL*8*6*P', 'HL*9*5*I', 'SN1**6*EA', 'HL*10*9*P',
  ])
  const read = readShipNotice(transactionOf('856', texts.join('~')))
  t.same(read.problems, [])
  t.same(read.document.lines.map(line => [read.document.packages.find(each => each.id === line.package)?.sscc, line.quantity]),
    [[sscc(5), '12'], [sscc(2), '12'], [sscc(3), '12'], [sscc(4), '6']])
  const mixed = { ...document, lines: [...lines, { ...item, package: 'c2', quantity: '1' }] }
  t.match(segmentTexts(writeShipNotice(mixed))[0], /0001$/, 'a carton with two lines is pick and pack')
  t.end()
})

t.test('packing that does not hold together is refused by name', t => {
  const refused = (change: Partial<ShipNoticeDocument>) => refusal(() => writeShipNotice({ ...notice, ...change }))
  const [line] = notice.lines as [ShipNoticeDocument['lines'][number]]
  const [pallet, ...cartons] = notice.packages as [ShipNoticeDocument['packages'][number]]
  t.same(refused({ lines: [{ ...line, package: 'z' }] }), ['lines[0].package', 'missing'])
  t.match(refused({ packages: [{ ...pallet, parent: 'b' }, ...cartons] }), [/^lines\[1\]\.package$/, 'inconsistent'],
    'a package inside itself')
  t.same(refused({ packages: [{ ...pallet, sscc: '123' }, ...cartons] }), ['packages[0].sscc', 'too-short'])
  t.same(refused({ lines: [{ ...line, products: [] }] }), ['lines[0].products', 'missing'])
  t.end()
})

t.test('ten thousand cartons are packed in no time', t => {
  const packages = Array.from({ length: 10_000 },
    (_, i): ShipNoticeDocument['packages'][number] => ({ id: `c${i}`, type: 'carton', sscc: sscc(i) }))
  const lines = packages.map((each): ShipNoticeDocument['lines'][number] => ({ ...notice.lines[0]!, package: each.id }))
  const begun = performance.now()
  const texts = segmentTexts(writeShipNotice({ ...notice, packages, lines }))
  const { document } = readShipNotice(transactionOf('856', texts.join('~')))
  t.equal(document.lines.length, 10_000)
  t.ok(performance.now() - begun < 10_000, 'the work grows with the cartons, not with their square')
  t.end()
})
