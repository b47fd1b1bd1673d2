import t from 'tap'
import type { Transaction } from '../../src/x12/index.ts'
import { query, QueryError } from '../../src/x12/query.ts'
import { interchange, readText } from './helper.ts'

t.test('values by node-x12\'s query language', async t => {
  const [order, event] = readText(interchange([[
    'BEG*00*SA*4711**20240613', 'REF*DP*42', 'REF*IA*7', 'N1*ST*DC', 'N4*SEATTLE', 'PO1*1*10*EA*4.5', 'PO1*2*5*CA*9',
  ]]), { tree: true }).flatMap(e => e.type === 'set' ? [e.result.transaction as Transaction, e] : [])
  if (!order || !('root' in order) || !event || !('group' in event)) return t.fail()
  t.same(query(order, 'BEG03'), ['4711'])
  t.same(query(order, 'REF02:REF01["IA"]'), ['7'])
  t.same(query(order, 'FOREACH(PO1)=>PO102'), ['10', '5'])
  t.same(query(order, 'N1-N4-N401'), ['SEATTLE'])
  t.same(query(order, 'GS08', event), ['004010'])
  t.same(query(order, 'ISA06', event), ['BUYER'])
  t.same(query(order, 'CUR02'), [])
  t.throws(() => query(order, 'nonsense'), QueryError)
})
