import fc from 'fast-check'
import t from 'tap'
import { readAll, type ReadOptions } from '../../src/x12/index.ts'
import { bytesOf, corpusFiles, goodOrder, interchange, isaLine, readInPieces, skipWithoutCorpus } from './helper.ts'
import { purchaseOrders } from './samples.ts'

const json = (value: unknown): string => JSON.stringify(value)

const files: Record<string, string> = {
  'an order': interchange([goodOrder]),
  'lines, a byte order mark and Ctrl-Z': `\u00ef\u00bb\u00bf\r\n${interchange([goodOrder], { newline: '\r\n' })}\r\n\u001a`,
  'empty segments and faults': interchange([[...goodOrder, '', '', 'XYZ*1', 'BEG*00*SA*1**20249999'], goodOrder]).replace('GE*2*1', 'GE*3*9'),
  'junk around two interchanges': `hello ${interchange([goodOrder])} IS nothing ISABELLA ${interchange([goodOrder]).replace('000000001*0', '000000002*0')}ISA*broken`,
  'no trailers': interchange([goodOrder, goodOrder], { ge: '', iea: '' }).replace('SE*5*0001~', ''),
  'cut off by the next interchange': `${isaLine}GS*PO*BUYER*SELLER*20240613*1015*1*X*004010~ST*850*0001~BEG*00~${interchange([goodOrder])}`,
  'lost padding': interchange([goodOrder], { isa: 'ISA*00**00**ZZ*BUYER*ZZ*SELLER*240613*1015*U*00401*000000001*0*P*>' }),
  'binary data': interchange([[...goodOrder, 'BIN*12*a~b*c~ISA*~SE', 'BDS*ASC*3*~~~', 'BIN*999*too~short']]),
  'an unfinished last segment': interchange([goodOrder]).slice(0, -6),
  'an acknowledgement': interchange([], { gs: 'TA1*000000001*240613*1015*A*000', ge: '' }).replace('IEA*1', 'IEA*0'),
}

for (const [name, text] of Object.entries(files)) {
  t.test(`every cut of ${name} gives the same events`, async t => {
    const bytes = bytesOf(text)
    for (const options of [{ tree: true }, { level: 'envelope', tree: true }, { level: 'envelope' }] satisfies ReadOptions[]) {
      const whole = json(readAll(bytes, options))
      const differing: number[] = []
      for (let cut = 0; cut <= bytes.byteLength; cut++) if (json(readInPieces(bytes, [cut], options)) !== whole) differing.push(cut)
      t.same(differing, [], 'no cut makes a difference')
      t.equal(json(readInPieces(bytes, Array.from(bytes, (_, i) => i), options)), whole, 'byte by byte')
    }
  })
}

t.test('random cuts of a larger file give the same events', async t => {
  const bytes = purchaseOrders(40, 3)
  const whole = json(readAll(bytes, { tree: true }))
  fc.assert(fc.property(fc.array(fc.nat(bytes.byteLength), { maxLength: 30 }), cuts =>
    json(readInPieces(bytes, cuts.sort((a, b) => a - b), { tree: true })) === whole), { numRuns: 60 })
  t.pass('60 random ways of cutting')
})

t.test('every cut of the small files of the corpus gives the same events', { skip: skipWithoutCorpus }, async t => {
  const small = corpusFiles().filter(({ bytes }) => bytes.byteLength <= 700)
  for (const { file, bytes } of small) {
    const whole = json(readAll(bytes, { tree: true }))
    for (let cut = 0; cut <= bytes.byteLength; cut++) if (json(readInPieces(bytes, [cut], { tree: true })) !== whole) t.fail(`${file}, cut at ${cut}`)
  }
  t.ok(small.length > 50, `${small.length} files at every place`)
})

t.test('random cuts of every corpus file give the same events', { skip: skipWithoutCorpus }, async t => {
  for (const { bytes } of corpusFiles()) {
    const whole = json(readAll(bytes, { tree: true }))
    fc.assert(fc.property(fc.array(fc.nat(bytes.byteLength), { maxLength: 20 }), cuts =>
      json(readInPieces(bytes, cuts.sort((a, b) => a - b), { tree: true })) === whole), { numRuns: 5, seed: 1 })
  }
  t.pass('5 ways of cutting each file')
})

t.test('a segment without end is skipped, however it arrives', async t => {
  const bytes = bytesOf(interchange([['BEG*00*SA*1**20240613', `MSG*${'x'.repeat(1_200_000)}`, 'PO1*1*1*EA', 'CTT*1']]))
  const whole = json(readAll(bytes))
  t.match(whole, /segment-too-long/)
  for (const cuts of [[500], [600_000, 1_100_000], [1_200_100], Array.from({ length: 30 }, (_, i) => i * 40_000)]) {
    t.equal(json(readInPieces(bytes, cuts)), whole)
  }
})
