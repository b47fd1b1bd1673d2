import { constants, createReadStream } from 'node:fs'
import { access, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { unreadable, usageError } from './failure.ts'

/** A file to read, or standard input. `name` is how it is shown. */
export type Input = {
  readonly name: string
  /** Undefined for standard input. */
  readonly sizeBytes: number | undefined
  readonly open: () => Readable
}

const standardInput: Input = { name: '-', sizeBytes: undefined, open: () => process.stdin }

const statOf = (name: string) =>
  stat(name).catch((error: unknown) => {
    throw unreadable(name, error)
  })

/** One file, or `-` for standard input. @throws CliError when it is not there or no file */
export const oneInput = async (name: string): Promise<Input> => {
  if (name === '-') return standardInput
  const found = await statOf(name)
  if (found.isDirectory()) throw unreadable(name, { code: 'EISDIR' })
  await access(name, constants.R_OK).catch((error: unknown) => {
    throw unreadable(name, error)
  })
  return { name, sizeBytes: found.size, open: () => createReadStream(name, { highWaterMark: 1 << 18 }) }
}

/** Names of files that hold X12, as folders are searched for them. */
export const x12Extensions = ['.edi', '.x12', '.txt', '.dat'] as const

/**
 * The files named, and for a folder all files in it and below whose names end as X12 files' do, in order.
 * @throws CliError when one is not there, or a folder has none
 */
export const manyInputs = async (names: readonly string[]): Promise<Input[]> => {
  if (names.filter(name => name === '-').length > 1) throw usageError('Standard input (-) can be read once only.')
  const inputs: Input[] = []
  for (const name of names) {
    if (name === '-' || !(await statOf(name)).isDirectory()) {
      inputs.push(await oneInput(name))
      continue
    }
    const entries = await readdir(name, { recursive: true, withFileTypes: true })
    const files = entries.filter(
      entry => entry.isFile() && x12Extensions.some(extension => entry.name.toLowerCase().endsWith(extension)),
    )
    if (files.length === 0) throw usageError(`${name} has no files that end in ${x12Extensions.join(', ')}.`)
    const paths = files.map(entry => join(entry.parentPath, entry.name)).sort()
    inputs.push(...(await Promise.all(paths.map(oneInput))))
  }
  return inputs
}

/** All of standard input as text, without the line end. For secrets, which do not belong on a command line. */
export const readLine = async (): Promise<string> => {
  const pieces: Buffer[] = []
  for await (const piece of process.stdin) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}
