import { withOrganisation, type Tx } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { isSscc, makeSscc } from '../documents/gs1.ts'
import { authorise } from '../identity/rules.ts'
import { DomainError } from '../shared/errors.ts'
import { lockSsccs, selectGs1Prefix, selectUsedSsccs, takeSerials } from './queries.ts'
import type { PackageInput, SsccReservation, SsccsReserved } from './schema.ts'

/**
 * Serial shipping container codes. The hub makes them of the seller's company prefix and a serial that is given out once; those
 * that a seller brings (printed before, or made by its own system) are checked and never made again.
 */

const extensionDigits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const

/** The SSCC of each package, in their order: its own where it brings one, otherwise the next of the seller's series. */
export const assignSsccs = async (
  ctx: Context,
  tx: Tx,
  packages: readonly PackageInput[],
  extensionDigit?: number,
): Promise<string[]> => {
  if (packages.length === 0) return []
  // Codes that are brought and codes that are made are compared with those in use, so one after the other.
  await lockSsccs(tx.sql, ctx.actor.organisationId)
  await checkGiven(ctx, tx, packages)
  const given = new Set(packages.flatMap(one => one.sscc ?? []))
  const made = await takeSsccs(ctx, tx, packages.length - given.size, extensionDigit, given)
  return packages.map(one => one.sscc ?? made.shift() ?? '')
}

const checkGiven = async (ctx: Context, tx: Tx, packages: readonly PackageInput[]): Promise<void> => {
  const seen = new Map<string, string>()
  for (const { package: name, sscc } of packages) {
    if (sscc === undefined) continue
    const where = { package: name, sscc }
    if (!isSscc(sscc))
      throw new DomainError('shipments/invalid-sscc', { detail: `Package ${name}: the check digit of SSCC ${sscc} is wrong.`, ...where })
    const other = seen.get(sscc)
    if (other !== undefined)
      throw new DomainError('shipments/sscc-reused', { detail: `Packages ${other} and ${name} have the same SSCC ${sscc}.`, ...where })
    seen.set(sscc, name)
  }
  if (seen.size === 0) return
  const year = new Date(ctx.now())
  year.setUTCFullYear(year.getUTCFullYear() - 1)
  const [used] = await selectUsedSsccs(tx.sql, [...seen.keys()], year)
  if (used)
    throw new DomainError('shipments/sscc-reused', {
      detail: `Package ${seen.get(used.sscc)}: SSCC ${used.sscc} was on ship notice ${used.number} within twelve months.`,
      package: seen.get(used.sscc),
      sscc: used.sscc,
    })
}

/** Takes so many new codes. Those that the seller has used by itself are passed over, however long ago that was. */
const takeSsccs = async (
  ctx: Context,
  tx: Tx,
  count: number,
  extensionDigit: number | undefined,
  besides: ReadonlySet<string> = new Set(),
): Promise<string[]> => {
  const made: string[] = []
  if (count === 0) return made
  const [organisation] = await selectGs1Prefix(tx.sql, ctx.actor.organisationId)
  const prefix = organisation?.prefix
  if (!prefix) throw new DomainError('shipments/no-gs1-prefix')
  for (const digit of extensionDigit === undefined ? extensionDigits : [extensionDigit]) {
    while (made.length < count) {
      const [taken] = await takeSerials(tx.sql, prefix, digit, count - made.length)
      const serials = taken ? serialsBetween(taken.first, taken.last) : []
      if (serials.length === 0) break
      const next = serials.map(serial => makeSscc(prefix, digit, serial))
      const used = new Set((await selectUsedSsccs(tx.sql, next, new Date(0))).map(each => each.sscc))
      made.push(...next.filter(sscc => !used.has(sscc) && !besides.has(sscc)))
    }
    if (made.length === count) return made
  }
  throw new DomainError('shipments/no-gs1-prefix', { detail: `All SSCCs of the company prefix ${prefix} are used.` })
}

const serialsBetween = (first: string, last: string): bigint[] =>
  Array.from({ length: Math.max(0, Number(BigInt(last) - BigInt(first) + 1n)) }, (_, index) => BigInt(first) + BigInt(index))

/**
 * Gives out SSCCs for labels that are printed before the shipment is entered; give them to its packages then. They are nobody
 * else's, whether they are used or not.
 * @throws DomainError identity/forbidden, shipments/no-gs1-prefix
 */
export const reserveSsccs = async (ctx: Context, { count, extensionDigit }: SsccReservation): Promise<SsccsReserved> => {
  authorise(ctx.actor, 'shipments.create')
  return withOrganisation(ctx, async tx => ({ ssccs: await takeSsccs(ctx, tx, count, extensionDigit) }))
}
