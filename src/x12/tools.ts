/** What one reading works with: lexer, strings, tree, validator. Their tables are reused from one reading to the next. */
import { ElementText, TreeBuilder } from './build.ts'
import { SegmentLexer } from './lex.ts'
import { SetValidator } from './validate.ts'

export class Tools {
  readonly encoding: 'latin1' | 'utf8'
  readonly lexer = new SegmentLexer()
  readonly text: ElementText
  readonly builder: TreeBuilder
  readonly validator: SetValidator

  constructor(encoding: 'latin1' | 'utf8') {
    this.encoding = encoding
    this.text = new ElementText(this.lexer, encoding)
    this.builder = new TreeBuilder(this.text)
    this.validator = new SetValidator(this.lexer, this.text, encoding)
  }
}

const idle: Record<'latin1' | 'utf8', Tools[]> = { latin1: [], utf8: [] }
const keptIdle = 8

export function takeTools(encoding: 'latin1' | 'utf8'): Tools {
  return idle[encoding].pop() ?? new Tools(encoding)
}

/** Give tools back for the next reading. They keep nothing of what was read. */
export function returnTools(tools: Tools): void {
  tools.lexer.forget()
  tools.text.forget()
  tools.builder.finish()
  tools.validator.findings.clear()
  if (idle[tools.encoding].length < keptIdle) idle[tools.encoding].push(tools)
}
