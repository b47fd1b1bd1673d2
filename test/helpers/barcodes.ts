import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BinaryBitmap, Code128Reader, DecodeHintType, GlobalHistogramBinarizer, RGBLuminanceSource } from '@zxing/library'

/** A page as a scanner sees it: one byte of grey for each dot. */
export type Picture = { readonly width: number; readonly height: number; readonly grey: Uint8ClampedArray }

/** The pages of a PDF, rendered by poppler. */
export const picturesOf = (pdf: Buffer, folder: string, dpi = 203): Picture[] => {
  const file = join(folder, 'pages.pdf')
  writeFileSync(file, pdf)
  execFileSync('pdftoppm', ['-r', String(dpi), '-gray', file, join(folder, 'page')])
  return readdirSync(folder)
    .filter(name => name.endsWith('.pgm'))
    .sort()
    .map(name => readPgm(readFileSync(join(folder, name))))
}

/** A portable graymap: "P5", width, height and 255 as text, then the dots. */
const readPgm = (bytes: Buffer): Picture => {
  const [header = '', width, height] = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.subarray(0, 40).toString('latin1')) ?? []
  return { width: Number(width), height: Number(height), grey: new Uint8ClampedArray(bytes.subarray(header.length)) }
}

/** A symbol that was read: what it carries, with FNC1 as GS, and over which rows it stands. */
export type Scanned = { readonly data: string; readonly from: number; readonly to: number; readonly left: number; readonly right: number }

/** All Code 128 symbols that start with FNC1 on a picture, from top to bottom, each row of dots read by itself. */
export const scanGs1 = ({ width, height, grey }: Picture): Scanned[] => {
  const bitmap = new BinaryBitmap(new GlobalHistogramBinarizer(new RGBLuminanceSource(grey, width, height)))
  const reader = new Code128Reader()
  const hints = new Map<DecodeHintType, unknown>([[DecodeHintType.ASSUME_GS1, true]])
  const found: { data: string; from: number; to: number; left: number; right: number }[] = []
  for (let y = 0; y < height; y += 1) {
    let data: string
    let points: { getX(): number }[]
    try {
      const result = reader.decodeRow(y, bitmap.getBlackRow(y, undefined as never), hints as never)
      data = result.getText()
      points = result.getResultPoints()
    } catch {
      continue // no symbol in this row
    }
    if (!data.startsWith(']C1')) continue
    const last = found.at(-1)
    if (last?.data === data.slice(3)) last.to = y
    else found.push({ data: data.slice(3), from: y, to: y, left: points[0]!.getX(), right: points[1]!.getX() })
  }
  return found
}
