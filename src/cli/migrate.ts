import type { Command } from 'commander'
import { count, say, writeJson } from './output.ts'

type Options = { dryRun?: boolean; json?: true }

const help = `
As the owner of the database: makes the roles of the hub, applies the SQL that is new in this version, each file in a
transaction, and the schema of the job queue. The hub does this by itself when it starts; several at once wait for each other.
A dry run applies everything in one transaction and rolls it back: it takes the same locks for that long.

Exit codes:
  0  the database is at this version (or, with --dry-run, would be)
  1  it cannot be: the message says why
  2  wrong usage or configuration

Examples:
  $ accord-hub migrate --dry-run
  $ DATABASE_URL=postgres://owner:secret@db/accord accord-hub migrate`

export const registerMigrate = (parent: Command): void => {
  parent
    .command('migrate')
    .description('bring the database to this version of the hub')
    .option('--dry-run', 'do it, then undo it: say what would be applied')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(run)
}

const run = async ({ dryRun = false, json }: Options): Promise<void> => {
  const [{ withAccess, quietLog }, { migrate }] = await Promise.all([import('./database.ts'), import('../db/migrate.ts')])
  const applied = await withAccess(access => migrate(access, { log: quietLog, dryRun }), { create: true })
  if (json) return writeJson({ dryRun, applied })
  if (applied.length === 0) return say('The database is at this version already.')
  await say(
    ...applied.map(name => `  ${name}`),
    `${count(applied.length, 'migration')} ${dryRun ? 'would be applied; nothing was changed' : 'applied'}.`,
  )
}
