import { read, type Finding, type ReadEvent, type ReadOptions } from '../../x12/index.ts'
import { unreadable } from '../failure.ts'
import type { Input } from '../input.ts'

/** A finding with the envelope that it is in. */
export type PlacedFinding = Finding & {
  readonly interchangeControlNumber?: string
  readonly groupControlNumber?: string
  readonly set?: string
  readonly setControlNumber?: string
}

/** What is thought of one file. */
export type Verdict = {
  readonly file: string
  /** Unreadable when it holds no interchange at all; rejected when anything in it is at fault. */
  outcome: 'accepted' | 'rejected' | 'unreadable'
  interchanges: number
  groups: number
  setsAccepted: number
  setsRejected: number
  /** How many of each ST01. */
  readonly sets: Record<string, number>
  /** GS08 of the groups. */
  readonly versions: string[]
  errors: number
  warnings: number
  /** Why the file cannot be read. */
  problem?: string
}

/** Reads a file and tells each finding as it is made. Bounded memory whatever the size. */
export const inspect = async (
  input: Input,
  level: ReadOptions['level'],
  tell: (finding: PlacedFinding) => Promise<void> | void,
): Promise<Verdict> => {
  const verdict: Verdict = {
    file: input.name,
    outcome: 'accepted',
    interchanges: 0,
    groups: 0,
    setsAccepted: 0,
    setsRejected: 0,
    sets: {},
    versions: [],
    errors: 0,
    warnings: 0,
  }
  let bytes = 0
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of input.open() as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength
      yield chunk
    }
  }
  try {
    for await (const event of read(source(), level === undefined ? {} : { level })) {
      take(verdict, event)
      for (const finding of findingsOf(event)) {
        verdict[finding.severity === 'error' ? 'errors' : 'warnings']++
        await tell(finding)
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return { ...verdict, outcome: 'unreadable', problem: unreadable(input.name, error).message }
  }
  if (verdict.interchanges === 0)
    return {
      ...verdict,
      outcome: 'unreadable',
      problem: bytes === 0 ? 'The file is empty.' : 'No X12 interchange is in it: there is no ISA segment that can be read.',
    }
  if (verdict.errors > 0) verdict.outcome = 'rejected'
  return verdict
}

const take = (verdict: Verdict, event: ReadEvent): void => {
  switch (event.type) {
    case 'interchange':
      verdict.interchanges++
      break
    case 'group':
      verdict.groups++
      if (!verdict.versions.includes(event.header.version)) verdict.versions.push(event.header.version)
      break
    case 'set':
      verdict.sets[event.result.set] = (verdict.sets[event.result.set] ?? 0) + 1
      verdict[event.result.outcome === 'R' ? 'setsRejected' : 'setsAccepted']++
      break
    case 'group-end':
    case 'interchange-end':
    case 'ta1':
    case 'junk':
      break
    default:
      event satisfies never
  }
}

const findingsOf = (event: ReadEvent): PlacedFinding[] => {
  switch (event.type) {
    case 'set': {
      const { interchange, group, result } = event
      const place = {
        interchangeControlNumber: interchange.controlNumber,
        groupControlNumber: group.controlNumber,
        set: result.set,
        setControlNumber: result.controlNumber,
      }
      return result.findings.map(finding => ({ ...finding, ...place }))
    }
    case 'group-end': {
      const { interchange, result } = event
      const place = { interchangeControlNumber: interchange.controlNumber, groupControlNumber: result.header.controlNumber }
      return result.findings.map(finding => ({ ...finding, ...place }))
    }
    case 'interchange-end':
      return event.result.findings.map(finding => ({ ...finding, interchangeControlNumber: event.result.header.controlNumber }))
    case 'junk':
      return [event.finding]
    case 'interchange':
    case 'group':
    case 'ta1':
      return []
    default:
      return event satisfies never
  }
}
