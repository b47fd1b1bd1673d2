import fc from 'fast-check'
import t from 'tap'
import type {
  LineAcknowledgement,
  OrderAcknowledgementDocument,
  OrderChangeAnswerDocument,
  OrderChangeDocument,
  ProductId,
  PurchaseOrderDocument,
} from '../../src/documents/canonical.ts'
import { changeFaults } from '../../src/orders/change-rules.ts'
import { foldOrder, type ChangeFact, type Folded } from '../../src/orders/fold.ts'
import { moveQuantity, nextResponses, openQuantity, orderState, overShippedQuantity, type LineState } from '../../src/orders/rules.ts'
import { decimal } from '../../src/shared/decimal.ts'

/** What an order follows from: whatever is said of it, the ledger of each line balances, and only what may follow does. */

const heading = { references: [], parties: [], dates: [] }
const order: PurchaseOrderDocument = {
  number: 'P', purpose: '00', type: 'SA', orderDate: '2026-03-02', ...heading,
  lines: ['100', '50', '7.5'].map((quantity, index) => ({
    lineNumber: String(index + 1), quantity, unit: 'EA', price: '2.5', products: [{ qualifier: 'IN', value: `I${index + 1}` }],
  })),
}

const quantity = fc.integer({ min: 0, max: 200 }).map(String)
const lineNumber = fc.constantFrom('1', '2', '3', '4', '5')
const acknowledgement: fc.Arbitrary<LineAcknowledgement> = fc.record(
  { code: fc.constantFrom('IA', 'IQ', 'IP', 'IR', 'IB', 'DR', 'BP', 'ID', 'IH', 'XX'), quantity, price: fc.constantFrom('2.5', '2.6') },
  { requiredKeys: ['code'] },
)
const acknowledgements = fc.array(acknowledgement, { maxLength: 2 })
const answer: fc.Arbitrary<OrderAcknowledgementDocument> = fc.record({
  purpose: fc.constant('00'), type: fc.constantFrom('AC', 'AD', 'AK', 'AE', 'RD', 'RJ'), orderNumber: fc.constant('P'),
  orderDate: fc.constant('2026-03-02'), acknowledgedOn: fc.constantFrom('2026-03-02', '2026-03-04', '2026-03-06'),
  references: fc.constant([]), parties: fc.constant([]), dates: fc.constant([]),
  lines: fc.uniqueArray(fc.record({ lineNumber, quantity, acknowledgements, products: fc.constant([]) }, { requiredKeys: ['lineNumber', 'acknowledgements', 'products'] }), { maxLength: 3, selector: line => line.lineNumber }),
})
const changeLine = fc.record(
  { lineNumber, code: fc.constantFrom('AI', 'DI', 'QI', 'QD', 'PC', 'PQ', 'RS', 'RQ', 'CA', 'CT', 'RE', 'RZ', 'MU', 'NC'), quantity, price: fc.constantFrom('2.5', '2.4', '3'), unit: fc.constant('EA'), products: fc.constant<ProductId[]>([{ qualifier: 'IN', value: 'I9' }]) },
  { requiredKeys: ['lineNumber', 'code', 'unit', 'products'] },
)
const change: fc.Arbitrary<OrderChangeDocument> = fc.record({
  purpose: fc.constantFrom('04', '04', '04', '04', '04', '01'), type: fc.constant('SA'), orderNumber: fc.constant('P'),
  orderDate: fc.constant('2026-03-02'), changedOn: fc.constantFrom('2026-03-03', '2026-03-05'),
  references: fc.constant([]), parties: fc.constant([]), dates: fc.constant([]), lines: fc.array(changeLine, { maxLength: 3 }),
})
const reply: fc.Arbitrary<OrderChangeAnswerDocument> = fc.record({
  purpose: fc.constant('00'), type: fc.constantFrom('AT', 'AC', 'AD', 'RD', 'RJ', 'AE', 'RO'), orderNumber: fc.constant('P'),
  references: fc.constant([]), parties: fc.constant([]), dates: fc.constant([]),
  lines: fc.array(fc.record({ lineNumber, code: fc.constantFrom('CA', 'RC', 'DI'), acknowledgements, products: fc.constant([]) }), { maxLength: 3 }),
})
const shipped = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: -20, max: 80 })), { maxLength: 3 })
const history = fc.record({
  terms: fc.constantFrom('absolute' as const, 'delta' as const),
  answers: fc.array(answer, { maxLength: 3 }),
  changes: fc.array(fc.record({ document: change, answers: fc.array(reply, { maxLength: 2 }), shipped }), { maxLength: 4 }),
})

/** Makes the changes one after the other as they arrive, shipping between them; those that cannot be made are refused. */
const play = ({ terms, answers, changes }: typeof history extends fc.Arbitrary<infer H> ? H : never) => {
  const made: ChangeFact[] = []
  const quantities = new Map<number, ReturnType<typeof decimal>>()
  const facts = () => ({ document: order, terms, answers, changes: made })
  const lines = (folded: Folded): LineState[] =>
    folded.lines.map(({ state }) => ({ ...state, ledger: { ...state.ledger, shipped: quantities.get(state.position) ?? decimal(0) } }))
  let refused = 0
  for (const [index, { document, answers: replies, shipped: moves }] of changes.entries()) {
    const before = foldOrder(facts())
    for (const [position, move] of moves) {
      const line = lines(before)[position - 1]
      if (line) quantities.set(line.position, moveQuantity(line, 'shipped', String(move)).ledger.shipped)
    }
    const held = lines(before).map((line, k) => ({
      ...line, gtin: null, buyerItem: before.lines[k]!.document.products[0]?.value ?? null, sellerItem: null,
    }))
    if (changeFaults({ number: 'P', state: orderState(held), lines: held }, document, terms).length > 0) refused += 1
    else made.push({ id: `c${index}`, document, answers: replies })
  }
  const folded = foldOrder(facts())
  return { folded, lines: lines(folded), made, refused, facts: facts() }
}

t.test('ordered + over-shipped = open + shipped + cancelled, each at least 0, whatever was said', async t => {
  let changesMade = 0
  let refusals = 0
  fc.assert(
    fc.property(history, told => {
      const { lines, made, refused, folded } = play(told)
      changesMade += made.length
      refusals += refused
      for (const { ledger, response } of lines) {
        for (const [name, value] of Object.entries(ledger)) if (value.isNegative()) throw new Error(`${name} is ${value.toFixed()}`)
        const open = openQuantity(ledger)
        if (!ledger.ordered.plus(overShippedQuantity(ledger)).eq(open.plus(ledger.shipped).plus(ledger.cancelled)))
          throw new Error(`does not balance: ${JSON.stringify(ledger)}`)
        if (ledger.cancelled.gt(ledger.ordered)) throw new Error('more cancelled than ordered')
        if (!(response in nextResponses)) throw new Error(response)
      }
      folded.lines.forEach(({ document, state }, index) => {
        // The document and the lines say the same, each in its place.
        if (folded.document.lines[index] !== document || state.position !== index + 1) throw new Error('out of place')
        if (!decimal(document.quantity).eq(state.ledger.ordered)) throw new Error(`${document.quantity} is not ${state.ledger.ordered.toFixed()}`)
      })
    }),
    { numRuns: 3000, seed: 20261121 },
  )
  t.ok(changesMade > 1500 && refusals > 500, `${changesMade} changes made, ${refusals} refused`)
})

t.test('a change whose every line the seller rejects leaves the lines as they were', async t => {
  let tried = 0
  fc.assert(
    fc.property(history, change, (told, last) => {
      const { facts, folded } = play(told)
      if (last.lines.length === 0 || last.lines.some(line => line.code === 'AI' || line.code === 'NC')) return
      tried += 1
      const rejected = foldOrder({
        ...facts, changes: [...facts.changes, { id: 'last', document: last, answers: [{ purpose: '00', type: 'RJ', orderNumber: 'P', ...heading, lines: [] }] }],
      })
      t.strictSame(rejected.lines, folded.lines)
    }),
    { numRuns: 500, seed: 20261121, endOnFailure: true },
  )
  t.ok(tried > 100, `${tried} tried`)
})
