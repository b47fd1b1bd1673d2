import t from 'tap'
import { createReader, peekInterchange, type ReadEvent } from '../../src/x12/index.ts'
import { bytesOf, findingsOf, goodOrder, interchange, isaLine, readText, setsOf } from './helper.ts'

/** Sets as AK5, groups as AK9, interchanges as TA1, in order. */
function verdicts(events: readonly ReadEvent[]): string[] {
  return events.flatMap(event => {
    switch (event.type) {
      case 'set': return [`${event.result.set}*${event.result.outcome}*${codes(event.result.findings.map(f => f.setCode))}`]
      case 'group-end': {
        const { outcome, included, received, accepted, findings } = event.result
        return [`AK9*${outcome}*${included}*${received}*${accepted}*${codes(findings.map(f => f.groupCode))}`]
      }
      case 'interchange-end': return [`TA1*${event.result.outcome}*${event.result.noteCode}`]
      case 'junk': return ['junk']
      default: return []
    }
  })
}
const codes = (all: readonly (string | undefined)[]): string => [...new Set(all.filter(code => code !== undefined))].join('*')

const good = ['850*A*', 'AK9*A*1*1*1*', 'TA1*A*000']
const cases: [name: string, text: string, expected: string[]][] = [
  ['a correct interchange', interchange([goodOrder]), good],
  ['a wrong SE01', interchange([goodOrder], { se: () => 'SE*9*0001' }), ['850*R*4', 'AK9*R*1*1*0*', 'TA1*A*000']],
  ['a wrong SE02', interchange([goodOrder], { se: n => `SE*${n}*0002` }), ['850*R*3', 'AK9*R*1*1*0*', 'TA1*A*000']],
  ['both wrong', interchange([goodOrder], { se: () => 'SE*9*0002' }), ['850*R*3*4', 'AK9*R*1*1*0*', 'TA1*A*000']],
  ['SE01 with leading zeros', interchange([goodOrder], { se: n => `SE*000${n}*0001` }), good],
  ['no SE before GE', interchange([goodOrder], { se: () => '' }), ['850*R*2', 'AK9*R*1*1*0*', 'TA1*A*000']],
  ['a wrong GE02', interchange([goodOrder], { ge: 'GE*1*2' }), ['850*A*', 'AK9*R*1*1*0*4', 'TA1*A*000']],
  ['a wrong GE01', interchange([goodOrder], { ge: 'GE*2*1' }), ['850*A*', 'AK9*R*2*1*0*5', 'TA1*A*000']],
  ['an unreadable GE01', interchange([goodOrder], { ge: 'GE*x*1' }), ['850*A*', 'AK9*R*NaN*1*0*5', 'TA1*A*000']],
  ['no GE', interchange([goodOrder], { ge: '' }), ['850*A*', 'AK9*R*NaN*1*0*3', 'TA1*A*000']],
  ['a wrong IEA01', interchange([goodOrder], { iea: 'IEA*2*000000001' }), ['850*A*', 'AK9*A*1*1*1*', 'TA1*E*021']],
  ['a wrong IEA02', interchange([goodOrder], { iea: 'IEA*1*000000009' }), ['850*A*', 'AK9*A*1*1*1*', 'TA1*R*001']],
  ['no IEA', interchange([goodOrder], { iea: '' }), ['850*A*', 'AK9*A*1*1*1*', 'TA1*R*023']],
  ['no trailers at all', interchange([goodOrder], { se: () => '', ge: '', iea: '' }), ['850*R*2', 'AK9*R*NaN*1*0*3', 'TA1*R*023']],
  ['one good and one bad set', interchange([goodOrder, ['BEG*00']]), ['850*A*', '850*R*5', 'AK9*P*2*2*1*', 'TA1*A*000']],
  ['ST02 used twice', interchange([goodOrder, goodOrder], { st: 'ST*850*0001', se: n => `SE*${n}*0001` }),
    ['850*A*', '850*R*23', 'AK9*P*2*2*1*', 'TA1*A*000']],
  ['ST02 too short', interchange([goodOrder], { st: 'ST*850*1', se: n => `SE*${n}*1` }), ['850*R*7', 'AK9*R*1*1*0*', 'TA1*A*000']],
  ['an unknown set', interchange([['XX*1']], { id: '999' }), ['999*R*1', 'AK9*R*1*1*0*', 'TA1*A*000']],
  ['a set of another group', interchange([goodOrder], { gs: 'GS*IN*BUYER*SELLER*20240613*1015*1*X*004010' }),
    ['850*R*18', 'AK9*R*1*1*0*', 'TA1*A*000']],
  ['a group of another kind', interchange([goodOrder], { id: '999', gs: 'GS*HC*BUYER*SELLER*20240613*1015*1*X*004010' }),
    ['999*R*1', 'AK9*R*1*1*0*1', 'TA1*A*000']],
  ['an unknown version', interchange([goodOrder], { gs: 'GS*PO*BUYER*SELLER*20240613*1015*1*X*002001' }),
    ['850*R*1', 'AK9*R*1*1*0*2', 'TA1*A*000']],
  ['no GS06', interchange([goodOrder], { gs: 'GS*PO*BUYER*SELLER*20240613*1015**X*004010', ge: 'GE*1*' }),
    ['850*A*', 'AK9*R*1*1*0*6', 'TA1*A*000']],
  ['a GS cut short', interchange([goodOrder], { gs: 'GS*PO*BUYER', ge: 'GE*1*1' }), ['850*R*1', 'AK9*R*1*1*0*6*2*4', 'TA1*E*024']],
  ['a segment between sets', interchange([goodOrder]).replace('GE*1', 'REF*1*2~GE*1'), ['850*A*', 'AK9*A*1*1*1*', 'TA1*E*024']],
  ['SE without ST', interchange([goodOrder]).replace('GE*1', 'SE*2*0002~GE*1'), ['850*A*', 'AK9*A*1*1*1*', 'TA1*E*022']],
  ['a set outside a group', interchange([goodOrder], { gs: '', ge: '', iea: 'IEA*0*000000001' }), ['TA1*R*022']],
  ['an invalid time', interchange([goodOrder], { isa: isaLine.slice(0, -1).replace('*1015*', '*3339*') }), ['850*A*', 'AK9*A*1*1*1*', 'TA1*E*015']],
  ['an invalid date', interchange([goodOrder], { isa: isaLine.slice(0, -1).replace('*240613*', '*240230*') }), ['850*A*', 'AK9*A*1*1*1*', 'TA1*E*014']],
  ['ISA13 that is no number', interchange([goodOrder], { isa: isaLine.slice(0, -1).replace('000000001', 'ABCDEFGHI'), iea: 'IEA*1*ABCDEFGHI' }),
    ['850*A*', 'AK9*A*1*1*1*', 'TA1*R*018']],
  ['lost padding', interchange([goodOrder], { isa: 'ISA*00*          *00*          *ZZ*BUYER*ZZ*SELLER         *240613*1015*U*00401*000000001*0*P*>' }),
    ['850*A*', 'AK9*A*1*1*1*', 'TA1*E*006']],
  ['the same interchange twice', interchange([goodOrder]) + interchange([goodOrder]), [...good, '850*A*', 'AK9*A*1*1*1*', 'TA1*R*025']],
  ['the same group number twice',
    interchange([goodOrder]).replace('IEA*1', 'GS*PO*BUYER*SELLER*20240613*1015*1*X*004010~GE*0*1~IEA*2'),
    [...good.slice(0, 2), 'AK9*R*0*0*0*19', 'TA1*A*000']],
  ['two interchanges with other delimiters',
    interchange([goodOrder]) + interchange([goodOrder]).replaceAll('*', '|').replaceAll('~', '\n').replace('000000001', '000000002').replace('IEA|1|000000001', 'IEA|1|000000002'),
    [...good, ...good]],
  ['an interchange cut off by the next', `${isaLine}GS*PO*A1*B1*20240613*1015*7*X*004010~ST*850*0001~BEG*00~${interchange([goodOrder]).replaceAll('000000001', '000000002')}`,
    ['850*R*5*2', 'AK9*R*NaN*1*0*3', 'TA1*R*023', ...good]],
  ['text before, between and after', `hello${interchange([goodOrder])}\r\n--\r\n${interchange([goodOrder]).replaceAll('000000001', '000000002')} bye`,
    ['junk', ...good, 'junk', ...good, 'junk']],
  ['an ISA that cannot be read', `ISA*00*~${interchange([goodOrder])}`, ['junk', ...good]],
  ['nothing at all', '', []],
  ['white space only', ' \r\n\t\u001a', []],
]

for (const [name, text, expected] of cases) {
  t.test(name, async t => {
    t.same(verdicts(readText(text)), expected)
  })
}

t.test('what surrounds and separates segments is tolerated', async t => {
  const plain = setsOf(readText(interchange([goodOrder], {})))[0]
  t.equal(plain?.outcome, 'A')
  for (const text of [
    `\u00ef\u00bb\u00bf${interchange([goodOrder])}`,
    `  \r\n${interchange([goodOrder], { newline: '\r\n' })}\u001a\u0000`,
    interchange([goodOrder], { newline: '\n  ' }),
    interchange([goodOrder]).replaceAll('~', '\r\n'),
    interchange([goodOrder]).replaceAll('~', '\n'),
    interchange([goodOrder]).slice(0, -1),
  ]) {
    const events = readText(text)
    t.same(verdicts(events), good)
    t.same(findingsOf(events).filter(f => f.severity === 'error'), [])
  }
})

t.test('an empty segment is a finding, not a segment', async t => {
  const [set] = setsOf(readText(interchange([goodOrder]).replace('PO1*', '~PO1*')))
  t.equal(set?.outcome, 'A')
  t.equal(set?.segmentCount, 5)
  t.match(set?.findings, [{ kind: 'segment-empty', severity: 'warning', segmentPosition: 3 }])
})

t.test('repetition separates only from ISA12 00402 on, and only when ISA11 is not alphanumeric', async t => {
  const header = (isa11: string, isa12: string) => {
    const event = readText(isaLine.replace('*U*00401*', `*${isa11}*${isa12}*`))[0]
    return event?.type === 'interchange' ? event.header.delimiters.repetition : undefined
  }
  t.equal(header('U', '00401'), null)
  t.equal(header('^', '00401'), null)
  t.equal(header('^', '00402'), 0x5e)
  t.equal(header('U', '00501'), null)
})

t.test('TA1 segments are handed out', async t => {
  const events = readText(interchange([], { gs: 'TA1*000000123*240613*1015*R*018', ge: '', iea: 'IEA*0*000000001' }))
  t.match(events[1], { type: 'ta1', acknowledgement: { controlNumber: '000000123', outcome: 'R', noteCode: '018' } })
  t.same(verdicts(events), ['TA1*A*000'])
})

t.test('results come as soon as they are complete, with their places in the file', async t => {
  const text = interchange([goodOrder, goodOrder])
  const reader = createReader({ offset: 1000 })
  const end = text.indexOf('SE*5*0001~') + 'SE*5*0001~'.length
  const types = (events: readonly ReadEvent[]) => events.map(event => event.type)
  t.same(types(reader.push(bytesOf(text.slice(0, end - 1)))), ['interchange', 'group'])
  const [event] = reader.push(bytesOf(text.slice(end - 1, end)))
  t.match(event, { type: 'set', result: { start: 1000 + text.indexOf('ST*'), end: 1000 + end } })
  reader.push(bytesOf(text.slice(end)))
  reader.end()
  t.same(reader.end(), [])
  t.throws(() => reader.push(bytesOf('ISA')))
})

t.test('at the level of the envelope any set is counted and none is judged', async t => {
  t.same(verdicts(readText(interchange([['XX*1'], ['YY']], { id: '123', gs: 'GS*ZZ*BUYER*SELLER*20240613*1015*1*X*002001' }), { level: 'envelope' })),
    ['123*A*', '123*A*', 'AK9*A*2*2*2*', 'TA1*A*000'])
  const [set] = setsOf(readText(interchange([['XX*1*A>B']], { id: '123' }), { level: 'envelope', tree: true }))
  t.match(set?.transaction?.root.children, [{ id: 'XX', position: 2, elements: ['1', ['A', 'B']] }])
})

t.test('a suffix of GS08 that nobody knows is a warning over the base', async t => {
  const read = (version: string) => readText(interchange([goodOrder], { gs: `GS*PO*BUYER*SELLER*20240613*1015*1*X*${version}` }))
  t.same(verdicts(read('004010VICS')), good)
  t.same(findingsOf(read('004010VICS')), [])
  t.same(verdicts(read('004010XYZ')), good)
  t.match(findingsOf(read('004010XYZ')), [{ kind: 'version-suffix-unknown', severity: 'warning' }])
})

t.test('the 999 of X12 itself is known', async t => {
  const answer = ['AK1*PO*1*005010', 'AK9*A*1*1*1']
  t.same(findingsOf(readText(interchange([answer], { gs: 'GS*FA*BUYER*SELLER*20240613*1015*1*X*005010X231A1', id: '999' }))), [])
})

t.test('the first interchange is known from the first bytes', async t => {
  t.match(peekInterchange(bytesOf(`\r\n${isaLine}`)), { offset: 2, senderId: 'BUYER', receiverId: 'SELLER', controlNumber: '000000001' })
  t.equal(peekInterchange(bytesOf('hello ISA*')), undefined)
  t.equal(peekInterchange(bytesOf('ISA*00')), undefined)
  t.equal(peekInterchange(bytesOf('')), undefined)
})

t.test('a file wrapped into lines says so', async t => {
  const wrapped = interchange([goodOrder]).replace(/.{80}/g, '$&\n')
  t.match(findingsOf(readText(wrapped))[0], { kind: 'header-wrapped', offset: 0, params: { column: 80 } })
})
