import { Option, type Command } from 'commander'
import type { Role } from '../db/context.ts'
import { keyScopes, roles, type KeyScope } from '../identity/rules.ts'
import { usageError } from './failure.ts'
import { say, writeJson } from './output.ts'

type Options = {
  organisation: string
  name: string
  role: Role
  scopes?: KeyScope[]
  expires?: string
  dryRun?: boolean
  json?: true
}

const help = `
The organisation is its id, GLN or exact name, or "operator" for the operator of the hub, which is made when there is none.
Scopes narrow a key to some of what its role may do; the scope operate, for keys of the operator only, lets it work on the
whole hub. The token is printed once; the hub keeps a hash of it.

Works on the database itself (DATABASE_URL, or the embedded one), whether the hub runs or not.

Exit codes:
  0  made (or, with --dry-run, would be)
  1  refused: unknown organisation
  2  wrong usage or configuration

Examples:
  $ accord-hub key create --organisation "Northgate Stores" --name "ERP" --role edi_operator --scopes edi --expires 2027-12-31
  $ accord-hub key create --organisation operator --name set-up --role administrator --scopes operate,master-data`

export const registerKey = (parent: Command): void => {
  parent
    .command('key')
    .description('API keys')
    .command('create')
    .description('make an API key')
    .requiredOption('--organisation <organisation>', 'id, GLN, exact name, or operator')
    .requiredOption('--name <name>', 'what it is for')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).makeOptionMandatory())
    .option('--scopes <list>', `what it is narrowed to, of ${keyScopes.join(', ')}`, scopesOf)
    .option('--expires <date>', 'last day (YYYY-MM-DD, UTC), or an ISO 8601 time; never unless given')
    .option('--dry-run', 'do everything, then undo it')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(create)
}

const scopesOf = (text: string): KeyScope[] => {
  const scopes = text.split(/[\s,]+/).filter(scope => scope !== '')
  const strange = scopes.find(scope => !(keyScopes as readonly string[]).includes(scope))
  if (strange !== undefined) throw usageError(`There is no scope ${strange}; there are ${keyScopes.join(', ')}.`)
  return [...new Set(scopes)] as KeyScope[]
}

const expiryOf = (text: string): string => {
  const instant = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T23:59:59Z` : text)
  if (Number.isNaN(instant.getTime()) || !/^\d{4}-\d{2}-\d{2}/.test(text))
    throw usageError(`${text} is no day (YYYY-MM-DD) and no ISO 8601 time.`)
  if (instant.getTime() < Date.now()) throw usageError(`${text} is past: the key would never work.`)
  return instant.toISOString()
}

const create = async ({ organisation, name, role, scopes = [], expires, dryRun = false, json }: Options): Promise<void> => {
  const expiresAt = expires === undefined ? undefined : expiryOf(expires)
  const [{ asOperatorOnce, findOrganisation }, { createKey }] = await Promise.all([
    import('./database.ts'),
    import('../identity/service.ts'),
  ])
  const { key, token, found } = await asOperatorOnce(dryRun, async (ctx, tx) => {
    const found = await findOrganisation(ctx, tx, organisation)
    if (scopes.includes('operate') && found.id !== ctx.actor.organisationId)
      throw usageError('Only a key of the operator can have the scope operate.')
    return {
      found,
      ...(await createKey(ctx, { name, role, scopes, organisationId: found.id, ...(expiresAt !== undefined && { expiresAt }) })),
    }
  })
  if (json) return writeJson({ ...key, organisation: found.name, dryRun, ...(!dryRun && { token }) })
  if (dryRun) return say(`The key ${name} of ${found.name} would be made; nothing was kept.`)
  const facts = [
    role.replace('_', ' '),
    ...(scopes.length > 0 ? [`only ${scopes.join(', ')}`] : []),
    ...(expiresAt === undefined ? [] : [`until ${expiresAt.slice(0, 16)}Z`]),
  ]
  await say(token)
  console.error(`This is the key ${name} of ${found.name} (${facts.join(', ')}). It is shown this once.`)
}
