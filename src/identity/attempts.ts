import { asSystem, type Database } from '../db/client.ts'
import { DomainError } from '../shared/errors.ts'
import { forgetAttemptsHours, lockSeconds, normalEmail } from './rules.ts'
import { hashToken } from './tokens.ts'

const keyOf = (email: string) => hashToken(normalEmail(email))

/**
 * Counts an attempt to sign in before its password is looked at, so that many at once are no way around the lock.
 * @returns whether this attempt, should it fail, locks the address
 * @throws DomainError identity/locked with `retryAfterSeconds`, for known and unknown addresses alike
 */
export const countAttempt = (db: Database, email: string, now: Date): Promise<{ locks: boolean }> => asSystem(db, async tx => {
  const key = keyOf(email)
  const [attempt] = await tx.sql<{ failedAttempts: number; lastAt: Date; lockedUntil: Date | null }[]>`
    insert into sign_in_attempt as a (email_hash, failed_attempts, last_at) values (${key}, 0, ${now})
    on conflict (email_hash) do update set email_hash = a.email_hash
    returning failed_attempts as "failedAttempts", last_at as "lastAt", locked_until as "lockedUntil"`
    if (!attempt) throw new Error('an upsert returns its row')
    if (attempt.lockedUntil && attempt.lockedUntil > now)
      throw new DomainError('identity/locked', {
        retryAfterSeconds: Math.ceil((attempt.lockedUntil.getTime() - now.getTime()) / 1000),
      })
    const forgotten = now.getTime() - attempt.lastAt.getTime() > forgetAttemptsHours * 3_600_000
    const failedAttempts = (forgotten ? 0 : attempt.failedAttempts) + 1
    const seconds = lockSeconds(failedAttempts)
    await tx.sql`
    update sign_in_attempt set failed_attempts = ${failedAttempts}, last_at = ${now},
      locked_until = ${seconds === 0 ? null : new Date(now.getTime() + seconds * 1000)}
    where email_hash = ${key}`
  return { locks: seconds > 0 }
})

/** Forgets the attempts of an address whose user has signed in. */
export const clearAttempts = (db: Database, email: string): Promise<void> => asSystem(db, async tx => {
  await tx.sql`delete from sign_in_attempt where email_hash = ${keyOf(email)}`
})
