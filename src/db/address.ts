import { readFileSync } from 'node:fs'
import type { ClientConfig } from 'pg'
import type postgres from 'postgres'
import { ConfigError } from '../shared/errors.ts'
import { rolePassword, type DatabaseRole } from './roles.ts'

/** Where the database is and who owns it. `host` is a name, or the absolute path of the folder that holds the unix socket. */
export type DatabaseAddress = {
  readonly host: string
  readonly port: number
  readonly database: string
  /** The owner, who migrates. The hub itself works as one of the roles of roles.ts. */
  readonly user: string
  readonly password?: string
  /** 'require' encrypts without checking the certificate, 'verify' checks it, against `certificateAuthority` if given. */
  readonly ssl?: 'require' | 'verify'
  readonly certificateAuthority?: string
}

/** Everything needed to connect as any of the roles. */
export type DatabaseAccess = { readonly address: DatabaseAddress; readonly secret: string }

const sslModes: Record<string, DatabaseAddress['ssl'] | null> = {
  disable: null,
  allow: null,
  prefer: null,
  require: 'require',
  'verify-ca': 'verify',
  'verify-full': 'verify',
}

/**
 * Reads a `postgres://owner:password@host:port/database` address, as libpq does: `?host=/folder` for a unix socket,
 * `sslmode`, `sslrootcert`. Other parameters are refused, since they would silently not hold.
 * @throws ConfigError naming DATABASE_URL
 */
export const parseDatabaseUrl = (text: string): DatabaseAddress => {
  // libpq allows an owner without a host, where `?host=` follows; the URL standard does not.
  const whole = text.replace(/^(\w+:\/\/[^/@]*@)\//, '$1localhost/')
  const url = URL.canParse(whole) ? new URL(whole) : undefined
  if (!url)
    throw new ConfigError(
      'DATABASE_URL',
      'DATABASE_URL is not an address of the form postgres://owner:password@host:5432/database.',
    )
  const {
    host: socket,
    sslmode = 'prefer',
    sslrootcert,
    application_name: _name,
    channel_binding: _binding,
    ...unknown
  } = Object.fromEntries(url.searchParams) as Record<string, string>
  const [strange] = Object.keys(unknown)
  if (strange) throw new ConfigError('DATABASE_URL', `DATABASE_URL has the parameter ${strange}, which the hub does not know.`)
  const ssl = sslModes[sslmode]
  if (ssl === undefined)
    throw new ConfigError('DATABASE_URL', `DATABASE_URL has sslmode=${sslmode}; use disable, require or verify-full.`)
  const database = decodeURIComponent(url.pathname.slice(1))
  if (!database || !url.username)
    throw new ConfigError(
      'DATABASE_URL',
      'DATABASE_URL must name the owner and the database: postgres://owner:password@host:5432/database.',
    )
  return {
    host: socket ?? (decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '') || 'localhost'),
    port: Number(url.port) || 5432,
    database,
    user: decodeURIComponent(url.username),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    ...(ssl && { ssl }),
    ...(sslrootcert && sslrootcert !== 'system' && { certificateAuthority: readCertificate(sslrootcert) }),
  }
}

const readCertificate = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new ConfigError('DATABASE_URL', `DATABASE_URL names the certificate file ${file}, which cannot be read.`)
  }
}

const login = ({ address, secret }: DatabaseAccess, role: DatabaseRole | 'owner') =>
  role === 'owner'
    ? { user: address.user, password: address.password ?? '' }
    : { user: role, password: rolePassword(secret, role) }

const tls = ({ ssl, certificateAuthority }: DatabaseAddress) =>
  ssl === undefined ? false : { rejectUnauthorized: ssl === 'verify', ...(certificateAuthority && { ca: certificateAuthority }) }

/** Options of postgres.js for one of the roles, or the owner. */
export const postgresOptions = (access: DatabaseAccess, role: DatabaseRole | 'owner') => {
  const { host, port, database } = access.address
  return { host, port, database, ...login(access, role), ssl: tls(access.address) } satisfies postgres.Options<
    Record<string, never>
  >
}

/** Options of node-postgres for one of the roles, or the owner. */
export const pgOptions = (access: DatabaseAccess, role: DatabaseRole | 'owner'): ClientConfig => {
  const { host, port, database } = access.address
  return { host, port, database, ...login(access, role), ssl: tls(access.address) }
}
