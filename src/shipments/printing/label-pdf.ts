import type { Readable } from 'node:stream'
import type { LabelSize } from '../schema.ts'
import { barWidths } from './gs1-128.ts'
import { labelSizes, layoutLabel, moduleWidth, type Mark } from './label-layout.ts'
import type { LogisticLabel } from './label.ts'
import { mm, pdfStream, type Pdf } from './pdf.ts'

/** Labels as PDF, one a page, the bars as vectors: sharp on any printer. */
export const labelsAsPdf = (labels: Iterable<LogisticLabel>, size: LabelSize, title: string, created: Date): Readable =>
  pdfStream(title, created, function* (pdf) {
    const { width, height } = labelSizes[size]
    for (const label of labels) {
      pdf.addPage({ size: [mm(width), mm(height)], margin: 0 })
      for (const mark of layoutLabel(label, size)) drawMark(pdf, mark)
      yield
    }
  })

const drawMark = (pdf: Pdf, mark: Mark): void => {
  if (mark.kind === 'rule') pdf.rect(mm(mark.x), mm(mark.y), mm(mark.width), mm(mark.height)).fill('black')
  else if (mark.kind === 'bars') drawBars(pdf, mark)
  else {
    // The size is that of a line, of which the em of the font is a part.
    pdf.font(mark.bold ? 'bold' : 'regular').fontSize(mm(mark.size) / 1.05)
    const indent = mark.align === 'center' ? (mm(mark.width) - pdf.widthOfString(mark.text)) / 2 : 0
    pdf.fillColor('black').text(mark.text, mm(mark.x) + indent, mm(mark.y), { lineBreak: false })
  }
}

const drawBars = (pdf: Pdf, { x, y, height, elements }: Extract<Mark, { kind: 'bars' }>): void => {
  let at = x
  for (const [index, modules] of barWidths(elements).entries()) {
    const width = modules * moduleWidth
    if (index % 2 === 0) pdf.rect(mm(at), mm(y), mm(width), mm(height))
    at += width
  }
  pdf.fill('black')
}
