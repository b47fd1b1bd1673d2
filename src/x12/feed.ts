/**
 * From chunks to segments: finds the interchanges in the input and hands each complete segment to a sink. Whatever the chunks are, the
 * sink sees the same. What is kept between two chunks is one unfinished segment.
 */
import type { ElementText } from './build.ts'
import { beginsInterchange, readInterchangeHeader } from './envelope.ts'
import { finding } from './finding.ts'
import { InputWindow } from './input.ts'
import { binaryLimit, segmentLimit, type SegmentLexer } from './lex.ts'
import type { Finding, InterchangeHeader } from './types.ts'

export interface SegmentSink {
  /** No interchange is open: the next ISA is looked for. */
  readonly outside: boolean
  /** The segments of the current set are only counted. */
  readonly plain: boolean
  openInterchange(header: InterchangeHeader): void
  /** The lexer's current segment, which begins at index `at` of the buffer. */
  segment(at: number): void
  /** There was an empty segment at `offset`, before the lexer's current one. */
  emptySegment(offset: number): void
  /** A segment outgrew the limit and was skipped. */
  oversizedSegment(offset: number, id: string): void
  /** The last segment of the input, at `offset`, has no terminator; it is handed on as if it had one. */
  unterminated(offset: number): void
  /** The interchange ends at `offset` without an IEA. */
  cutOff(offset: number): void
  /** Text outside any interchange. */
  junk(finding: Finding): void
}

const sampleLength = 99

/** NUL, tab, LF, CR, Ctrl-Z, blank: may stand between segments and around interchanges. */
export const whiteSpace = Uint8Array.from({ length: 256 }, (_, b) => [0, 9, 10, 13, 26, 32].includes(b) ? 1 : 0)

export class SegmentFeed {
  /** Offset where the input ends, once that is known. */
  inputEnd = Infinity
  private readonly window: InputWindow
  private readonly lexer: SegmentLexer
  private readonly text: ElementText
  private readonly sink: SegmentSink
  private readonly between = new Uint8Array(256)
  /** Offset of the last segment terminator in the window, −1 when there is none. */
  private lastTerminator = -1
  private junkStart = -1
  private junkKind: 'not-x12' | 'header-unreadable' = 'not-x12'
  private junkSample: number[] = []
  private skipStart = -1
  private skipId = ''
  private emptyAt = -1

  constructor(lexer: SegmentLexer, text: ElementText, offset: number, sink: SegmentSink) {
    this.window = new InputWindow(offset)
    this.lexer = lexer
    this.text = text
    this.sink = sink
  }

  push(chunk: Uint8Array): void {
    const { window } = this
    const known = window.base + window.available
    window.append(chunk)
    this.bufferChanged()
    if (!this.sink.outside) this.findLastTerminator(known - window.base)
    this.run(false)
    window.settle()
    this.bufferChanged()
  }

  end(): void {
    const { window, sink } = this
    this.run(true)
    while (!sink.outside && window.at < window.available) {
      this.inputEnd = window.base + window.available
      sink.unterminated(window.base + window.at)
      window.append(Uint8Array.of(this.lexer.delimiters.segment))
      this.lastTerminator = this.inputEnd
      this.bufferChanged()
      this.run(true)
    }
    this.endJunk()
    if (this.skipStart >= 0) sink.oversizedSegment(this.skipStart, this.skipId)
    if (!sink.outside) sink.cutOff(Math.min(window.base + window.at, this.inputEnd))
  }

  private bufferChanged(): void {
    this.lexer.buffer = this.window.bytes
    this.lexer.base = this.window.base
    this.text.forget()
  }

  /** Look for the last terminator from the end of the window back to index `from`; earlier ones are known. */
  private findLastTerminator(from: number): void {
    const { bytes, available, base } = this.window
    const { segment } = this.lexer.delimiters
    for (let i = available - 1; i >= from; i--) {
      if (bytes[i] === segment) {
        this.lastTerminator = base + i
        return
      }
    }
  }

  private run(final: boolean): void {
    while (this.sink.outside ? this.findInterchange(final) : this.segments(final));
  }

  // ---- Between interchanges ------------------------------------------------------------------------------------

  /** Find the next ISA and enter its interchange. Returns false when the input does not go that far. */
  private findInterchange(final: boolean): boolean {
    const { window } = this
    const { bytes, available } = window
    let at = window.at
    while (at < available) {
      const b = bytes[at] as number
      if (this.junkStart < 0) {
        if (whiteSpace[b] === 1) {
          at++
          continue
        }
        if (b === 0xef) {
          if (at + 2 >= available && !final) break
          if (bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) {
            at += 3
            continue
          }
        }
      }
      const begins = b === 0x49 && beginsInterchange(bytes, at, available)
      if (begins === undefined && !final) break
      if (begins === true) {
        const reading = readInterchangeHeader(bytes, at, available, final, window.base)
        if (reading.kind === 'more') break
        if (reading.kind === 'header') {
          window.at = at
          this.endJunk()
          this.enter(reading.header)
          window.at = reading.next
          this.findLastTerminator(reading.next)
          return true
        }
        this.endJunk()
        this.junkKind = 'header-unreadable'
      }
      if (this.junkStart < 0) this.junkStart = window.base + at
      if (this.junkSample.length < sampleLength) this.junkSample.push(b)
      at++
    }
    window.at = at
    return false
  }

  private enter(header: InterchangeHeader): void {
    this.lexer.use(header.delimiters)
    this.between.set(whiteSpace)
    this.between[header.delimiters.element] = 0
    this.lastTerminator = -1
    this.emptyAt = -1
    this.skipStart = -1
    this.sink.openInterchange(header)
  }

  private endJunk(): void {
    if (this.junkStart >= 0) {
      const value = String.fromCharCode(...this.junkSample).trim()
      const column = this.junkKind === 'header-unreadable' ? this.junkSample.findIndex(b => b === 0x0a || b === 0x0d) : -1
      if (column < 0) this.sink.junk(finding(this.junkKind, { offset: this.junkStart, value }))
      else this.sink.junk(finding('header-wrapped', { offset: this.junkStart, value: value.slice(0, column) }, { column }))
    }
    this.junkStart = -1
    this.junkSample = []
    this.junkKind = 'not-x12'
  }

  // ---- Segments ------------------------------------------------------------------------------------------------

  /** Read the segments that are complete. Returns false when the rest of the window must wait, true when the interchange has ended. */
  private segments(final: boolean): boolean {
    const { window, lexer, sink, between } = this
    const { bytes, available, base } = window
    let at = window.at
    if (this.skipStart >= 0 && (at = this.skipOversized(at)) < 0) return false
    const last = this.lastTerminator - base
    const terminator = lexer.delimiters.segment
    for (;;) {
      while (at < available && between[bytes[at] as number] === 1) at++
      if (at > last) {
        window.at = at
        if (at < available && beginsInterchange(bytes, at, available) === true) return this.breakInterchange(base + at)
        this.noteOversized(at)
        return false
      }
      const b = bytes[at] as number
      if (b === 0x49 && beginsInterchange(bytes, at, available) === true) {
        window.at = at
        return this.breakInterchange(base + at)
      }
      if (b === terminator) {
        if (this.emptyAt < 0) this.emptyAt = base + at
        at++
        continue
      }
      const next = sink.plain ? lexer.scanPlain(at, available, final) : lexer.scan(at, available, final)
      if (next < 0) {
        window.at = at
        return false
      }
      if (this.emptyAt >= 0) {
        sink.emptySegment(this.emptyAt)
        this.emptyAt = -1
      }
      if (next - at > segmentLimit && !lexer.binary) {
        sink.oversizedSegment(base + at, this.text.slice(at, Math.min(at + 3, lexer.ends[0] as number)))
      } else {
        sink.segment(at)
      }
      at = next
      if (sink.outside) {
        window.at = at
        return true
      }
    }
  }

  /** A new ISA where a segment should begin: the interchange before it was cut off. */
  private breakInterchange(offset: number): boolean {
    this.sink.cutOff(offset)
    return true
  }

  /** The unfinished segment at the end of the window has outgrown the limit: keep nothing of it but its place and name. */
  private noteOversized(at: number): void {
    const { window } = this
    const { bytes, available, base } = window
    if (available - at <= segmentLimit) return
    const id = String.fromCharCode(...bytes.subarray(at, at + 3))
    if ((id === 'BIN' || id === 'BDS') && available - at <= binaryLimit + segmentLimit) return
    const end = [...id].findIndex(c => c.charCodeAt(0) === this.lexer.delimiters.element)
    this.skipStart = base + at
    this.skipId = end < 0 ? id : id.slice(0, end)
    window.at = available
  }

  /** Go on after the terminator of the segment that is being skipped; −1 when it has not come yet. */
  private skipOversized(at: number): number {
    const { window } = this
    const terminator = window.bytes.subarray(0, window.available).indexOf(this.lexer.delimiters.segment, at)
    if (terminator < 0) {
      window.at = window.available
      return -1
    }
    this.sink.oversizedSegment(this.skipStart, this.skipId)
    this.skipStart = -1
    return terminator + 1
  }
}
