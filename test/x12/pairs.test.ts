import { readFileSync } from 'node:fs'
import t from 'tap'
import { AcknowledgementBuilder, readAll } from '../../src/x12/index.ts'
import { corpus, skipWithoutCorpus, textOf } from './helper.ts'

/** Lines of our 997s for a file, or our TA1s, as others write theirs. */
function ours(bytes: Uint8Array, detail: 'set' | 'group'): { acknowledgement: string[]; ta1: string[] } {
  const acknowledgement: string[] = []
  const ta1: string[] = []
  let builder: AcknowledgementBuilder | undefined
  for (const event of readAll(bytes)) {
    switch (event.type) {
      case 'interchange': builder = new AcknowledgementBuilder(event.header, { detail, delimiters: { element: 0x2a, component: 0x3e, segment: 0x7e, repetition: null } }); break
      case 'group': builder?.beginGroup(event.header); break
      case 'set': builder?.addSet(event.result); break
      case 'group-end': builder?.endGroup(event.result); break
      case 'interchange-end': {
        const { header, outcome, noteCode } = event.result
        ta1.push(`TA1*${header.controlNumber}*${header.date}*${header.time}*${outcome}*${noteCode}`)
        if (builder) acknowledgement.push(...answerLines(textOf(builder.finish({ interchangeControlNumber: 1, groupControlNumber: 1, at: new Date(0) }))))
      }
    }
  }
  return { acknowledgement, ta1 }
}

const answerLines = (text: string): string[] => text.split(/[~\r\n]+/).filter(line => line.startsWith('AK'))
const read = (file: string): Uint8Array => readFileSync(new URL(`acknowledgements/${file}`, corpus))

const pairs: [input: string, expected: string, detail: 'set' | 'group'][] = [
  ['mulesoft/mulesoft_17_850EDIInput_Modified.in.edi', 'mulesoft/mulesoft_17_850EDIInput_Modified.997.expected.txt', 'group'],
  ['mulesoft/mulesoft_18_Academy_850_1.in.edi', 'mulesoft/mulesoft_18_Academy_850_1.997.expected.txt', 'group'],
  ['bots/997_4__850-004010VICS-01.in.edi', 'bots/997_4.997.out.x12', 'set'],
  ['bots/997_9__850-004010-12.in.edi', 'bots/997_9.997.out.x12', 'set'],
]

for (const [input, expected, detail] of pairs) {
  t.test(`the 997 of ${input} is as expected`, { skip: skipWithoutCorpus }, async t => {
    t.same(ours(read(input), detail).acknowledgement, answerLines(textOf(read(expected))))
  })
}

/** Where our TA1 differs from what the other implementation writes, and why. */
const differing: Readonly<Record<string, string>> = {
  // Lost padding leaves the interchange readable: we note it (E) where the other rejects (R).
  'ta1_850-bad-isa': 'TA1*123456789*150106*1201*E*011',
}

for (const name of ['ta1_850-multiple', 'ta1_850-bad-isa', 'ta1_850-group-header-error', 'ta1_850-interchange-count-error', 'ta1_850-missing-group-trailer']) {
  t.test(`the TA1 of ${name} is as expected`, { skip: skipWithoutCorpus }, async t => {
    const expected = textOf(read(`mulesoft/${name}.TA1.expected.txt`)).trim().split('~').filter(line => line !== '')
    const change = differing[name]
    if (change !== undefined) expected[0] = change
    t.same(ours(read(`mulesoft/${name}.in.edi`), 'set').ta1, expected)
  })
}
