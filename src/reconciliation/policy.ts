import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'

const Decimal = Type.String({ pattern: '^\\d{1,15}(\\.\\d{1,9})?$' })

/**
 * How far two values may be apart. With `both`, a difference counts when it is over the percentage and over the absolute
 * floor; with `either`, when it is over one of them.
 */
export const Tolerance = Type.Object({
  percent: Decimal,
  absolute: Decimal,
  match: Type.Union([Type.Literal('both'), Type.Literal('either')]),
})
export type Tolerance = Static<typeof Tolerance>

const Hours = Type.Number({ minimum: 0 })
const Days = Type.Integer({ minimum: 0, maximum: 3650 })

/** What can be set for each rule. */
export const Settings = {
  /** Acknowledgement overdue. */
  R1: Type.Object({ warnAfterHours: Hours, openAfterHours: Hours }),
  /** Control numbers. A number is used again in good faith when the one before is older than `conflictWithinDays`. */
  R2: Type.Object({
    conflictWithinDays: Days,
    gapWatch: Type.Boolean(),
    gapAfterHours: Hours,
    gapWithinDays: Days,
    largestGap: Type.Integer({ minimum: 1 }),
  }),
  /** Documents that are missing: the answer to a change of an order. */
  R3: Type.Object({ changeAnswerHours: Hours }),
  /** Order and its answer. `early` and `late` in days. */
  R4: Type.Object({ quantity: Tolerance, price: Tolerance, earlyDays: Days, lateDays: Days }),
  /** Change of an order and what was said to it. */
  R5: Type.Object({ quantity: Tolerance, price: Tolerance }),
  /** Order (net) and ship notice. */
  R6: Type.Object({ short: Tolerance, over: Tolerance, earlyDays: Days, lateDays: Days }),
  /**
   * Ship notice and receipt. A shipment that is not received is noticed so many days after its ETA: where the buyer gives receipts
   * in this partnership (`when_used`), always or never.
   */
  R8: Type.Object({
    short: Tolerance,
    over: Tolerance,
    damaged: Tolerance,
    notReceivedAfterDays: Days,
    expect: Type.Union([Type.Literal('when_used'), Type.Literal('always'), Type.Literal('never')]),
  }),
  /** Buyer's and seller's forecast. `cases` is the absolute floor. */
  R14: Type.Object({ percent: Decimal, cases: Decimal, match: Tolerance.properties.match }),
} as const
export type Settings = { [R in keyof typeof Settings]: Static<(typeof Settings)[R]> }
export type RuleName = keyof Settings

const exact: Tolerance = { percent: '0', absolute: '0', match: 'both' }

/** What holds where nobody has set anything. */
export const defaultSettings: Settings = {
  R1: { warnAfterHours: 4, openAfterHours: 24 },
  R2: { conflictWithinDays: 180, gapWatch: false, gapAfterHours: 2, gapWithinDays: 30, largestGap: 1000 },
  R3: { changeAnswerHours: 24 },
  R4: { quantity: exact, price: { percent: '0.5', absolute: '0', match: 'both' }, earlyDays: 0, lateDays: 0 },
  R5: { quantity: exact, price: { percent: '0.5', absolute: '0', match: 'both' } },
  R6: { short: exact, over: { percent: '2', absolute: '0', match: 'both' }, earlyDays: 0, lateDays: 0 },
  R8: { short: exact, over: exact, damaged: exact, notReceivedAfterDays: 3, expect: 'when_used' },
  R14: { percent: '20', cases: '1', match: 'both' },
}

/** A row of reconciliation_policy. It sets some of a rule's settings, for a partnership or one of its items, from a day on. */
export type PolicyRow = {
  readonly id: string
  readonly rule: string
  readonly partnershipId: string | null
  readonly partnershipItemId: string | null
  readonly settings: Readonly<Record<string, unknown>>
  readonly validFrom: string
  readonly validTo: string | null
}

/** What holds for a rule: the settings, and which policies set them ('default' when none). */
export type Held<R extends RuleName> = Settings[R] & { readonly policy: string }

/** The policies of a run, asked for by rule, item and date. */
export type PolicyBook = {
  settingsFor<R extends RuleName>(
    rule: R,
    about: { partnershipId?: string; partnershipItemId?: string | null; date: string },
  ): Held<R>
}

/**
 * Lays the rows over the defaults, least specific first: organisation, partnership, item; among equals the one in force since
 * the later day. A row that does not fit its rule is passed over, so that a wrong tolerance never hides a disagreement.
 */
export const policyBook = (rows: readonly PolicyRow[], defaults: Settings = defaultSettings): PolicyBook => {
  const ordered = rows
    .filter(row => row.rule in validators)
    .toSorted((a, b) => specificity(a) - specificity(b) || compare(a.validFrom, b.validFrom) || compare(a.id, b.id))
  const known = new Map<string, Held<RuleName>>()
  const settingsFor = <R extends RuleName>(
    rule: R,
    about: { partnershipId?: string; partnershipItemId?: string | null; date: string },
  ): Held<R> => {
    const inForce = ordered.filter(
      row =>
        row.rule === rule &&
        row.validFrom <= about.date &&
        (row.validTo === null || row.validTo >= about.date) &&
        (row.partnershipId === null || row.partnershipId === about.partnershipId) &&
        (row.partnershipItemId === null || row.partnershipItemId === about.partnershipItemId),
    )
    const name = `${rule} ${inForce.map(row => row.id).join(' ')}`
    const made = known.get(name) ?? lay(rule, inForce, defaults)
    known.set(name, made)
    return made as Held<R>
  }
  return { settingsFor }
}

const specificity = (row: PolicyRow): number => (row.partnershipItemId !== null ? 2 : row.partnershipId !== null ? 1 : 0)
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const lay = <R extends RuleName>(rule: R, rows: readonly PolicyRow[], defaults: Settings): Held<R> => {
  let settings: Record<string, unknown> = { ...defaults[rule] }
  const used: string[] = []
  for (const row of rows) {
    const over = merge(settings, row.settings)
    if (!validators[rule].Check(over)) continue
    settings = over
    used.push(row.id)
  }
  return { ...(settings as Settings[R]), policy: used.join(' ') || 'default' }
}

type Validator = { Check(value: unknown): boolean }
const validators: Readonly<Record<RuleName, Validator>> = {
  R1: Compile(Settings.R1),
  R2: Compile(Settings.R2),
  R3: Compile(Settings.R3),
  R4: Compile(Settings.R4),
  R5: Compile(Settings.R5),
  R6: Compile(Settings.R6),
  R8: Compile(Settings.R8),
  R14: Compile(Settings.R14),
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const merge = (under: Record<string, unknown>, over: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const merged = { ...under }
  for (const [name, value] of Object.entries(over)) {
    const present = merged[name]
    merged[name] = isRecord(present) && isRecord(value) ? { ...present, ...value } : value
  }
  return merged
}
