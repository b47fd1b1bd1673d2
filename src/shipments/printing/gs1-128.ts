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

/**
 * Widths of bars and spaces in turn, in modules, without the quiet zones of ten modules that belong on each side.
 * Throws when a value does not have the form of its AI.
 */
export const barWidths = (elements: readonly ElementString[]): number[] => {
  const [symbol] = bwipjs.raw('gs1-128', readableText(elements))
  if (!symbol || !('sbs' in symbol)) throw new Error('no bars')
  return symbol.sbs
}

/** FNC1 as it stands in the parts of `dataParts`. */
export const fnc1 = '\u001D'

/** What the symbol carries after the FNC1 that makes it GS1-128: AIs and values, FNC1 after those of no fixed length but the last. */
export const symbolData = (elements: readonly ElementString[]): string =>
  elements
    .map(({ ai, value }, index) => `${ai}${value}${!predetermined.has(ai) && index < elements.length - 1 ? fnc1 : ''}`)
    .join('')
