import type { LabelSize } from '../schema.ts'
import { type ElementString, barWidths, inSymbolOrder, readableText } from './gs1-128.ts'
import type { LogisticLabel, PrintedAddress } from './label.ts'

/**
 * Where everything stands on a logistic label, in millimetres from its upper left corner; what PDF and ZPL draw is the same.
 * Free text above, data with titles below it, then the symbols with the SSCC as the last (GS1 Logistic Label Guideline, 4).
 */
export type Mark =
  | {
      readonly kind: 'text'
      readonly x: number
      readonly y: number
      readonly width: number
      /** Height of a line. */
      readonly size: number
      readonly text: string
      readonly bold: boolean
      readonly align: 'left' | 'center'
    }
  | { readonly kind: 'rule'; readonly x: number; readonly y: number; readonly width: number; readonly height: number }
  | {
      readonly kind: 'bars'
      readonly x: number
      readonly y: number
      readonly width: number
      readonly height: number
      readonly elements: readonly ElementString[]
    }

export const labelSizes = {
  '4x6': { width: 101.6, height: 152.4 },
  a6: { width: 105, height: 148 },
  a5: { width: 148, height: 210 },
} as const satisfies Record<LabelSize, { width: number; height: number }>

/** X-dimension: logistic units are scanned from afar, at 0.495 to 0.940 mm; half a millimetre is 4 dots of a 203 dpi printer. */
export const moduleWidth = 0.5
/** Modules of white on each side of a symbol. */
const quietZone = 10
/** The least height of bars on a logistic unit is 31.75 mm. */
const barHeight = 32
const edge = 4
const readable = { gap: 0.9, size: 3.8 }
const betweenSymbols = 2.4

export const layoutLabel = (label: LogisticLabel, size: LabelSize): Mark[] => {
  const sheet = labelSizes[size]
  const symbols = [...symbolsThatFit(label.elements, sheet.width), [label.sscc]]
  const eachSymbol = barHeight + readable.gap + readable.size
  const below = symbols.length * eachSymbol + (symbols.length - 1) * betweenSymbols
  const top = sheet.height - edge - below
  return [
    ...textBlocks(label, sheet.width - 2 * edge, top - edge - 2),
    { kind: 'rule', x: edge, y: top - 1.6, width: sheet.width - 2 * edge, height: 0.4 },
    ...symbols.flatMap((elements, index) => symbol(elements, sheet.width, top + index * (eachSymbol + betweenSymbols))),
  ]
}

const modulesOf = (elements: readonly ElementString[]): number => barWidths(elements).reduce((sum, width) => sum + width, 0)

/**
 * All elements in one symbol when it is no wider than the label, otherwise goods and batch apart. What does not fit even so (a
 * long batch or a count of millions on a small label) is printed as text only.
 */
const symbolsThatFit = (elements: readonly ElementString[], width: number): ElementString[][] => {
  const most = Math.floor((width - 2) / moduleWidth) - 2 * quietZone
  const fits = (some: readonly ElementString[]) => modulesOf(inSymbolOrder(some)) <= most
  if (elements.length === 0) return []
  if (fits(elements)) return [inSymbolOrder(elements)]
  const isBatch = ({ ai }: ElementString) => ai === '10' || ai === '17'
  const goods = elements.filter(each => !isBatch(each))
  const batch = elements.filter(isBatch)
  const parts = [goods, ...(fits(batch) ? [batch] : batch.map(each => [each]).filter(fits).slice(0, 1))]
  return parts.filter(part => part.length > 0 && fits(part)).map(inSymbolOrder)
}

const symbol = (elements: readonly ElementString[], sheetWidth: number, y: number): Mark[] => {
  const width = modulesOf(elements) * moduleWidth
  return [
    { kind: 'bars', x: (sheetWidth - width) / 2, y, width, height: barHeight, elements },
    {
      kind: 'text',
      x: 0,
      y: y + barHeight + readable.gap,
      width: sheetWidth,
      size: readable.size,
      text: readableText(elements),
      bold: false,
      align: 'center',
    },
  ]
}

/** A block of text drawn at a scale; gives the marks and how high they are at scale 1. */
type Block = (y: number, scale: number) => { marks: Mark[]; height: number }

/** Addresses, facts and data, scaled to the height there is. Where that is little, the data is left to what stands under the bars. */
const textBlocks = (label: LogisticLabel, width: number, height: number): Mark[] => {
  const facts = [{ title: label.type.toUpperCase(), value: `${label.ordinal} of ${label.of}` }, ...label.facts]
  const data = [label.sscc, ...label.elements].map(({ title, value }) => ({ title, value }))
  const whole = [addresses(label, width, 5), grid(facts.slice(0, 9), width, 3), line(label.contents, width), grid(data, width, 2)]
  const short = [addresses(label, width, 3), grid(facts.slice(0, 6), width, 3), line(label.contents, width)]
  const naturalHeight = (blocks: readonly Block[]) => blocks.reduce((sum, block) => sum + block(0, 1).height, 0)
  const blocks = naturalHeight(whole) * 0.75 <= height ? whole : short
  const scale = Math.min(1.35, height / naturalHeight(blocks))
  const marks: Mark[] = []
  let y = edge
  for (const block of blocks) {
    const drawn = block(y, scale)
    marks.push(...drawn.marks)
    y += drawn.height
  }
  return marks
}

const addresses = ({ from, to }: LogisticLabel, width: number, mostLines: number): Block => (y, scale) => {
  const left = width * 0.42
  const column = (title: string, address: PrintedAddress, x: number, columnWidth: number, size: number): Mark[] => {
    const lines = address.lines.slice(0, mostLines)
    const lineSize = Math.min(...lines.map(each => fittingSize(each, columnWidth, size * scale, false)))
    return [
      text(title, x, y, columnWidth, 2.1 * scale, false),
      text(address.name, x, y + 2.6 * scale, columnWidth, size * 1.15 * scale, true),
      ...lines.map((each, index) => text(each, x, y + (2.8 + size * (1.35 + index * 1.2)) * scale, columnWidth, lineSize, false)),
    ]
  }
  const rows = Math.min(mostLines, Math.max(from.lines.length * 0.82, to.lines.length))
  const height = (2.8 + 3.4 * (1.35 + rows * 1.2) + 1.2) * scale
  return {
    height: height + 1.4 * scale,
    marks: [
      ...column('FROM', from, edge, left - 2, 2.8),
      ...column('TO', to, edge + left + 1.5, width - left - 1.5, 3.4),
      { kind: 'rule', x: edge + left, y, width: 0.3, height: height - 0.6 * scale },
      { kind: 'rule', x: edge, y: y + height, width, height: 0.3 },
    ],
  }
}

const grid = (cells: readonly { title: string; value: string }[], width: number, columns: number): Block => (y, scale) => {
  const cellWidth = width / columns
  const row = 6.9 * scale
  const marks = cells.flatMap(({ title, value }, index) => {
    const x = edge + (index % columns) * cellWidth
    const top = y + Math.floor(index / columns) * row
    return [
      text(title, x, top, cellWidth - 1.5, 2.1 * scale, false),
      text(value, x, top + 2.4 * scale, cellWidth - 1.5, 3.6 * scale, true),
    ]
  })
  return { marks, height: Math.ceil(cells.length / columns) * row + 0.6 * scale }
}

const line = (value: string, width: number): Block => (y, scale) => ({
  marks: [
    { kind: 'rule', x: edge, y, width, height: 0.3 },
    text(value, edge, y + 1.2 * scale, width, 3.6 * scale, false),
  ],
  height: 6.6 * scale,
})

/** A text that is made smaller, and at last cut, so that it stays within its width. */
const text = (value: string, x: number, y: number, width: number, size: number, bold: boolean): Mark => {
  const fitting = fittingSize(value, width, size, bold)
  let shown = value
  while (shown.length > 1 && emsIn(shown, bold) * fitting > width + 1e-9) shown = `${shown.replace(/…$/, '').slice(0, -1).trimEnd()}…`
  return { kind: 'text', x, y, width, size: fitting, bold, align: 'left', text: shown }
}

const emsIn = (value: string, bold: boolean): number =>
  [...value].reduce((sum, character) => sum + emsOf(character), 0) * (bold ? 1.1 : 1)

const fittingSize = (value: string, width: number, size: number, bold: boolean): number =>
  Math.min(size, Math.max(size * 0.65, width / emsIn(value, bold)))

/** About how wide a character is, for the height of a line, in the condensed faces that are used. */
const emsOf = (character: string): number => {
  if (/[iljftIr.,:;'|!() -]/.test(character)) return 0.36
  if (/[mwMW%@]/.test(character)) return 0.82
  if (/[A-Z&0-9_]/.test(character)) return 0.58
  return /[\u2e80-\uffff]/.test(character) ? 1 : 0.54
}
