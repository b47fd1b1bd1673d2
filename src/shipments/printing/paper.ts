import { mm, type Pdf } from './pdf.ts'

/** Papers for people: sheets of a fixed size with a cursor, and tables that go on over as many as they need. Millimetres. */

export const paperSizes = { a4: { width: 210, height: 297 }, letter: { width: 215.9, height: 279.4 } } as const
export type PaperSize = keyof typeof paperSizes

export type Column = { readonly title: string; readonly width: number; readonly align?: 'left' | 'right' }
export type Row = { readonly cells: readonly string[]; readonly bold?: boolean; readonly indent?: boolean }
type TextStyle = { readonly size?: number; readonly bold?: boolean; readonly width?: number; readonly align?: 'left' | 'right' | 'center' }

const lineHeight = (size: number): number => (size * 1.3 * 25.4) / 72

export class Sheets {
  readonly pdf: Pdf
  readonly left = 14
  readonly width: number
  y = 0
  private pages = 0
  private readonly size: PaperSize
  private readonly footer: string

  /** `footer` stands on each sheet, before its number. */
  constructor(pdf: Pdf, size: PaperSize, footer: string) {
    this.pdf = pdf
    this.size = size
    this.footer = footer
    this.width = paperSizes[size].width - 28
  }

  get bottom(): number {
    return paperSizes[this.size].height - 18
  }

  begin(): void {
    const { width, height } = paperSizes[this.size]
    this.pdf.addPage({ size: [mm(width), mm(height)], margin: 0 })
    this.pages += 1
    this.text(this.footer, this.left, height - 12, { size: 7, width: this.width })
    this.text(`Page ${this.pages}`, this.left, height - 12, { size: 7, width: this.width, align: 'right' })
    this.y = 14
  }

  has(height: number): boolean {
    return this.y + height <= this.bottom
  }

  /** Draws a text within its width, as many lines as it takes; gives their height. */
  text(value: string, x: number, y: number, { size = 9, bold = false, width, align = 'left' }: TextStyle = {}): number {
    this.pdf.font(bold ? 'bold' : 'regular').fontSize(size).fillColor('black')
    const options = { align, lineGap: 0, ...(width === undefined ? { lineBreak: false } : { width: mm(width) }) }
    this.pdf.text(value, mm(x), mm(y), options)
    return width === undefined ? lineHeight(size) : this.heightOf(value, width, size, bold)
  }

  heightOf(value: string, width: number, size: number, bold = false): number {
    this.pdf.font(bold ? 'bold' : 'regular').fontSize(size)
    return (this.pdf.heightOfString(value === '' ? ' ' : value, { width: mm(width), lineGap: 0 }) * 25.4) / 72
  }

  rule(y: number, x = this.left, width = this.width): void {
    this.pdf.rect(mm(x), mm(y), mm(width), 0.6).fill('black')
  }

  box(x: number, y: number, width: number, height: number): void {
    this.pdf.lineWidth(0.7).rect(mm(x), mm(y), mm(width), mm(height)).stroke('black')
  }

  /** A title with a value below it; gives the height. */
  field(title: string, value: string, x: number, y: number, width: number, size = 10): number {
    this.text(title.toUpperCase(), x, y, { size: 6.5, width })
    return 3.2 + this.text(value, x, y + 3.2, { size, width, bold: true })
  }

  /** A table from the cursor on; each new sheet begins with `heading` and the titles again. Yields when a sheet is full. */
  *table(columns: readonly Column[], rows: Iterable<Row>, heading: () => void, size = 8): Generator<void> {
    this.titles(columns, size)
    for (const row of rows) {
      const height = this.rowHeight(columns, row, size)
      if (!this.has(height)) {
        yield
        heading()
        this.titles(columns, size)
      }
      this.row(columns, row, size)
      this.y += height
    }
  }

  private titles(columns: readonly Column[], size: number): void {
    this.row(columns, { cells: columns.map(column => column.title), bold: true }, size - 0.5)
    this.y += lineHeight(size) + 1
    this.rule(this.y - 0.4)
    this.y += 0.8
  }

  private rowHeight(columns: readonly Column[], { cells, bold }: Row, size: number): number {
    const heights = columns.map(({ width }, index) => this.heightOf(cells[index] ?? '', width - 2, size, bold ?? false))
    return Math.max(...heights) + 0.9
  }

  private row(columns: readonly Column[], { cells, bold = false, indent = false }: Row, size: number): void {
    let x = this.left
    for (const [index, { width, align = 'left' }] of columns.entries()) {
      const inset = indent && index === 0 ? 3 : 0
      this.text(cells[index] ?? '', x + inset, this.y, { size, bold, width: width - 2 - inset, align })
      x += width
    }
  }
}
