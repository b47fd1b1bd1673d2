/** What is to be answered to an input: a TA1 where one is called for, and the 997 or 999 of each interchange. */
import { AcknowledgementBuilder, buildTa1, wantsTa1, type AcknowledgementOptions } from './acknowledge.ts'
import { chunksOf, createReader, type ByteStream } from './read.ts'
import type { ReadOptions } from './session.ts'
import type { InterchangeHeader, InterchangeResult, ReadEvent } from './types.ts'

export interface AnswerOptions extends AcknowledgementOptions {
  /** ISA13 and GS06 of the first interchange that is written; they count up. */
  readonly controlNumber: number
  /** Date and time of what is written; UTC. */
  readonly at: Date
}

/** How what comes is judged, and how it is answered. */
export interface AcknowledgeOptions extends AnswerOptions, Omit<ReadOptions, 'tree' | 'offset'> {}

/** One interchange that answers another. */
export interface Answer {
  readonly kind: 'TA1' | '997' | '999'
  /** The interchange that is answered. */
  readonly interchange: InterchangeHeader
  /** ISA13 of the answer. */
  readonly controlNumber: number
  readonly bytes: Uint8Array
}

/**
 * Acknowledge: judge, and write what the sender gets back, sender and receiver exchanged. Bytes that are all there are answered at once; a stream yields
 * each answer when its interchange ends, keeping the text of the answer only. Acknowledgements are not acknowledged, and an interchange that is
 * rejected whole gets a TA1 only. Nothing is thrown on content.
 */
export function acknowledge(bytes: Uint8Array, options: AcknowledgeOptions): Answer[]
export function acknowledge(source: ByteStream, options: AcknowledgeOptions): AsyncGenerator<Answer>
export function acknowledge(source: Uint8Array | ByteStream, options: AcknowledgeOptions): Answer[] | AsyncGenerator<Answer> {
  return source instanceof Uint8Array ? acknowledgeBytes(source, options) : acknowledgeStream(source, options)
}

function acknowledgeBytes(bytes: Uint8Array, options: AcknowledgeOptions): Answer[] {
  const reader = createReader(options)
  const acknowledger = new Acknowledger(options)
  return [...reader.push(bytes), ...reader.end()].flatMap(event => acknowledger.take(event))
}

async function* acknowledgeStream(source: ByteStream, options: AcknowledgeOptions): AsyncGenerator<Answer> {
  const reader = createReader(options)
  const acknowledger = new Acknowledger(options)
  for await (const chunk of chunksOf(source)) {
    for (const event of reader.push(chunk)) yield* acknowledger.take(event)
  }
  for (const event of reader.end()) yield* acknowledger.take(event)
}

/** Answers what is read by somebody else: give it every event. `acknowledge` is built on it. */
export class Acknowledger {
  private readonly options: AnswerOptions
  private next: number
  private builder: AcknowledgementBuilder | undefined

  constructor(options: AnswerOptions) {
    this.options = options
    this.next = options.controlNumber
  }

  /** What is to be answered now: something only when an interchange ends. */
  take(event: ReadEvent): Answer[] {
    switch (event.type) {
      case 'interchange':
        this.builder = new AcknowledgementBuilder(event.header, this.options)
        return []
      case 'group':
        this.builder?.beginGroup(event.header)
        return []
      case 'set':
        this.builder?.addSet(event.result)
        return []
      case 'group-end':
        this.builder?.endGroup(event.result)
        return []
      case 'interchange-end':
        return this.answer(event.result)
      case 'ta1':
      case 'junk':
        return []
      default:
        return event satisfies never
    }
  }

  private answer(result: InterchangeResult): Answer[] {
    const { builder } = this
    const { at, delimiters, newline } = this.options
    const written = { at, ...(delimiters === undefined ? {} : { delimiters }), ...(newline === undefined ? {} : { newline }) }
    const answers: Answer[] = []
    const put = (kind: Answer['kind'], write: (controlNumber: number) => Uint8Array): void => {
      const controlNumber = this.next++
      answers.push({ kind, interchange: result.header, controlNumber, bytes: write(controlNumber) })
    }
    if (wantsTa1(result)) put('TA1', controlNumber => buildTa1(result, { ...written, interchangeControlNumber: controlNumber }))
    if (result.outcome !== 'R' && builder !== undefined && builder.count > 0) {
      put(builder.kind, controlNumber => builder.finish({ interchangeControlNumber: controlNumber, groupControlNumber: controlNumber, at }))
    }
    return answers
  }
}
