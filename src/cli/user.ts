import { randomBytes } from 'node:crypto'
import { Option, type Command } from 'commander'
import { roles } from '../identity/rules.ts'
import type { Role } from '../db/context.ts'
import { usageError } from './failure.ts'
import { readLine } from './input.ts'
import { say, writeJson } from './output.ts'

type Options = { organisation: string; role: Role; name?: string; passwordStdin?: true; dryRun?: boolean; json?: true }

const help = `
The organisation is its id, GLN or exact name, or "operator" for the operator of the hub, which is made when there is none:
that is how an empty hub gets its first administrator. A user who exists already joins the further organisation, and keeps
name and password. Without --password-stdin a password is made and printed once.

Works on the database itself (DATABASE_URL, or the embedded one), whether the hub runs or not.

Exit codes:
  0  added (or, with --dry-run, would be)
  1  refused: unknown organisation, member already, password too short
  2  wrong usage or configuration

Examples:
  $ accord-hub user add ann@example.com --organisation operator --role administrator
  $ pass show accord | accord-hub user add bob@example.com --organisation "Northgate Stores" --role planner --password-stdin`

export const registerUser = (parent: Command): void => {
  parent
    .command('user')
    .description('people who sign in')
    .command('add')
    .description('add a user to an organisation')
    .argument('<email>', 'e-mail address, to sign in with')
    .requiredOption('--organisation <organisation>', 'id, GLN, exact name, or operator')
    .addOption(new Option('--role <role>', 'what the user may do').choices(roles).makeOptionMandatory())
    .option('--name <name>', 'how the user is called; the e-mail address unless given')
    .option('--password-stdin', 'read the password from standard input')
    .option('--dry-run', 'do everything, then undo it')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(add)
}

const add = async (
  email: string,
  { organisation, role, name = email, passwordStdin, dryRun = false, json }: Options,
): Promise<void> => {
  if (!/^[^@\s]+@[^@\s]+$/.test(email) || email.length > 254) throw usageError(`${email} is no e-mail address.`)
  const given = passwordStdin ? await readLine() : undefined
  if (given === '') throw usageError('Standard input holds no password.')
  const password = given ?? randomBytes(15).toString('base64url')
  const [{ asOperatorOnce, findOrganisation }, { createUser }] = await Promise.all([
    import('./database.ts'),
    import('../identity/service.ts'),
  ])
  const { user, found } = await asOperatorOnce(dryRun, async (ctx, tx) => {
    const found = await findOrganisation(ctx, tx, organisation)
    const [known] = await tx.sql`select 1 from app_user where lower(email) = lower(${email})`
    return {
      found: { ...found, known: known !== undefined },
      user: await createUser(ctx, { email, name, role, password, organisationId: found.id }),
    }
  })
  const printed = given === undefined && !found.known && !dryRun ? password : undefined
  if (json) return writeJson({ ...user, organisation: found.name, dryRun, ...(printed !== undefined && { password: printed }) })
  await say(
    `${user.email} ${dryRun ? 'would be' : 'is now'} ${role.replace('_', ' ')} of ${found.name}` +
      `${dryRun ? '; nothing was kept' : ''}.`,
    ...(printed === undefined ? [] : [`Password: ${printed}`, 'It is shown this once. Change it after signing in.']),
    ...(found.known ? ['The user existed already; name and password are as they were.'] : []),
  )
}
