import t from 'tap'
import { readAll, writeInterchange, type GroupHeader, type InterchangeHeader, type TransactionToWrite } from '../../src/x12/index.ts'
import { corpusFiles, findingsOf, setsOf, skipWithoutCorpus, textOf } from './helper.ts'

const inScope = /^(850|855|856|810|830|997)$/

/** Tier A files of our sets at 004010 that are rejected, and why that is the file's own fault. */
const faulty: Readonly<Record<string, string>> = {
  '830/bots-edi__bots-plugins__830-004010UCS-01.edi': 'BFR02 and BFR03 are both empty; lines are broken inside segments',
  '850/EdiFabric__X12.NET__CorruptSt.edi': 'GS01 is IN for purchase orders',
  '850/EdiFabric__X12.NET__DuplicateMessage.edi': 'GS01 is IN for purchase orders; ST02 used twice',
  '850/EdiFabric__X12.NET__PurchaseOrderCSV.edi': 'GS01 is IN for purchase orders',
  '850/EdiFabric__X12.NET__PurchaseOrderCustom2.edi': 'GS01 is IN for purchase orders; BEG13 does not exist',
  '850/EdiFabric__X12.NET__PurchaseOrderModified.edi': 'GS01 is IN for purchase orders; BEG13 does not exist',
  '850/EdiFabric__X12.NET__PurchaseOrderMultiLine.edi': 'GS01 is IN for purchase orders; SE01 is wrong',
  '850/ballerina-platform__module-ballerina-edi__envelope_tests-5.edi': 'sets without their mandatory segments, SE missing',
  '850/ballerina-platform__module-ballerina-edi__envelope_tests-6.edi': 'a set without its mandatory segments, SE01 is wrong',
  '850/bots-edi__bots-plugins__850-004010-02.edi': 'ST02 used twice in the group',
  '850/bots-edi__bots-plugins__850-004010-03.edi': 'DTM05 without DTM06',
  '850/bots-edi__bots-plugins__850-004010-05-2.edi': 'DTM05 without DTM06',
  '850/bots-edi__bots-plugins__850-004010-05.edi': 'DTM05 without DTM06',
  '850/bots-edi__bots-plugins__mailbag01.edi': 'ST02 used twice in a group; DTM05 without DTM06',
  '850/indice-co__EDI.Net__x12.810.mandatory-conditions.edi': 'BAL segments in an 850, BEG missing',
  '850/indice-co__EDI.Net__x12.850.issue135.edi': 'a terminator is missing after DTM; ST02 used twice',
  '850/indice-co__EDI.Net__x12.Issue172.edi': 'invented segments, BEG missing',
  '850/indice-co__EDI.Net__x12.Issue91.edi': 'invented segments, BEG missing',
  '850/walmartlabs__gozer__po850.edi': 'SE01 is wrong',
  '855/EdiFabric__X12.NET__PurchaseOrdersAcknowledgement.edi': 'GS01 is IN for an 855',
  '855/kputnam__stupidedi__po-ack-minor-changes.edi': 'GS01 is SC for an 855',
  '855/kputnam__stupidedi__po-ack-ship-details.edi': 'GS01 is SC for an 855',
  '856/kputnam__stupidedi__2.edi': 'terminators are mixed, SE01 is wrong',
  '856/walmartlabs__gozer__GenericParserTest.edi': 'GS01 is PO for an 856',
}

t.test('tier A files of our sets are accepted, or the fault is theirs', { skip: skipWithoutCorpus }, async t => {
  const rejected: string[] = []
  let accepted = 0
  for (const { file, tier, bytes } of corpusFiles()) {
    if (tier !== 'A') continue
    let fileRejected = false
    for (const event of readAll(bytes)) {
      if (event.type !== 'set' || !inScope.test(event.result.set) || !event.group.version.startsWith('004010')) continue
      if (event.result.outcome === 'R') {
        const first = event.result.findings.find(f => f.severity === 'error')
        fileRejected = true
        if (!(file in faulty)) rejected.push(`${file} ${event.result.set}: ${first?.message}`)
      } else {
        accepted++
      }
    }
    if (file in faulty && !fileRejected) t.fail(`${file} is accepted although ${faulty[file]}`)
  }
  t.same(rejected, [])
  t.comment(`${accepted} sets accepted, ${Object.keys(faulty).length} files at fault themselves`)
})

t.test('no file of the corpus is thrown at', { skip: skipWithoutCorpus }, async t => {
  let sets = 0
  for (const { bytes } of corpusFiles()) {
    for (const level of ['envelope', 'syntax', 'full', 'partner'] as const) sets += setsOf(readAll(bytes, { level, tree: true })).length
  }
  t.ok(sets > 1000, `${sets} sets read`)
})

/** What a writer may change without changing the meaning: empty ends of segments, leading zeros of counts, blanks after GS elements, line ends between segments. */
function canonical(text: string, element: string, terminator: string): string {
  return text.replace(/^\u00ef\u00bb\u00bf/, '').split(terminator).map(part => part.replace(/^[^!-~\u0080-\u00ff]+/, '')).filter(part => part !== '').map(part => {
    const elements = part.split(element)
    if (elements[0] === 'GS') elements.forEach((value, i) => { elements[i] = value.trimEnd() })
    if (/^(SE|GE|IEA)$/.test(elements[0] ?? '')) elements[1] = String(Number(elements[1]))
    while (elements[0] !== 'ISA' && elements.at(-1) === '') elements.pop()
    return elements.join(element)
  }).join(terminator)
}

t.test('what was read is written again, byte for byte', { skip: skipWithoutCorpus }, async t => {
  let identical = 0
  let equivalent = 0
  for (const { file, bytes } of corpusFiles()) {
    const events = readAll(bytes, { tree: true, level: 'envelope' })
    const ends = events.filter(event => event.type === 'interchange-end' || event.type === 'group-end')
    const trouble = findingsOf(events).length > 0 || ends.length === 0 || events.some(event => event.type === 'ta1')
    if (trouble || ends.some(event => event.result.outcome !== 'A')) continue
    const source = textOf(bytes)
    let written = ''
    let header: InterchangeHeader | undefined
    let groups: { header: GroupHeader; transactions: TransactionToWrite[] }[] = []
    for (const event of events) {
      switch (event.type) {
        case 'interchange': header = event.header; groups = []; break
        case 'group': groups.push({ header: event.header, transactions: [] }); break
        case 'set': if (event.result.transaction) groups.at(-1)?.transactions.push(event.result.transaction); break
        case 'interchange-end': {
          if (!header) break
          const newline = /^[\r\n]*/.exec(source.slice(header.offset + 106))?.[0] ?? ''
          written += textOf(writeInterchange({ header, groups, newline }))
        }
      }
    }
    if (written === source || written === source.trimEnd() || written.trimEnd() === source.trimEnd()) {
      identical++
    } else {
      const element = String.fromCharCode(header?.delimiters.element ?? 0)
      const terminator = String.fromCharCode(header?.delimiters.segment ?? 0)
      const [a, b] = [canonical(written, element, terminator), canonical(source, element, terminator)]
      if (a === b) equivalent++
      else t.fail(`${file}: ${a.slice(differs(a, b) - 20, differs(a, b) + 30)} | ${b.slice(differs(a, b) - 20, differs(a, b) + 30)}`)
    }
  }
  t.ok(identical > 100, `${identical} files byte for byte; ${equivalent} up to empty ends, leading zeros and line ends that vary within the file`)
})

function differs(a: string, b: string): number {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return i
}
