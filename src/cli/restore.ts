import type { Command } from 'commander'
import { sentence, summaryOf } from './backup.ts'
import { say, writeJson } from './output.ts'

type Options = { dryRun?: boolean; json?: boolean }

const help = `
Into an empty database that is migrated to the version the backup was made at, and into no other. The file is checked from end
to end before anything is touched; then all of it is loaded, or nothing. Stop the hub that the backup came from before
starting one on the copy, or both will send what was waiting to be sent.

Exit codes:
  0  restored (or, with --dry-run, would be)
  1  refused: the database is not empty or of another version, or the file is damaged or incomplete
  2  wrong usage or configuration

Examples:
  $ accord-hub migrate && accord-hub restore accord-2026-03-02.backup
  $ accord-hub restore accord-2026-03-02.backup --dry-run`

export const registerRestore = (parent: Command): void => {
  parent
    .command('restore')
    .description('fill an empty database from a backup')
    .argument('<file>', 'the backup')
    .option('--dry-run', 'do all of it, then undo it')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(run)
}

const run = async (file: string, { dryRun = false, json }: Options): Promise<void> => {
  const [{ withAccess }, { restoreBackup }] = await Promise.all([import('./database.ts'), import('../backup/restore.ts')])
  const report = await withAccess(access => restoreBackup(access, file, { dryRun }))
  if (json) return writeJson({ file, dryRun, ...summaryOf(report) })
  await say(`${sentence(report)}. ${dryRun ? 'Dry run: it can be restored; nothing was kept.' : 'Restored.'}`)
}
