import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { explain, messageLanguages } from '../../src/x12/explain.ts'
import { faults, finding, type FaultKind } from '../../src/x12/finding.ts'
import { readAll, type Finding, type ReadEvent } from '../../src/x12/index.ts'
import { envelopeNames } from '../../src/x12/envelope-names.ts'
import { en } from '../../src/x12/messages/en.ts'
import { ru } from '../../src/x12/messages/ru.ts'
import { th } from '../../src/x12/messages/th.ts'
import { zh } from '../../src/x12/messages/zh.ts'
import { schemaFiles, standardSet, standardVersions } from '../../src/x12/standard.ts'

const kinds = Object.keys(faults) as FaultKind[]
type Told = keyof typeof params
const languages = { en, th, zh, ru }
const place = {
  offset: 100, segmentPosition: 12, segmentId: 'PO1', loopPath: ['PO1', 'N1'], element: 3, component: 2, repetition: 4, elementReference: '355', value: 'VALUE',
}
const params = {
  name: 'Unit of measure', segmentName: 'Order line', set: '850', found: 5, maximum: 21, minimum: 2, expected: 33, form: 'decimal', rule: 'P0304',
  allowed: 'EA, CA', parent: 'PARENT', level: 'LEVEL', number: '7', column: 80, sum: 'PO1/PO102',
} as const

/** Placeholders that are made of several fields. */
const derived = ['where', 'segment', 'label', 'position', 'element', 'inLoop', 'allowed', 'rule', 'total', 'form']

/** Placeholders of a template that a field or param of the finding fills as it is. */
const plain = (template: string): string[] => [...template.matchAll(/\{([^{}|]+)[^{}]*\}/g)].map(([, name = '']) => name)

t.test('every kind has a sentence in every language, and nothing is left open', async t => {
  for (const language of messageLanguages) {
    const { sentences } = languages[language]
    t.same(Object.keys(sentences).sort(), kinds.toSorted(), language)
    for (const kind of kinds) {
      // A kind may bring params of its own.
      const own = Object.fromEntries(plain(en.sentences[kind]).filter(name => !derived.includes(name) && !(name in place)).map(name => [name, 77]))
      const text = explain(finding(kind, place, { ...own, ...params }), language)
      if (/[{}|]|undefined|NaN| {2}|^\s|\s$/.test(text)) t.fail(`${language} ${kind}: ${text}`)
      if (text.length < 10) t.fail(`${language} ${kind}: too short`)
      if (!/[.\p{Script=Thai}\dA-Z"。]$/u.test(text)) t.fail(`${language} ${kind}: ends oddly: ${text}`)
      for (const name of plain(sentences[kind])) {
        const value = name === 'value' ? place.value : name in params && name !== 'rule' && name !== 'form' ? String(params[name as Told]) : ''
        if (!text.includes(value)) t.fail(`${language} ${kind}: ${name} is not told: ${text}`)
      }
    }
  }
})

t.test('all languages tell the same facts', async t => {
  const facts = (template: string) => new Set(plain(template).map(name => ['segment', 'label', 'where'].includes(name) ? 'subject' : name))
  for (const kind of kinds) {
    const expected = facts(en.sentences[kind])
    for (const language of messageLanguages) {
      const told = facts(languages[language].sentences[kind])
      t.same([...told].sort(), [...expected].sort(), `${kind} in ${language}`)
    }
  }
})

t.test('each language in its own script, and its own', async t => {
  const scripts = { th: /\p{Script=Thai}/u, zh: /\p{Script=Han}/u, ru: /\p{Script=Cyrillic}/u }
  for (const [language, script] of Object.entries(scripts)) {
    for (const kind of kinds) t.match(languages[language as 'th'].sentences[kind], script, `${kind} in ${language}`)
  }
  t.notMatch(Object.values(en.sentences).join(''), /[^ -~]/)
})

t.test('numbers agree with their nouns', async t => {
  const over = (maximum: number) => explain(finding('segment-over-max', place, { maximum }), 'ru').match(/не более (\d+ \S+)\./)?.[1]
  t.same([1, 2, 5, 11, 21, 22].map(over), ['1 раза', '2 раз', '5 раз', '11 раз', '21 раза', '22 раз'], 'genitive after "не более"')
  const counted = (expected: number) => explain(finding('set-count-wrong', { ...place, value: '9' }, { expected }), 'ru').match(/в документе (\d+ \S+),/)?.[1]
  t.same([1, 2, 5, 11, 21, 34, 112].map(counted), ['1 сегмент', '2 сегмента', '5 сегментов', '11 сегментов', '21 сегмент', '34 сегмента', '112 сегментов'])
  const english = (maximum: number) => explain(finding('segment-over-max', place, { maximum }), 'en').match(/only (\d+ \w+)/)?.[1]
  t.same([1, 2, 11].map(english), ['1 time', '2 times', '11 times'])
  t.match(explain(finding('segment-over-max', place, { maximum: 3 }), 'zh'), /最多只能出现 3 次/)
  t.match(explain(finding('segment-over-max', place, { maximum: 3 }), 'th'), /ไม่เกิน 3 ครั้ง/)
})

t.test('a rule of syntax in words', async t => {
  const at = { ...place, component: 0, repetition: 0 }
  const rule = (note: string, language: (typeof messageLanguages)[number] = 'en') =>
    explain(finding('element-condition-missing', at, { name: 'Unit', rule: note }), language)
  t.equal(rule('P0304'), 'PO103 Unit (segment 12) is required because of what else was sent: PO103 and PO104 must be sent together or not at all. '
    + 'Fill it in, or leave the others out.')
  t.match(rule('R020304'), /: at least one of PO102, PO103 or PO104 must be sent\./)
  t.match(rule('C0302'), /: with PO103, PO102 must be sent too\./)
  t.match(rule('L030405'), /: with PO103, at least one of PO104 or PO105 must be sent too\./)
  t.match(rule('C0302', 'ru'), /: если передан PO103, нужно передать и PO102\./)
  t.match(rule('P0304', 'zh'), /：PO103 和 PO104 必须同时填写/)
  t.match(rule('P0304', 'th'), /ต้องส่ง PO103 และ PO104 พร้อมกัน/)
  const component = explain(finding('element-exclusion', { ...place, repetition: 0 }, { rule: 'E0203' }), 'en')
  t.match(component, /^PO103-2 \(segment 12\) .*: only one of PO103-2 or PO103-3 may be sent/, 'of components, named as such')
})

t.test('elements and segments are named in the language', async t => {
  const missing = finding('element-missing', { ...place, component: 0, repetition: 0 }, { name: 'Unit of measure' })
  t.match(messageLanguages.map(language => explain(missing, language).replace(/ \(.*/, '')), ['PO103 Unit of measure', 'PO103 หน่วยนับ', 'PO103 计量单位', 'PO103 Единица измерения'])
  t.match(explain({ ...missing, elementReference: '9999' }, 'ru'), /^PO103 Unit of measure \(/, 'in English when it has no other name')
  const kind = finding('segment-missing', { offset: 0, segmentPosition: 5, segmentId: 'REF', loopPath: [] }, { segmentName: 'Reference', codes: 'DP' })
  t.match(messageLanguages.map(language => explain(kind, language)), [/^REF Reference DP is missing/, /ไม่มี REF เลขอ้างอิง DP/, /缺少 REF 参考号 DP/, /сегмента REF Ссылка DP\./])
  const scripts = { th: /\p{Script=Thai}|SCAC/u, zh: /\p{Script=Han}/u, ru: /\p{Script=Cyrillic}/u }
  const { segments, elements, composites } = schemaFiles('005010')
  for (const [language, script] of Object.entries(scripts)) {
    const { names } = languages[language as 'th']
    for (const name of [...Object.values(names?.sets ?? {}), ...Object.values(names?.segments ?? {}), ...Object.values(names?.elements ?? {})]) {
      if (!script.test(name) || name !== name.trim() || name.length > 48) t.fail(`${language}: ${name}`)
    }
    const unknown = [
      ...Object.keys(names?.elements ?? {}).filter(id => !(id in elements || id in composites || /^(I\d\d|ISA\d\d|142|124|455)$/.test(id))),
      ...Object.keys(names?.segments ?? {}).filter(id => !(id in segments || id in envelopeNames)),
      ...Object.keys(names?.sets ?? {}).filter(set => standardVersions.every(version => standardSet(version, set) === undefined)),
    ]
    t.same(unknown, [], `${language} names nothing that is not there`)
    t.same(Object.keys(names?.elements ?? {}).sort(), Object.keys(languages.zh.names?.elements ?? {}).sort(), `${language} names as much as the others`)
    t.same(Object.keys(names?.segments ?? {}).sort(), Object.keys(languages.zh.names?.segments ?? {}).sort())
    t.same(Object.keys(names?.sets ?? {}).sort(), Object.keys(languages.zh.names?.sets ?? {}).sort())
  }
})

t.test('findings that were stored are explained, those of a kind nobody knows keep their sentence', async t => {
  const found = JSON.parse(JSON.stringify(finding('code-unknown', place, { name: 'Unit', allowed: 'EA, CA' }))) as Finding
  t.equal(explain(found, 'en'), found.message)
  t.match(explain(found, 'ru'), /Допустимые коды: EA, CA\./)
  t.equal(explain({ ...found, kind: 'of-old' }, 'ru'), found.message)
  t.match(explain(finding('code-unknown', place, { name: 'Unit' }), 'en'), /codes allowed there\. Look up the right code/, 'a list that is too long to tell')
})

const findingsOf = (event: ReadEvent): readonly Finding[] => 'finding' in event ? [event.finding] : 'result' in event ? event.result.findings : []

t.test('what reading reports fills every sentence', async t => {
  const folder = new URL('../../edi-samples/', import.meta.url)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.edi'))
    .map(name => readFileSync(new URL(name, folder)))
  const seen = new Set<string>()
  const check = (bytes: Uint8Array) => {
    for (const found of readAll(bytes, { level: 'partner' }).flatMap(findingsOf)) {
      seen.add(found.kind)
      for (const name of plain(en.sentences[found.kind as FaultKind])) {
        const there = (derived.includes(name) && name !== 'form') || (name === 'value' ? found.value !== undefined : found.params?.[name] !== undefined)
        if (!there) throw new Error(`${found.kind}: no ${name} in ${JSON.stringify(found)}`)
      }
      for (const language of messageLanguages) {
        const text = explain(found, language)
        if (/undefined|\{(where|segment|label)\}/.test(text)) throw new Error(`${language}: ${text}`)
      }
    }
  }
  for (const file of files) check(file)
  const pieces = ['*', '~', '~~', '>', ' ', 'X', '-', '9', 'ST*850*0001~', 'PO1~', 'SE*1*0001~', 'GE*1*1~', '\u0001', 'DTM*002*20269999~']
  fc.assert(fc.property(fc.constantFrom(...files), fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...pieces)), { maxLength: 6 }), (file, changes) => {
    let text = file.toString('latin1')
    for (const [at, length, piece] of changes) {
      const index = at % text.length
      text = text.slice(0, index) + piece + text.slice(index + length)
    }
    check(Buffer.from(text, 'latin1'))
  }), { numRuns: 400 })
  t.ok(seen.size > 25, `${seen.size} of ${kinds.length} kinds came up`)
})
