import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/**
 * The login roles beside the owner of the database. The owner migrates and nothing else.
 * - `accord_app` serves requests and jobs: it owns nothing and row-level security is forced on it.
 * - `accord_system` works before or across organisations (sign-in, key look-up, sender resolution, relay, metrics, sweep):
 *   no superuser and no BYPASSRLS either, it sees what a policy of its own lets it see.
 * - `accord_queue` owns schema `bullmq` and touches nothing else.
 */
export const databaseRoles = ['accord_app', 'accord_system', 'accord_queue'] as const
export type DatabaseRole = (typeof databaseRoles)[number]

/** The role's password: derived from the hub's secret, so that there is one secret to keep. */
export const rolePassword = (secret: string, role: DatabaseRole): string =>
  createHmac('sha256', secret).update(role).digest('base64url')

/**
 * The role's password in the form PostgreSQL stores (SCRAM-SHA-256, RFC 5802): it can be set, or shown to whoever has to
 * set it, without the password itself reaching a log.
 */
export const passwordVerifier = (secret: string, role: DatabaseRole): string => {
  const salt = randomBytes(16)
  const iterations = 4096
  const salted = pbkdf2Sync(rolePassword(secret, role), salt, iterations, 32, 'sha256')
  const keyed = (name: string) => createHmac('sha256', salted).update(name).digest()
  const storedKey = createHash('sha256').update(keyed('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${keyed('Server Key').toString('base64')}`
}
