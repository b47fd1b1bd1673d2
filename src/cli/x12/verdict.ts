import { validate, type PlacedFinding, type ValidateOptions, type ValidationSummary } from '../../x12/index.ts'
import { unreadable } from '../failure.ts'
import type { Input } from '../input.ts'

/** What is thought of one file. */
export type Verdict = ValidationSummary & {
  readonly file: string
  /** Why the file cannot be read. */
  readonly problem?: string
}

const nothingRead: ValidationSummary = {
  outcome: 'unreadable',
  interchanges: 0,
  groups: 0,
  setsAccepted: 0,
  setsRejected: 0,
  sets: {},
  versions: [],
  errors: 0,
  warnings: 0,
}

/** Judges a file and tells each finding as it is made. Bounded memory whatever the size. */
export const judgeFile = async (
  input: Input,
  options: ValidateOptions,
  tell: (finding: PlacedFinding) => Promise<void> | void,
): Promise<Verdict> => {
  let bytes = 0
  let summary = nothingRead
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of input.open() as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength
      yield chunk
    }
  }
  try {
    for await (const { type, ...event } of validate(source(), options)) {
      if (type === 'finding') await tell(event as PlacedFinding)
      else summary = event as ValidationSummary
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return { ...summary, file: input.name, problem: unreadable(input.name, error).message }
  }
  const verdict = { file: input.name, ...summary }
  if (summary.outcome !== 'unreadable') return verdict
  return { ...verdict, problem: bytes === 0 ? 'The file is empty.' : 'No X12 interchange is in it: there is no ISA segment that can be read.' }
}
