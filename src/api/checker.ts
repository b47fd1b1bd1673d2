import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { DomainError } from '../shared/errors.ts'
import { namedSchemas } from './schemas.ts'

/**
 * Checks a value against the schema that REST checks bodies with, where Fastify does not: GraphQL's types know nothing of
 * patterns and limits, and some bodies have more than one content type. `place` is the pointer to the value in the request.
 * @throws DomainError request/invalid with every fault
 */
export const checker = <S extends TSchema>(schema: S): ((value: unknown, place?: string) => Static<S>) => {
  const compiled = Compile(Object.fromEntries(namedSchemas), schema)
  return (value, place = '/input') => {
    if (compiled.Check(value)) return value as Static<S>
    const errors = compiled.Errors(value).map(fault => ({ pointer: place + fault.instancePath, detail: fault.message }))
    throw new DomainError('request/invalid', {
      detail: errors[0] ? `${errors[0].pointer} ${errors[0].detail}.` : 'The input is not valid.',
      errors,
    })
  }
}
