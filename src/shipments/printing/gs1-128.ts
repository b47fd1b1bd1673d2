import bwipjs from 'bwip-js/node'

/**
 * GS1-128: element strings (application identifier and value) as one Code 128 symbol (GS1 General Specifications 5.4).
 */

/** An application identifier with its value and the data title that people read. */
export type ElementString = { readonly ai: string; readonly title: string; readonly value: string }

/** AIs of predetermined length need no separator behind them (GS1 General Specifications, figure 7.8.5-2). */
const predetermined: ReadonlySet<string> = new Set(['00', '01', '02', '11', '13', '15', '17'])

/** Those of predetermined length first, so that as few separators as possible are needed. */
export const inSymbolOrder = (elements: readonly ElementString[]): ElementString[] => [
  ...elements.filter(({ ai }) => predetermined.has(ai)),
  ...elements.filter(({ ai }) => !predetermined.has(ai)),
]

/** The human-readable interpretation that stands under the bars. */
export const readableText = (elements: readonly ElementString[]): string =>
  elements.map(({ ai, value }) => `(${ai})${value}`).join('')

/** FNC1 as it stands in `symbolData`. */
export const fnc1 = '\u001D'

/** What the symbol carries after the FNC1 that makes it GS1-128: AIs and values, FNC1 after those of no fixed length but the last. */
export const symbolData = (elements: readonly ElementString[]): string =>
  elements
    .map(({ ai, value }, index) => `${ai}${value}${!predetermined.has(ai) && index < elements.length - 1 ? fnc1 : ''}`)
    .join('')

/** Widths of bars and spaces in turn, in modules, without the quiet zones of ten modules that belong on each side. */
export const barWidths = (elements: readonly ElementString[]): number[] => {
  // As Code 128 and not by its parentheses, which a batch may have in it.
  const data = `^FNC1${symbolData(elements).replaceAll(fnc1, '^FNC1')}`
  const [symbol] = bwipjs.raw('code128', data, { parsefnc: true })
  if (!symbol || !('sbs' in symbol)) throw new Error('no bars')
  return symbol.sbs
}
