import { createHmac } from 'node:crypto'

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
