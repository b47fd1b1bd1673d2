import { Command, CommanderError } from 'commander'
import { registerBackup } from './backup.ts'
import { exitCodes, reportFailure } from './failure.ts'
import { registerGuide } from './guide.ts'
import { registerImport } from './import.ts'
import { registerKey } from './key.ts'
import { registerMigrate } from './migrate.ts'
import { registerOutbox } from './outbox.ts'
import { registerPrint } from './print.ts'
import { registerReplay } from './replay.ts'
import { registerRestore } from './restore.ts'
import { registerSend } from './send.ts'
import { registerStatus } from './status.ts'
import { registerUser } from './user.ts'
import { hubVersion } from './version.ts'
import { registerX12 } from './x12/index.ts'

const help = `
Talking to a running hub: send, status, outbox, replay, print, import, guide
  ACCORD_URL      its address; http://localhost:4000 unless set
  ACCORD_API_KEY  an API key of yours, instead of --key
Working on its database, whether it runs or not: migrate, backup, restore, user, key, import --local
  DATABASE_URL    the owner's address, with ACCORD_SECRET; the embedded database in DATA_DIR (.data) unless set
On files alone: x12

Variables are also read from .env in the working directory.

${exitCodes}

Examples:
  $ accord-hub x12 validate order.edi
  $ accord-hub send order.edi --wait
  $ accord-hub user add ann@example.com --organisation operator --role administrator
  $ accord-hub backup accord.backup`

/** All commands. What a command needs of the hub is loaded when it runs, so that `x12` stays quick. */
const program = (): Command => {
  const accord = new Command('accord-hub')
    .description('Accord, a supply-chain EDI hub: its command line.')
    .version(hubVersion())
    .showHelpAfterError('(add --help for what it takes)')
    .addHelpText('after', help)
    .exitOverride()
  registerSend(accord)
  registerStatus(accord)
  registerOutbox(accord)
  registerReplay(accord)
  registerPrint(accord)
  registerGuide(accord)
  registerImport(accord)
  registerX12(accord)
  registerMigrate(accord)
  registerBackup(accord)
  registerRestore(accord)
  registerUser(accord)
  registerKey(accord)
  return accord
}

/** Variables of `.env` that the environment does not set. */
const loadDotEnv = (): void => {
  try {
    process.loadEnvFile()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', error => {
  process.exit((error as NodeJS.ErrnoException).code === 'EPIPE' ? 0 : 1)
})

try {
  loadDotEnv()
  await program().parseAsync()
} catch (error) {
  // Commander has said by itself what is wrong with the command line; help and version are no faults.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else process.exitCode = reportFailure(error, process.argv.includes('--json'))
}
