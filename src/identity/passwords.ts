import { hash, verify } from '@node-rs/argon2'
import { DomainError } from '../shared/errors.ts'

/** argon2id as OWASP advises: 19 MiB, two passes, one lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

const shortest = 12
const longest = 256

/**
 * Hashes a new password.
 * @throws DomainError identity/weak-password when it is shorter than 12 or longer than 256 characters
 */
export const hashPassword = async (password: string): Promise<string> => {
  if (password.length < shortest || password.length > longest)
    throw new DomainError('identity/weak-password', { detail: `A password has ${shortest} to ${longest} characters.` })
  return hash(password, cost)
}

// What the password of nobody is compared with, so that an unknown address takes as long as a known one.
const nobody = '$argon2id$v=19$m=19456,t=2,p=1$mKpJeQmt/bBZMtdbGbaEvQ$eZUStw2tZ7+V1dQijcEBEiDVK6wrFmHX1gpc5SAfnI4'

/** Whether the password is the one hashed. Without a hash it takes the same time and answers false. */
export const passwordMatches = async (passwordHash: string | undefined, password: string): Promise<boolean> => {
  const matches = await verify(passwordHash ?? nobody, password)
  return passwordHash !== undefined && matches
}
