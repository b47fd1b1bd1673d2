import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** SHA-256. Tokens have 256 random bits, so that nothing slower is needed to keep what is stored useless to a thief. */
export const hashToken = (token: string): Uint8Array => createHash('sha256').update(token).digest()

/** A random token of 256 bits: session cookies and CSRF tokens. */
export const newToken = (): string => randomBytes(32).toString('base64url')

/** The parts of an API key: the token is shown once, the prefix names it in lists, of the secret only the hash is kept. */
export type KeyParts = { readonly token: string; readonly prefix: string; readonly secretHash: Uint8Array }

/** A new API key, `ak_<12 hex digits>_<256 bits>`. */
export const newKey = (): KeyParts => {
  const prefix = randomBytes(6).toString('hex')
  const secret = newToken()
  return { token: `ak_${prefix}_${secret}`, prefix, secretHash: hashToken(secret) }
}

/** Takes an API key apart; undefined when it has not the form of one. */
export const readKey = (token: string): { readonly prefix: string; readonly secretHash: Uint8Array } | undefined => {
  const [, prefix, secret] = /^ak_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/.exec(token) ?? []
  return prefix !== undefined && secret !== undefined ? { prefix, secretHash: hashToken(secret) } : undefined
}

/** Compares two hashes in a time that does not tell where they differ. */
export const sameHash = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)
