/** Done; refused, or something found wrong; called wrongly, or given what cannot be read. */
export type ExitCode = 0 | 1 | 2

export const exitCodes = `Exit codes:
  0  done
  1  refused, failed, or errors were found
  2  wrong usage or configuration, or input that cannot be read`

/** Something that a person can put right, said in a sentence. */
export class CliError extends Error {
  readonly exitCode: ExitCode
  /** Stable name of the refusal, as the API gives it. */
  readonly code: string | undefined
  constructor(sentence: string, { exitCode = 1, code }: { exitCode?: ExitCode; code?: string } = {}) {
    super(sentence)
    this.name = 'CliError'
    this.exitCode = exitCode
    this.code = code
  }
}

/** Wrong usage that the parser cannot see. */
export const usageError = (sentence: string): CliError => new CliError(sentence, { exitCode: 2 })

/** Refusals of the parts below, told by name so that none of them has to be loaded for it; and what they exit with. */
const refusals: Readonly<Record<string, ExitCode>> = {
  CliError: 1,
  DomainError: 1,
  BackupError: 1,
  MigrationError: 1,
  EmbeddedError: 1,
  ConfigError: 2,
  GuideError: 2,
}

/** SQLSTATEs and socket errors that mean that the database cannot be had. */
const databaseFaults: Readonly<Record<string, string>> = {
  '28P01': 'the password is wrong',
  '28000': 'the user may not connect',
  '3D000': 'there is no such database',
  '53300': 'it has no connection left',
  '57P03': 'it is starting or stopping',
  ECONNREFUSED: 'nothing answers there',
  ENOTFOUND: 'its host is unknown',
  EHOSTUNREACH: 'its host cannot be reached',
  ETIMEDOUT: 'it does not answer',
  CONNECT_TIMEOUT: 'it does not answer',
  CONNECTION_CLOSED: 'it hung up',
  ECONNRESET: 'it hung up',
}

/** The input cannot be read: what the file system says, in a sentence. */
export const unreadable = (file: string, error: unknown): CliError => {
  const { code = '', message } = error as NodeJS.ErrnoException
  const reason = (
    { ENOENT: 'does not exist', EACCES: 'may not be read by you', EISDIR: 'is a folder' } as Record<string, string>
  )[code]
  return new CliError(reason ? `${file} ${reason}.` : `${file} cannot be read: ${message}.`, { exitCode: 2 })
}

/** Tells a failure on standard error, one sentence or, asked for JSON, one object. Returns what to exit with. */
export const reportFailure = (error: unknown, json: boolean): ExitCode => {
  const { message, code, exitCode } = describe(error)
  console.error(json ? JSON.stringify({ error: { ...(code && { code }), message } }) : message)
  if (process.env['ACCORD_DEBUG'] && error instanceof Error) console.error(error.stack)
  return exitCode
}

const describe = (error: unknown): { message: string; code?: string; exitCode: ExitCode } => {
  if (!(error instanceof Error)) return { message: `Something went wrong: ${String(error)}`, exitCode: 1 }
  const { name, message } = error
  const { code, exitCode } = error as { code?: string; exitCode?: ExitCode }
  if (name in refusals) return { message, ...(code !== undefined && { code }), exitCode: exitCode ?? refusals[name] ?? 1 }
  const { path, syscall } = error as NodeJS.ErrnoException
  if (path !== undefined && ['open', 'read', 'stat', 'scandir'].includes(syscall ?? ''))
    return { message: unreadable(path, error).message, exitCode: 2 }
  const fault = databaseFaults[code ?? '']
  if (fault !== undefined)
    return { message: `The database cannot be used: ${fault}. Check DATABASE_URL.`, code: 'database', exitCode: 1 }
  return { message: `Something went wrong that should not: ${message || name}. Set ACCORD_DEBUG=1 to see where.`, exitCode: 1 }
}
