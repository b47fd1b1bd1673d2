import type { Command } from 'commander'
import type { BackupReport } from '../backup/write.ts'
import { count, say, size, writeJson } from './output.ts'
import { hubVersion } from './version.ts'

type Options = { force?: boolean; dryRun?: boolean; json?: boolean }

const help = `
Everything the hub holds, as it is at one moment, in one compressed file that only you may read: it has the messages, the
hashes of passwords and keys, and everybody's prices. The hub may go on working meanwhile. The job queue is not in it; it is
filled again from what is. The file is read back before it gets its name. It also needs ACCORD_SECRET, or DATA_DIR/secret, to
be kept: apart from the backup.

Exit codes:
  0  written and read back
  1  refused or failed: the message says why
  2  wrong usage or configuration

Examples:
  $ accord-hub backup accord-$(date +%F).backup
  $ accord-hub backup nightly.backup --force --json`

export const registerBackup = (parent: Command): void => {
  parent
    .command('backup')
    .description('write everything the hub holds to a file')
    .argument('<file>', 'the file to write')
    .option('--force', 'replace the file if it is there')
    .option('--dry-run', 'do all of it, and keep no file')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(run)
}

const run = async (file: string, { force = false, dryRun = false, json }: Options): Promise<void> => {
  const [{ withAccess }, { writeBackup }] = await Promise.all([import('./database.ts'), import('../backup/write.ts')])
  const report = await withAccess(access => writeBackup(access, file, { hub: hubVersion(), replace: force, dryRun }))
  if (json) return writeJson({ file, dryRun, ...summaryOf(report) })
  await say(`${file}: ${sentence(report)}. ${dryRun ? 'Dry run: no file was kept.' : 'It was read back and is whole.'}`)
}

/** What a backup holds, for programs. */
export const summaryOf = ({ header, trailer, sizeBytes }: BackupReport) => ({
  sizeBytes,
  sha256: trailer.sha256,
  rows: trailer.rows,
  createdAt: header.createdAt,
  hub: header.hub,
  migration: header.migrations.at(-1)?.name ?? null,
  tables: Object.fromEntries(header.tables.map(({ name, rows }) => [name, rows])),
})

/** The same for people. */
export const sentence = ({ header, trailer, sizeBytes }: BackupReport): string =>
  `${count(trailer.rows, 'row')} in ${count(header.tables.length, 'table')} as of ${header.createdAt.slice(0, 19)}Z, ` +
  size(sizeBytes)
