import { asSystem, readSystem, type Database } from '../db/client.ts'
import type { Actor } from '../db/context.ts'
import { addHours } from '../shared/clock.ts'
import { DomainError } from '../shared/errors.ts'
import { clearAttempts, countAttempt } from './attempts.ts'
import { audit } from './audit.ts'
import { passwordMatches } from './passwords.ts'
import { insertSession, selectAccounts, selectSession, type Account } from './queries.ts'
import { forgetAttemptsHours, normalEmail, operatorScopes, rotateAfterMinutes, rotationGraceSeconds } from './rules.ts'
import type { SessionInfo, SignInRequest } from './schema.ts'
import { hashToken, newToken } from './tokens.ts'

/** The cookie's token and when it ends. Only its SHA-256 is stored. */
export type SessionToken = { readonly token: string; readonly expiresAt: Date }
export type SignedIn = SessionToken & {
  readonly session: SessionInfo
  readonly actor: Actor
  /** All organisations that the user may sign in to. */
  readonly organisations: readonly { readonly id: string; readonly name: string }[]
}

/**
 * Signs a user in with a new session; a session that the browser had before is not continued.
 * @throws DomainError identity/wrong-credentials (also for an unknown address and a foreign organisation), identity/locked
 */
export const signIn = async (
  db: Database,
  request: SignInRequest,
  settings: { now: Date; sessionHours: number },
): Promise<SignedIn> => {
  const { now } = settings
  const attempt = await countAttempt(db, request.email, now)
  const accounts = await readSystem(db, sql => selectAccounts(sql, normalEmail(request.email)))
  const right = await passwordMatches(accounts[0]?.passwordHash, request.password)
  const account = accounts.find(each => request.organisationId === undefined || each.organisationId === request.organisationId)
  if (!right || !account) {
    if (attempt.locks) await recordLock(db, accounts)
    throw new DomainError('identity/wrong-credentials')
  }
  await clearAttempts(db, request.email)
  const token = newToken()
  const csrfToken = newToken()
  const expiresAt = addHours(now, settings.sessionHours)
  await asSystem(db, async tx => {
    await insertSession(tx.sql, {
      tokenHash: hashToken(token), organisationId: account.organisationId, userId: account.userId, csrfToken, now, expiresAt,
    })
    await audit(tx, actorOf(account), { action: 'session.opened', subject: account.userId })
  })
  return {
    token, expiresAt, actor: actorOf(account), session: sessionInfo(account, csrfToken, expiresAt),
    organisations: accounts.map(each => ({ id: each.organisationId, name: each.organisationName })),
  }
}

const recordLock = (db: Database, accounts: readonly Account[]) => asSystem(db, async tx => {
  for (const account of accounts) await audit(tx, actorOf(account), { action: 'user.locked', subject: account.userId })
})

const actorOf = (account: Account): Actor => ({
  organisationId: account.organisationId, userId: account.userId, role: account.role, name: account.email,
  scopes: operatorScopes(account.role, account.organisationKind),
})

const sessionInfo = (account: Account, csrfToken: string, expiresAt: Date): SessionInfo => ({
  userId: account.userId, email: account.email, name: account.name, organisationId: account.organisationId,
  organisationName: account.organisationName, role: account.role, csrfToken, expiresAt,
  scopes: [...operatorScopes(account.role, account.organisationKind)],
})

export type Authenticated = {
  readonly actor: Actor
  readonly session: SessionInfo
  /** A new token that the cookie has to be set to; the old one works for another minute. */
  readonly renewed?: SessionToken
}

/**
 * Whose session the token is; undefined when it is nobody's, has expired, or the user has left the organisation. The role is
 * the present one. After an hour of a token's use it is replaced, and the session ends when it would have ended.
 */
export const authenticateSession = async (db: Database, token: string, now: Date): Promise<Authenticated | undefined> => {
  const tokenHash = hashToken(token)
  const [found] = await readSystem(db, sql => selectSession(sql, tokenHash, now))
  if (!found) return undefined
  const known = { actor: actorOf(found), session: sessionInfo(found, found.csrfToken, found.expiresAt) }
  const due = new Date(now.getTime() - rotateAfterMinutes * 60_000)
  if (found.rotatedAt > due) return known
  const renewed = { token: newToken(), expiresAt: found.expiresAt }
  const rotated = await asSystem(db, async tx => {
    // Of several requests at once one finds it due.
    const [mine] = await tx.sql`
      update user_session set rotated_at = ${now}, expires_at = least(expires_at,
        ${new Date(now.getTime() + rotationGraceSeconds * 1000)})
      where token_hash = ${tokenHash} and rotated_at <= ${due} returning 1`
    if (mine) await insertSession(tx.sql, { ...found, tokenHash: hashToken(renewed.token), now })
    return mine !== undefined
  })
  return rotated ? { ...known, renewed } : known
}

/** Ends a session, also under the token that it had before a rotation of a moment ago. Nothing happens when there is none. */
export const signOut = (db: Database, token: string): Promise<void> => asSystem(db, async tx => {
  // A session keeps its CSRF token through all rotations, and no other has the same.
  const [ended] = await tx.sql<{ organisationId: string; userId: string; email: string }[]>`
    delete from user_session s using app_user u
    where s.csrf_token in (select csrf_token from user_session where token_hash = ${hashToken(token)}) and u.id = s.user_id
    returning s.organisation_id as "organisationId", s.user_id as "userId", u.email`
  if (ended)
    await audit(
      tx,
      { organisationId: ended.organisationId, name: ended.email },
      { action: 'session.closed', subject: ended.userId },
    )
})

/** Removes sessions that have ended and attempts that are forgotten; for the nightly sweep. Returns how many rows went. */
export const sweepSessions = (db: Database, now: Date): Promise<number> =>
  asSystem(db, async tx => {
    const sessions = await tx.sql`delete from user_session where expires_at <= ${now}`
    const attempts = await tx.sql`
      delete from sign_in_attempt
      where last_at <= ${addHours(now, -forgetAttemptsHours)} and (locked_until is null or locked_until <= ${now})`
    return sessions.count + attempts.count
  })
