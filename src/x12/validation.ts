/** Is this X12 right, and if not, what is wrong with it? Findings as they are made, and a summary at the end. */
import { explain, type MessageLanguage } from './explain.ts'
import { chunksOf, createReader, type ByteStream } from './read.ts'
import type { ReadOptions } from './session.ts'
import type { Finding, ReadEvent } from './types.ts'

export interface ValidateOptions extends Omit<ReadOptions, 'tree'> {
  /** Of the findings' sentences. Default en. */
  readonly language?: MessageLanguage
}

/** A finding with the envelope that it is in. */
export interface PlacedFinding extends Finding {
  readonly interchangeControlNumber?: string
  readonly groupControlNumber?: string
  readonly set?: string
  readonly setControlNumber?: string
}

export interface ValidationSummary {
  /** `unreadable` when there is no interchange at all; `rejected` when anything is at fault. Warnings reject nothing. */
  readonly outcome: 'accepted' | 'rejected' | 'unreadable'
  readonly interchanges: number
  readonly groups: number
  readonly setsAccepted: number
  readonly setsRejected: number
  /** How many of each ST01. */
  readonly sets: Readonly<Record<string, number>>
  /** GS08 of the groups, each once. */
  readonly versions: readonly string[]
  readonly errors: number
  readonly warnings: number
}

/** What is thought of an input as a whole. */
export interface Validation extends ValidationSummary {
  readonly findings: readonly PlacedFinding[]
}

/** What validating a stream yields: findings in document order, and one summary, last. */
export type ValidationEvent = { readonly type: 'finding' } & PlacedFinding | { readonly type: 'summary' } & ValidationSummary

/**
 * Validate. Bytes that are all there are judged at once; a stream yields each finding when it is made, whatever the size of the input, and a summary
 * last. Nothing is thrown on content; a failing source is.
 */
export function validate(bytes: Uint8Array, options?: ValidateOptions): Validation
export function validate(source: ByteStream, options?: ValidateOptions): AsyncGenerator<ValidationEvent>
export function validate(source: Uint8Array | ByteStream, options: ValidateOptions = {}): Validation | AsyncGenerator<ValidationEvent> {
  return source instanceof Uint8Array ? validateBytes(source, options) : validateStream(source, options)
}

function validateBytes(bytes: Uint8Array, options: ValidateOptions): Validation {
  const reader = createReader(options)
  const tally = new Tally()
  const findings: PlacedFinding[] = []
  for (const event of reader.push(bytes)) tally.take(event, findings)
  for (const event of reader.end()) tally.take(event, findings)
  return { ...tally.summary(), findings: inLanguage(findings, options.language) }
}

async function* validateStream(source: ByteStream, options: ValidateOptions): AsyncGenerator<ValidationEvent> {
  const reader = createReader(options)
  const tally = new Tally()
  const told = function* (events: readonly ReadEvent[]): Generator<ValidationEvent> {
    const findings: PlacedFinding[] = []
    for (const event of events) tally.take(event, findings)
    for (const found of inLanguage(findings, options.language)) yield { type: 'finding', ...found }
  }
  for await (const chunk of chunksOf(source)) yield* told(reader.push(chunk))
  yield* told(reader.end())
  yield { type: 'summary', ...tally.summary() }
}

function inLanguage(findings: readonly PlacedFinding[], language: MessageLanguage = 'en'): readonly PlacedFinding[] {
  return language === 'en' ? findings : findings.map(found => ({ ...found, message: explain(found, language) }))
}

class Tally {
  private interchanges = 0
  private groups = 0
  private accepted = 0
  private rejected = 0
  private errors = 0
  private warnings = 0
  private readonly sets: Record<string, number> = {}
  private readonly versions: string[] = []

  /** Count an event, and add its findings, placed, to a list. */
  take(event: ReadEvent, findings: PlacedFinding[]): void {
    switch (event.type) {
      case 'interchange':
        this.interchanges++
        break
      case 'group':
        this.groups++
        if (!this.versions.includes(event.header.version)) this.versions.push(event.header.version)
        break
      case 'set': {
        const { result, group, interchange } = event
        const { set } = result
        this.sets[set] = (this.sets[set] ?? 0) + 1
        if (result.outcome === 'R') this.rejected++
        else this.accepted++
        if (result.findings.length > 0) {
          this.add(findings, result.findings, {
            interchangeControlNumber: interchange.controlNumber, groupControlNumber: group.controlNumber, set, setControlNumber: result.controlNumber,
          })
        }
        break
      }
      case 'group-end':
        if (event.result.findings.length > 0) {
          this.add(findings, event.result.findings, {
            interchangeControlNumber: event.interchange.controlNumber, groupControlNumber: event.result.header.controlNumber,
          })
        }
        break
      case 'interchange-end':
        if (event.result.findings.length > 0) this.add(findings, event.result.findings, { interchangeControlNumber: event.result.header.controlNumber })
        break
      case 'junk':
        this.add(findings, [event.finding], {})
        break
      case 'ta1':
        break
      default:
        event satisfies never
    }
  }

  summary(): ValidationSummary {
    const { interchanges, groups, accepted, rejected, sets, versions, errors, warnings } = this
    return {
      outcome: interchanges === 0 ? 'unreadable' : errors > 0 ? 'rejected' : 'accepted',
      interchanges, groups, setsAccepted: accepted, setsRejected: rejected, sets, versions, errors, warnings,
    }
  }

  private add(list: PlacedFinding[], findings: readonly Finding[], place: Omit<PlacedFinding, keyof Finding>): void {
    for (const found of findings) {
      if (found.severity === 'error') this.errors++
      else this.warnings++
      list.push({ ...found, ...place })
    }
  }
}
