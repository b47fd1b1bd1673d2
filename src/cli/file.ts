import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CliError } from './failure.ts'

/**
 * Writes what is read to a file: aside and onto the disk first, then under its name, so that a file that is there is whole.
 * `check` may still refuse what came, by its bytes. Gives how many there were.
 * @throws CliError when the file cannot be written
 */
export const saveAs = async (file: string, body: Readable, check: (bytes: number) => void = () => {}): Promise<number> => {
  const draft = `${file}.part`
  try {
    const target = createWriteStream(draft, { flush: true })
    await pipeline(body, target)
    check(target.bytesWritten)
    await rename(draft, file)
    return target.bytesWritten
  } catch (error) {
    await rm(draft, { force: true })
    const { syscall, code } = error as NodeJS.ErrnoException
    if (syscall !== undefined && syscall !== 'read') throw new CliError(`${file} cannot be written (${code}).`, { exitCode: 2 })
    throw error
  }
}
