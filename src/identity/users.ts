import { asSystem, readAs, readSystem, withOrganisation } from '../db/client.ts'
import type { Context, Role } from '../db/context.ts'
import { DomainError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import { clearAttempts, countAttempt } from './attempts.ts'
import { audit } from './audit.ts'
import { hashPassword, passwordMatches } from './passwords.ts'
import { selectAccounts, selectUsers } from './queries.ts'
import { authorise, mayGrant, normalEmail } from './rules.ts'
import type { NewUser, PasswordChange, User } from './schema.ts'

/** What only works on the pool, because it acts as the system: call it outside transactions. */
const poolOf = (ctx: Context) => {
  if (!('app' in ctx.db)) throw new Error('users are changed outside of other transactions')
  return ctx.db
}

/**
 * Makes a user and its membership. The operator may do so for any organisation, and may add a user that exists already
 * (whose name and password stay) to a further one.
 * @throws DomainError identity/forbidden, identity/weak-password, record/conflict, record/not-found
 */
export const createUser = async (ctx: Context, input: NewUser): Promise<User> => {
  authorise(ctx.actor, 'users.manage')
  // A key that is narrowed would make a user who is not.
  if (!mayGrant(ctx.actor, [])) throw new DomainError('identity/forbidden', { detail: 'A narrowed key cannot make users.' })
  const organisationId = input.organisationId ?? ctx.actor.organisationId
  if (organisationId !== ctx.actor.organisationId) authorise(ctx.actor, 'hub.operate')
  const operates = ctx.actor.scopes.includes('operate')
  const email = normalEmail(input.email)
  const passwordHash = await hashPassword(input.password)
  return asSystem(ctx.db, async tx => {
    const [organisation] = await tx.sql`select 1 from organisation where id = ${organisationId}`
    if (!organisation) throw new DomainError('record/not-found', { kind: 'organisation', id: organisationId })
    const made = await tx.sql<{ id: string }[]>`
      insert into app_user (id, email, name, password_hash) values (${newId('usr')}, ${email}, ${input.name}, ${passwordHash})
      on conflict do nothing returning id`
    if (made.length === 0 && !operates) throw new DomainError('record/conflict', { detail: 'This e-mail address is taken.' })
    const [user] = made.length > 0 ? made : await tx.sql<{ id: string }[]>`select id from app_user where lower(email) = ${email}`
    if (!user) throw new Error('a user that conflicts exists')
    const joined = await tx.sql`
      insert into membership (id, organisation_id, user_id, role) values (${newId('mem')}, ${organisationId}, ${user.id},
        ${input.role})
      on conflict do nothing returning id`
    if (joined.length === 0) throw new DomainError('record/conflict', { detail: 'The user is a member already.' })
    await audit(tx, ctx.actor, { action: 'user.added', subject: user.id, detail: { email, role: input.role } }, organisationId)
    const [member] = await selectUsers(tx.sql, { organisationId, id: user.id })
    if (!member) throw new Error('a membership just made is there')
    return member
  })
}

/** The members of the actor's organisation, oldest first. */
export const listUsers = async (
  ctx: Context,
  page: { limit?: number; cursor?: string } = {},
): Promise<{ items: User[]; nextCursor: string | null }> => {
  authorise(ctx.actor, 'users.manage')
  const size = Math.min(Math.max(page.limit ?? 50, 1), 200)
  const rows = await readAs(ctx.db, ctx.actor.organisationId, sql =>
    selectUsers(sql, {
      organisationId: ctx.actor.organisationId,
      ...(page.cursor !== undefined && { after: page.cursor }),
      limit: size + 1,
    }),
  )
  const items = rows.slice(0, size)
  return { items, nextCursor: rows.length > size ? items.at(-1)?.id ?? null : null }
}

/**
 * Gives a member of the actor's organisation another role; its sessions go on with it.
 * @throws DomainError identity/forbidden, record/not-found, identity/last-administrator
 */
export const setRole = async (ctx: Context, userId: string, role: Role): Promise<void> => {
  authorise(ctx.actor, 'users.manage')
  if (!mayGrant(ctx.actor, [])) throw new DomainError('identity/forbidden', { detail: 'A narrowed key cannot give roles.' })
  await changeMembership(ctx, userId, role)
}

/**
 * Takes a member out of the actor's organisation and ends its sessions there. The user itself stays.
 * @throws DomainError identity/forbidden, record/not-found, identity/last-administrator
 */
export const removeUser = async (ctx: Context, userId: string): Promise<void> => {
  authorise(ctx.actor, 'users.manage')
  await changeMembership(ctx, userId, null)
  await asSystem(poolOf(ctx), async tx => {
    await tx.sql`delete from user_session where user_id = ${userId} and organisation_id = ${ctx.actor.organisationId}`
  })
}

/** A null role removes. All memberships are locked, so that two administrators cannot remove each other at once. */
const changeMembership = (ctx: Context, userId: string, role: Role | null): Promise<void> => withOrganisation(ctx, async tx => {
  const members = await tx.sql<{ id: string; userId: string; role: Role }[]>`
    select id, user_id as "userId", role
      from membership where organisation_id = ${ctx.actor.organisationId} order by id for update`
    const member = members.find(each => each.userId === userId)
    if (!member) throw new DomainError('record/not-found', { kind: 'user', id: userId })
    const administratorsLeft = members.filter(each => (each === member ? role : each.role) === 'administrator')
    if (member.role === 'administrator' && administratorsLeft.length === 0) throw new DomainError('identity/last-administrator')
    if (role) await tx.sql`update membership set role = ${role} where id = ${member.id}`
    else await tx.sql`delete from membership where id = ${member.id}`
    await audit(tx, ctx.actor, {
      action: role ? 'user.role-changed' : 'user.removed',
      subject: userId,
      detail: { from: member.role, ...(role && { to: role }) },
    })
  })

/**
 * Changes the actor's own password and ends all its sessions, this one too.
 * @throws DomainError identity/wrong-credentials, identity/locked, identity/weak-password; identity/forbidden for a key
 */
export const changePassword = async (ctx: Context, change: PasswordChange): Promise<void> => {
  const { userId, name: email } = ctx.actor
  if (userId === undefined) throw new DomainError('identity/forbidden', { detail: 'A key has no password.' })
  const db = poolOf(ctx)
  await countAttempt(db, email, ctx.now())
  const accounts = await readSystem(db, sql => selectAccounts(sql, normalEmail(email)))
  const own = accounts.find(account => account.userId === userId)
  if (!await passwordMatches(own?.passwordHash, change.current)) throw new DomainError('identity/wrong-credentials')
  await clearAttempts(db, email)
  await replacePassword(ctx, userId, change.replacement, 'user.password-changed')
}

/**
 * Gives a user a new password and ends its sessions. An administrator may do so for a user who belongs to its organisation
 * alone, the operator for anybody.
 * @throws DomainError identity/forbidden, identity/weak-password, record/not-found
 */
export const resetPassword = async (ctx: Context, userId: string, password: string): Promise<void> => {
  authorise(ctx.actor, 'users.manage')
  if (!mayGrant(ctx.actor, [])) throw new DomainError('identity/forbidden', { detail: 'A narrowed key cannot set passwords.' })
  const memberships = await readSystem(poolOf(ctx), sql => sql<{ organisationId: string }[]>`
    select organisation_id as "organisationId" from membership where user_id = ${userId}`)
  const operates = ctx.actor.scopes.includes('operate')
  if (memberships.length === 0 || !(operates || memberships.some(each => each.organisationId === ctx.actor.organisationId)))
    throw new DomainError('record/not-found', { kind: 'user', id: userId })
  if (!operates && memberships.length > 1)
    throw new DomainError('identity/forbidden', {
      detail: 'The user belongs to other organisations too; ask the operator of the hub.',
    })
  await replacePassword(ctx, userId, password, 'user.password-reset')
}

const replacePassword = async (ctx: Context, userId: string, password: string, action: string): Promise<void> => {
  const passwordHash = await hashPassword(password)
  await asSystem(poolOf(ctx), async tx => {
    await tx.sql`update app_user set password_hash = ${passwordHash} where id = ${userId}`
    await tx.sql`delete from user_session where user_id = ${userId}`
    await audit(tx, ctx.actor, { action, subject: userId })
  })
}
