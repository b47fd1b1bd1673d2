import t from 'tap'
import {
  component, first, loop, loops, readTransaction, segment, segments, standardGuide, text, validateTransaction, WriteError, writeInterchange,
  type Guide, type Loop, type Transaction,
} from '../../src/x12/index.ts'
import { bytesOf, goodOrder, interchange, readText, setsOf, textOf } from './helper.ts'

const at = new Date('2024-06-14T08:09:10Z')
const header = {
  sender: { qualifier: 'ZZ', id: 'SELLER' }, receiver: { qualifier: '01', id: '006927180' }, at, controlNumber: 42, usage: 'P',
}
const group = { functionalId: 'PO', senderCode: 'SELLER', receiverCode: '006927180', at, controlNumber: 7, version: '004010' }
const guide = standardGuide('004010', '850') as Guide
const order = (...children: Parameters<typeof loop>[1][]): Loop => loop('850', segment('BEG', '00', 'SA', '4711', '', '20240613'), ...children,
  loop('PO1', segment('PO1', '1', '10', 'EA', '4.5')))
const write = (root: Loop, options: object = {}): string => textOf(writeInterchange({
  header, groups: [{ header: group, transactions: [{ set: '850', controlNumber: '0001', root }] }], ...options,
}))
const transaction = (root: Loop): Transaction => ({ set: '850', controlNumber: '0001', version: '004010', root })

t.test('an interchange, byte by byte', async t => {
  t.equal(write(order(segment('REF', 'DP', '42', undefined, '')), { newline: '\n' }), [
    'ISA*00*          *00*          *ZZ*SELLER         *01*006927180      *240614*0809*U*00401*000000042*0*P*>~',
    'GS*PO*SELLER*006927180*20240614*0809*7*X*004010~',
    'ST*850*0001~', 'BEG*00*SA*4711**20240613~', 'REF*DP*42~', 'PO1*1*10*EA*4.5~', 'SE*5*0001~',
    'GE*1*7~', 'IEA*1*000000042~', '',
  ].join('\n'))
  t.equal(write(order()).slice(0, 106).length, 106)
})

t.test('what was written is read again as the same tree', async t => {
  const root = order(segment('REF', 'DP', '42', '', ['AB', '1', 'CD', '2']), loop('N1', segment('N1', 'ST', 'DC', '92', '0042'), segment('N4', 'SEATTLE')))
  const [set] = setsOf(readText(write(root), { tree: true }))
  const strip = (tree: Loop): unknown => ({ id: tree.id, children: tree.children.map(child => 'elements' in child ? [child.id, child.elements] : strip(child)) })
  t.same(strip(set?.transaction?.root as Loop), strip(root))
})

t.test('a delimiter in data is refused with its place', async t => {
  for (const bad of ['a*b', 'a~b', 'a>b']) {
    try {
      write(order(segment('REF', 'DP', bad)))
      t.fail('written')
    } catch (error) {
      t.ok(error instanceof WriteError)
      t.match(error, { set: '850', controlNumber: '0001', segment: 'REF', position: 3, element: 2 })
      t.match((error as Error).message, /^REF02 \(segment 3 of 850 0001\) holds a delimiter/)
    }
  }
  t.throws(() => write(order(segment('REF', 'DP', '', ['a>b', 'c']))), { message: /^REF03 / })
  t.throws(() => write(order(segment('REF', 'DP', 'ไทย'))), { message: /Latin-1/ })
  t.throws(() => write(order(segment('REF', 'DP', { repeats: ['1', '2'] }))), { message: /repetition/ })
  t.throws(() => write(order(), { header: { ...header, sender: { qualifier: 'ZZ', id: 'SIXTEENCHARACTER' } } }), { message: /^ISA06 / })
})

t.test('a delimiter in data is replaced where the partner says by what', async t => {
  t.match(write(order(segment('REF', 'DP', 'a*b>c~d')), { replaceDelimiters: '-' }), /REF\*DP\*a-b-c-d~/)
})

t.test('other delimiters, repetition and UTF-8', async t => {
  const delimiters = { element: 0x7c, component: 0x3a, segment: 0x0a, repetition: 0x5e }
  const text = write(order(segment('REF', 'DP', { repeats: ['1', ['2', '3']] }, 'a*b')), { header: { ...header, version: '00501' }, delimiters, newline: '\n' })
  t.match(text, /\|\^\|00501\|/)
  t.match(text, /\nREF\|DP\|1\^2:3\|a\*b\n/)
  const utf8 = writeInterchange({
    header, encoding: 'utf8', groups: [{ header: group, transactions: [{ set: '850', controlNumber: '0001', segments: [segment('MSG', 'ไทย')] }] }],
  })
  t.match(Buffer.from(utf8).toString('utf8'), /MSG\*ไทย~/)
})

t.test('a tree is judged by its guide before it leaves', async t => {
  t.same(validateTransaction(transaction(order()), guide).filter(f => f.severity === 'error'), [])
  t.match(validateTransaction(transaction(loop('850', segment('BEG', '00', 'SA', '4711', '', '20240230'))), guide), [
    { kind: 'date-invalid', segmentId: 'BEG', segmentPosition: 2, element: 5 },
    { kind: 'segment-missing', segmentId: 'PO1', segmentPosition: 3 },
  ])
  t.match(validateTransaction(transaction(order(segment('REF', 'DP', 'a*b'))), guide), [], 'other delimiters may be chosen')
  t.match(validateTransaction(transaction(order(segment('REF', 'DP', 'a\u001db'))), guide), [{ kind: 'element-invalid-character', element: 2 }])
})

t.test('one set is read again from its bytes', async t => {
  const file = interchange([goodOrder, [...goodOrder.slice(0, 1), 'N1*ST*DC', 'N4*SEATTLE', ...goodOrder.slice(1)]])
  const [, set] = setsOf(readText(file, { tree: true }))
  if (!set) return t.fail()
  const delimiters = { element: 0x2a, component: 0x3e, segment: 0x7e, repetition: null }
  const again = readTransaction(bytesOf(file).subarray(set.start, set.end), delimiters, guide, { version: '004010', offset: set.start, ordinal: 1 })
  t.same(again, set)
  t.match(readTransaction(bytesOf('ST*850*0001~BEG*00~'), delimiters, guide, { version: '004010' }), {
    outcome: 'R', findings: [{ kind: 'segment-missing' }, { kind: 'set-trailer-missing' }],
  })
})

t.test('helpers for mappings', async t => {
  const tree = order(segment('REF', 'DP', ' 42 '), segment('REF', 'IA', '7', '', ['AB', '1']), loop('N1', segment('N1', 'BY')), loop('N1', segment('N1', 'ST')))
  t.equal(segments(tree, 'REF').length, 2)
  t.equal(text(first(tree, 'REF'), 2), '42')
  t.equal(text(first(tree, 'REF'), 9), '')
  t.equal(text(undefined, 1), '')
  t.equal(component(segments(tree, 'REF')[1], 4, 2), '1')
  t.same(loops(tree, 'N1').map(n1 => text(first(n1, 'N1'), 1)), ['BY', 'ST'])
})
