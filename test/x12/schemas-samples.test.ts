import t from 'tap'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { hasValidCheckDigit, isGln, isGtin } from '../../src/documents/gs1.ts'
import { AcknowledgementBuilder, buildTa1, readAll, wantsTa1 } from '../../src/x12/index.ts'

/** Our own samples: each is what its name says, and is answered by the acknowledgement that lies beside it. */

const folder = new URL('../../edi-samples/', import.meta.url)
const bytes = (name: string): Buffer => readFileSync(new URL(name, folder))
const json = <T>(name: string): T => JSON.parse(bytes(name).toString('utf8')) as T
const isExpectation = (name: string): boolean => /\.(997|ta1)\.edi$/.test(name)
const samples = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isDirectory())
  .flatMap(({ name }) => readdirSync(new URL(`${name}/`, folder)).map(each => `${name}/${each}`))
  .filter(name => name.endsWith('.edi') && !isExpectation(name))

const at = new Date('2026-11-21T12:00:00Z')
const numbers = { interchangeControlNumber: 900000001, groupControlNumber: 900001, at }

/** The interchange with the 997s, and the one with the TA1, that answer a sample. */
const answers = (name: string): { acknowledgement: string | undefined; ta1: string | undefined } => {
  let builder: AcknowledgementBuilder | undefined
  let acknowledgement: string | undefined
  let ta1: string | undefined
  for (const event of readAll(bytes(name))) {
    if (event.type === 'interchange') builder = new AcknowledgementBuilder(event.header)
    if (event.type === 'group') builder?.beginGroup(event.header)
    if (event.type === 'set') builder?.addSet(event.result)
    if (event.type === 'group-end') builder?.endGroup(event.result)
    if (event.type === 'interchange-end') {
      if (builder && builder.count > 0) acknowledgement = Buffer.from(builder.finish(numbers)).toString('latin1')
      if (wantsTa1(event.result)) ta1 = Buffer.from(buildTa1(event.result, numbers)).toString('latin1')
    }
  }
  return { acknowledgement, ta1 }
}

/** Segments and elements by an interchange's own delimiters; line ends between segments do not count. */
const segments = (text: string): string[][] => {
  const element = text.charAt(3)
  const terminator = text.charAt(105)
  return text.split(terminator).map(each => each.trim().split(element)).filter(([id]) => id !== '')
}

/** As README.md says: what is X only may be anything; ISA16 is each side's own. */
const comparable = (actual: string, expected: string): { found: string[][]; wanted: string[][] } => {
  const wanted = segments(expected)
  const found = segments(actual).map((each, i) => each.map((value, j) =>
    /^X+$/.test(wanted[i]?.[j] ?? '') || (each[0] === 'ISA' && j === 16) ? wanted[i]?.[j] ?? '' : value))
  return { found, wanted }
}

t.test('each sample is answered by the acknowledgement beside it', t => {
  for (const name of samples) {
    const { acknowledgement, ta1 } = answers(name)
    const beside = (kind: string): string | undefined => {
      const url = new URL(name.replace(/\.edi$/, `.${kind}.edi`), folder)
      return existsSync(url) ? readFileSync(url, 'latin1') : undefined
    }
    const expected = beside('997')
    if (expected !== undefined) {
      const { found, wanted } = comparable(acknowledgement ?? '', expected)
      t.same(found, wanted, `${name}: 997`)
    }
    const expectedTa1 = beside('ta1')
    if (expectedTa1 !== undefined || ta1 !== undefined) {
      const { found, wanted } = comparable(ta1 ?? '', expectedTa1 ?? '')
      t.same(found, wanted, `${name}: TA1`)
    }
  }
  t.end()
})

type World = {
  organisations: { key: string; gln: string; gs1Prefix: string; identifiers: { qualifier: string; value: string }[] }[]
  partnerships: { buyer: string; seller: string }[]
  locations: { organisation: string; gln: string }[]
  items: { seller: string; gtin: string; packs: { gtin: string; quantity: string }[] }[]
  crossReferences: { buyer: string; seller: string; gtin: string; buyerItem: string; sellerItem: string }[]
  prices: { buyer: string; seller: string; gtin: string; price: string }[]
}

t.test('the world of the samples holds together', t => {
  const world = json<World>('world.json')
  const keys = new Set(world.organisations.map(each => each.key))
  const pairs = new Set(world.partnerships.map(each => `${each.buyer} ${each.seller}`))
  const items = new Map(world.items.map(each => [each.gtin, each]))
  for (const { gln, gs1Prefix } of [...world.organisations, ...world.locations.map(each => ({ ...each, gs1Prefix: '' }))]) {
    t.ok(isGln(gln) && gln.startsWith(gs1Prefix), `${gln} is a GLN of its owner`)
  }
  for (const { seller, gtin, packs } of world.items) {
    t.ok(keys.has(seller) && isGtin(gtin), `${gtin} is a GTIN`)
    for (const pack of packs) t.ok(isGtin(pack.gtin) && !items.has(pack.gtin), `${pack.gtin} is a GTIN of its own`)
  }
  for (const each of [...world.crossReferences, ...world.prices]) {
    t.equal(items.get(each.gtin)?.seller, each.seller)
    t.ok(pairs.has(`${each.buyer} ${each.seller}`), `${each.buyer} buys from ${each.seller}`)
  }
  t.equal(world.prices.length, world.crossReferences.length)
  t.end()
})

t.test('the feed names samples, each under the organisation that signs it', t => {
  const { organisations } = json<World>('world.json')
  const feed = json<{ file: string; as: string; note: string }[]>('feed.json')
  for (const { file, as } of feed) {
    const owner = organisations.find(each => each.key === as)
    t.ok(samples.includes(file) && owner, `${file} as ${as}`)
    const [header] = readAll(bytes(file)).flatMap(event => (event.type === 'interchange' ? [event.header] : []))
    const own = owner?.identifiers.some(each => each.qualifier === header?.senderQualifier && each.value === header.senderId)
    t.equal(own ?? false, header !== undefined && !file.endsWith('unknown-sender.edi'), `${file} is signed by ${as}`)
  }
  t.same(samples.filter(name => !feed.some(({ file }) => file === name)), ['850/try-me.edi'], 'every sample is in the feed but the one to send by hand')
  t.end()
})

t.test('SSCCs of the ship notices', t => {
  for (const name of samples.filter(each => each.startsWith('856/'))) {
    const codes = segments(bytes(name).toString('latin1'))
      .flatMap(([id, kind, code = '']) => (id === 'MAN' && kind === 'GM' ? [code] : []))
    t.ok(codes.length > 0 && codes.every(code => /^00\d{18}$/.test(code)), `${name} has them with application identifier 00`)
    t.equal(new Set(codes).size, codes.length, `${name} uses each once`)
    t.equal(codes.every(code => hasValidCheckDigit(code.slice(2))), name !== '856/bad-sscc.edi', `${name}: check digits`)
  }
  t.end()
})
