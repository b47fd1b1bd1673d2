import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LabelSize } from '../schema.ts'
import { fnc1, symbolData } from './gs1-128.ts'
import { labelSizes, layoutLabel, moduleWidth, type Mark } from './label-layout.ts'
import type { LogisticLabel } from './label.ts'

/** Resolutions of label printers, in dots per millimetre. */
export const dotsPerMillimetre = { 203: 8, 300: 300 / 25.4 } as const
export type Dpi = keyof typeof dotsPerMillimetre

/** Labels as ZPL II, one format (^XA … ^XZ) each, in UTF-8 (^CI28). */
export const labelsAsZpl = (labels: Iterable<LogisticLabel>, size: LabelSize, dpi: Dpi): Readable =>
  Readable.from(
    (async function* () {
      for (const label of labels) {
        yield zplLabel(label, size, dpi)
        await nextTurn() // others have their turn between two labels
      }
    })(),
    { objectMode: false },
  )

const zplLabel = (label: LogisticLabel, size: LabelSize, dpi: Dpi): string => {
  const { width, height } = labelSizes[size]
  const dots = (millimetres: number) => Math.round(millimetres * dotsPerMillimetre[dpi])
  return [
    '^XA',
    '^CI28',
    `^PW${dots(width)}`,
    `^LL${dots(height)}`,
    '^LH0,0',
    ...layoutLabel(label, size).map(mark => zplMark(mark, dots)),
    '^PQ1',
    '^XZ',
    '',
  ].join('\n')
}

const zplMark = (mark: Mark, dots: (millimetres: number) => number): string => {
  const at = `^FO${dots(mark.x)},${dots(mark.y)}`
  switch (mark.kind) {
    case 'rule': {
      const [width, height] = [Math.max(1, dots(mark.width)), Math.max(1, dots(mark.height))]
      return `${at}^GB${width},${height},${Math.min(width, height)}^FS`
    }
    case 'bars': {
      const module = dots(moduleWidth)
      // Whole dots make the symbol a little wider or narrower than in millimetres; its middle stays.
      const width = (mark.width / moduleWidth) * module
      const x = Math.round(dots(mark.x + mark.width / 2) - width / 2)
      return `^FO${x},${dots(mark.y)}^BY${module},3,${dots(mark.height)}^BCN,${dots(mark.height)},N,N,N,N^FD${zplCode128(symbolData(mark.elements))}^FS`
    }
    case 'text': {
      const block = mark.align === 'center' ? `^FB${dots(mark.width)},1,0,C,0` : ''
      return `${at}^A0N,${dots(mark.size)},${dots(mark.size * (mark.bold ? 0.95 : 0.85))}${block}^FH_^FD${escaped(mark.text)}^FS`
    }
    default:
      return mark satisfies never
  }
}

/** The caret and tilde begin commands, and the underscore a character by its number (^FH_). */
const escaped = (text: string): string =>
  text.replace(/[_^~\\]/g, character => `_${character.charCodeAt(0).toString(16).toUpperCase()}`)

/**
 * GS1 data for ^BC with the code sets chosen here, so that every printer makes the same bars: `>;` starts set C, `>8` is FNC1,
 * `>6` and `>5` go to set B and C. A `>` itself is `>0` in set B.
 */
const zplCode128 = (data: string): string => {
  let code = '>;>8'
  let set: 'B' | 'C' = 'C'
  for (let at = 0; at < data.length;) {
    const character = data[at] ?? ''
    const digits = /^\d*/.exec(data.slice(at))?.[0].length ?? 0
    if (character === fnc1) {
      code += '>8'
      at += 1
    } else if (set === 'C' && digits < 2) {
      code += '>6'
      set = 'B'
    } else if (set === 'B' && digits >= 4 && digits % 2 === 0) {
      code += '>5'
      set = 'C'
    } else if (set === 'C') {
      code += data.slice(at, at + 2)
      at += 2
    } else {
      code += character === '>' ? '>0' : character
      at += 1
    }
  }
  return code
}
