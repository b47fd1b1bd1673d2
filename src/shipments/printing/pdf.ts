import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import PDFDocument from 'pdfkit'

/** What all printed papers share: a font that knows more than Latin, millimetres, and pages made as they are read. */

export type Pdf = PDFKit.PDFDocument

export const mm = (millimetres: number): number => (millimetres * 72) / 25.4

const fonts = {
  regular: fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf')),
  bold: fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf')),
}

/**
 * A PDF as a stream. `pages` draws a page each time it is asked on, and it is asked on only as the stream is read: a thousand
 * pages take no more memory than ten, and other work goes on between them.
 */
export const pdfStream = (title: string, created: Date, pages: (pdf: Pdf) => Iterable<void>): Readable => {
  const pdf = new PDFDocument({ autoFirstPage: false, info: { Title: title, Producer: 'Accord', CreationDate: created } })
  for (const [name, file] of Object.entries(fonts)) pdf.registerFont(name, file)
  return Readable.from(bytesOf(pdf, pages), { objectMode: false })
}

async function* bytesOf(pdf: Pdf, pages: (pdf: Pdf) => Iterable<void>): AsyncGenerator<Buffer> {
  const source = pdf as unknown as Readable
  const drawing = pages(pdf)[Symbol.iterator]()
  while (!drawing.next().done) {
    const made = source.read() as Buffer | null
    if (made) yield made
    await nextTurn()
  }
  pdf.end()
  yield* source as AsyncIterable<Buffer>
}
