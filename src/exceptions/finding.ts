import { createHash } from 'node:crypto'
import type { Compared, Evidence, Severity, SubjectKind } from './schema.ts'

/** What a rule has found: everything an exception shows, before it is one. */
export type Finding = {
  readonly rule: string
  readonly code: string
  /** Of `findingKey`: a rerun finds the same exception by it. */
  readonly key: string
  readonly severity: Severity
  /** The buyer, or the organisation that the finding concerns alone. */
  readonly organisationId: string
  /** The seller, who sees it too. */
  readonly counterpartId?: string
  readonly partnershipId?: string
  readonly subjectKind: SubjectKind
  readonly subjectId: string
  /** One sentence for a clerk, with the numbers. */
  readonly summary: string
  readonly compared: Compared
  readonly evidence: readonly Evidence[]
  readonly moneyAtRisk?: string
  readonly currency?: string
}

/**
 * The key of a finding: SHA-256 in hex over what makes it this one and no other (rule, code, partnership, document line,
 * period). Values and tolerances stay out, so that it stays the same finding while they change.
 */
export const findingKey = (...parts: readonly (string | number)[]): string =>
  createHash('sha256')
    .update(JSON.stringify(parts.map(String)))
    .digest('hex')

/**
 * What a run has looked at, so that what it did not find again can be closed: the rules, and either the subjects (all they
 * have, or what came from these sets), or the whole partnership, or the whole organisation.
 */
export type Scope = { readonly rules: readonly string[]; /** When the run was made. */ readonly at: Date } & (
  | {
      readonly subjectIds: readonly string[]
      /** `<message id>/<set ordinal>`; '' is what did not come in a message. */ readonly sets?: readonly string[]
      /** Only findings of these codes were looked for. */ readonly codes?: readonly string[]
    }
  | { readonly partnershipId: string }
  | { readonly organisationId: string }
)
