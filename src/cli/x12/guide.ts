import { readFile } from 'node:fs/promises'
import { guideNamed, guideOf, parseOverlay, type Guide } from '../../x12/index.ts'
import { unreadable, usageError } from '../failure.ts'

/** How a guide is named on the command line. */
export const guideHelp = `
A guide is named
  004010/850           the standard: version and set
  vics/850             a guide that is shipped
  vics/004030/850      the same over another version
  ./our-850.json       a file, such as x12 learn writes`

/** The guide of that name, or in that file. @throws CliError when the file is not there or no JSON; GuideError when it is no guide */
export const loadGuide = async (name: string): Promise<Guide> => {
  if (!/\.json$/i.test(name)) return guideNamed(name)
  const text = await readFile(name, 'utf8').catch((error: unknown) => {
    throw unreadable(name, error)
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw usageError(`${name} is no JSON: ${(error as Error).message}.`)
  }
  return guideOf(parseOverlay(value))
}
