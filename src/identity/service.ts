/** The verbs of identity: who may come in, and what they did. */
export { audit, listAudit, type Deed } from './audit.ts'
export { authenticateKey, createKey, listKeys, revokeKey } from './keys.ts'
export { operatorContext } from './operator.ts'
export {
  authenticateSession,
  signIn,
  signOut,
  sweepSessions,
  type Authenticated,
  type SessionToken,
  type SignedIn,
} from './sessions.ts'
export { changePassword, createUser, listUsers, removeUser, resetPassword, setRole } from './users.ts'
