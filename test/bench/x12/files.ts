/**
 * Files to measure with: purchase orders, ship notices and invoices in turn, as retailers send them. Everything in them is invented, and
 * the same seed gives the same bytes.
 */

/** `segments` counts those of the sets, ST and SE included. */
export type GeneratedFile = { readonly bytes: Buffer; readonly groups: number; readonly sets: number; readonly segments: number }

/** A file of at least this many bytes: one interchange, a group of each kind in turn with some forty sets. */
export const mixedFile = (size: number): GeneratedFile => {
  const random = randomNumbers(1)
  const parts = [Buffer.from(header(1), 'latin1')]
  let length = 0
  let [groups, sets, segments] = [0, 0, 0]
  while (length < size) {
    const { id, set, body } = kinds[groups % kinds.length]!
    groups += 1
    const inGroup = 20 + random(40)
    const group = [`GS*${id}*006927180*SELLERCO*20240613*1015*${groups}*X*004010`]
    for (let n = 1; n <= inGroup; n++) {
      const control = String(n).padStart(4, '0')
      const lines = body(random, groups * 100 + n)
      group.push(`ST*${set}*${control}`, ...lines, `SE*${lines.length + 2}*${control}`)
      segments += lines.length + 2
    }
    sets += inGroup
    const text = [...group, `GE*${inGroup}*${groups}`, ''].join('~')
    parts.push(Buffer.from(text, 'latin1'))
    length += text.length
  }
  parts.push(Buffer.from(`IEA*${groups}*000000001~`, 'latin1'))
  return { bytes: Buffer.concat(parts), groups, sets, segments }
}

/** Interchanges of one purchase order each, every one about a kilobyte. */
export const smallOrders = (count: number): Buffer[] => {
  const random = randomNumbers(2)
  return Array.from({ length: count }, (_, index) => {
    const lines = [...orderHeader(random, index), ...orderLines(random, 5, false), 'CTT*5']
    const text = [`GS*PO*006927180*SELLERCO*20240613*1015*${index + 1}*X*004010`, 'ST*850*0001', ...lines, `SE*${lines.length + 2}*0001`, `GE*1*${index + 1}`]
    return Buffer.from(`${header(index + 1)}${text.join('~')}~IEA*1*${String(index + 1).padStart(9, '0')}~`, 'latin1')
  })
}

type Random = (below: number) => number

const header = (control: number): string =>
  `ISA*00*          *00*          *01*006927180      *ZZ*SELLERCO       *240613*1015*U*00401*${String(control).padStart(9, '0')}*0*P*>~`

const cities = ['SEATTLE*WA*98104', 'PORTLAND*OR*97209', 'BOISE*ID*83702', 'SAN JOSE*CA*95112', 'SALT LAKE CITY*UT*84101'] as const
const items = ['HAMMER, CLAW, 16 OZ', 'MASKING TAPE 24 MM', 'WOOD SCREWS, BOX OF 100', 'PAINT BRUSH, FLAT, 2 INCH', 'EXTENSION CORD 25 FT, GREEN'] as const
const units = ['EA', 'CA', 'BX', 'DZ'] as const

const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)]!
const date = (random: Random): string => `2024${String(1 + random(12)).padStart(2, '0')}${String(1 + random(28)).padStart(2, '0')}`
const price = (random: Random): string => `${random(90)}.${String(random(100)).padStart(2, '0')}`.replace(/\.?0+$/, '') || '1'
const gtin = (random: Random): string => `04755${String(random(10_000_000)).padStart(7, '0')}`
const place = (random: Random, code: string, name: string): string[] => [
  `N1*${code}*${name} ${1 + random(99)}*92*${String(random(10_000)).padStart(4, '0')}`, `N3*${100 + random(900)} FIFTH AVENUE SOUTH`, `N4*${pick(random, cities)}*US`,
]

const orderHeader = (random: Random, number: number): string[] => [
  `BEG*00*SA*PO${100_000 + number}**${date(random)}`, `REF*DP*${String(random(1000)).padStart(4, '0')}`, `REF*IA*${random(100_000) + 10_000}`,
  'PER*BD*PAT MORGAN*TE*2065550100', 'FOB*PP*OR', 'ITD*01*3*2**30**31', `DTM*010*${date(random)}`, `DTM*001*${date(random)}`, 'TD5****M*COMMON CARRIER',
  'N1*BY*RIVERSIDE STORES*9*0069271800042', ...place(random, 'ST', 'RIVERSIDE DC'),
]

const orderLines = (random: Random, lines: number, stores: boolean): string[] => {
  const segments: string[] = []
  for (let n = 1; n <= lines; n++) {
    segments.push(
      `PO1*${n}*${12 * (1 + random(40))}*${pick(random, units)}*${price(random)}**UP*${gtin(random)}*VN*SKU-${1000 + random(9000)}*IN*0217-${10_000 + random(9999)}`,
      `PID*F****${pick(random, items)}`,
    )
    if (!stores) continue
    segments.push(`PO4*${12 + random(12)}*1*EA`)
    if (random(4) === 0) segments.push(`SAC*A*C310***${100 + random(900)}**********TRADE DISCOUNT`)
    if (random(3) === 0) segments.push(`SDQ*EA*92${Array.from({ length: 2 + random(8) }, () => `*${String(random(10_000)).padStart(4, '0')}*${1 + random(48)}`).join('')}`)
  }
  return segments
}

const purchaseOrder = (random: Random, number: number): string[] => {
  const lines = 1 + random(20)
  return [...orderHeader(random, number), ...orderLines(random, lines, true), `CTT*${lines}`]
}

/** Shipment, order, packs with their SSCC, and the items in each. */
const shipNotice = (random: Random, number: number): string[] => {
  const packs = 1 + random(8)
  const segments = [
    `BSN*00*SH${number}*${date(random)}*1015*0001`, `DTM*011*${date(random)}`, 'HL*1**S', `TD1*CTN25*${packs}****G*${10 + random(900)}*LB`, 'TD5**2*RDWY*M*COMMON CARRIER',
    `REF*BM*${random(1_000_000) + 1_000_000}`, `REF*CN*${random(1_000_000) + 1_000_000}`, `DTM*017*${date(random)}`, ...place(random, 'SF', 'SELLERCO WAREHOUSE'),
    ...place(random, 'ST', 'RIVERSIDE DC'), 'HL*2*1*O', `PRF*PO${100_000 + number}***${date(random)}`, `REF*IA*${random(100_000) + 10_000}`,
  ]
  let id = 2
  for (let pack = 0; pack < packs; pack++) {
    const packId = ++id
    segments.push(`HL*${packId}*2*P`, `PO4*${1 + random(9)}*1*EA`, `MAN*GM*000047555${String(random(1_000_000_000)).padStart(9, '0')}0${random(10)}`)
    for (let item = 1 + random(4); item > 0; item--) {
      segments.push(
        `HL*${++id}*${packId}*I`, `LIN*${item}*UP*${gtin(random)}*VN*SKU-${1000 + random(9000)}`, `SN1**${1 + random(96)}*${pick(random, units)}`, `PID*F****${pick(random, items)}`,
      )
    }
  }
  segments.push(`CTT*${id}`)
  return segments
}

const invoice = (random: Random, number: number): string[] => {
  const lines = 1 + random(15)
  const segments = [
    `BIG*${date(random)}*INV${number}*${date(random)}*PO${100_000 + number}***DI`, `REF*IA*${random(100_000) + 10_000}`, `REF*BM*${random(1_000_000) + 1_000_000}`,
    ...place(random, 'RE', 'SELLERCO RECEIVABLES'), ...place(random, 'ST', 'RIVERSIDE DC'), 'ITD*01*3*2**30**31', `DTM*011*${date(random)}`,
  ]
  for (let n = 1; n <= lines; n++) {
    segments.push(
      `IT1*${n}*${12 * (1 + random(40))}*${pick(random, units)}*${price(random)}**UP*${gtin(random)}*VN*SKU-${1000 + random(9000)}`, `PID*F****${pick(random, items)}`,
    )
    if (random(4) === 0) segments.push(`SAC*C*D240***${100 + random(9000)}`)
  }
  segments.push(`TDS*${1000 + random(9_000_000)}`, `SAC*A*C310***${100 + random(900)}`, `ISS*${1 + random(90)}*CT*${1 + random(900)}*LB`, `CTT*${lines}`)
  return segments
}

const kinds = [
  { id: 'PO', set: '850', body: purchaseOrder },
  { id: 'SH', set: '856', body: shipNotice },
  { id: 'IN', set: '810', body: invoice },
] as const

/** Whole numbers from 0 to below the one given, the same for the same seed (xorshift). */
const randomNumbers = (seed: number): Random => {
  let state = seed * 0x9e3779b1 | 1
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
