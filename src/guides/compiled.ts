import type { Logger } from '../db/context.ts'
import { GuideError, guideOf, standardGuide, type Guide, type Overlay } from '../x12/index.ts'
import type { Checking } from './rules.ts'

/** Compiled guides that are kept: a guide is a few hundred kilobytes, and each is asked for with every set of its partner. */
const mostKept = 200
const kept = new Map<string, Guide | null>()

/**
 * The guide that a set is judged by; undefined when its set or version is not handled. A stored guide that cannot be used any more, because
 * the standard beside it was put right, stops no traffic: the set is judged as if it had none, and the log says so.
 */
export const compiledGuide = (checking: Checking, version: string, set: string, log: Logger): Guide | undefined => {
  const standard = standardGuide(version, set)
  if (!standard || checking.key === undefined) return standard
  const key = `${checking.key} ${version}/${set}`
  let guide = kept.get(key)
  if (guide === undefined) {
    guide = compile(checking, version, set, log)
    if (kept.size >= mostKept) kept.delete(kept.keys().next().value ?? '')
    kept.set(key, guide)
  }
  return guide ?? standard
}

const compile = (checking: Checking, version: string, set: string, log: Logger): Guide | null => {
  const attempts = version.length > 6 ? [version, version.slice(0, 6)] : [version]
  for (const each of attempts)
    try {
      return guideOver(each, set, checking.overlays())
    } catch (error) {
      if (!(error instanceof GuideError)) throw error
      log.warn({ guide: checking.key, version: each, set, problems: error.problems }, 'a guide cannot be used')
    }
  return null
}

/**
 * An overlay over a version of the standard (GS08, with the industry its suffix names), compiled.
 * @throws GuideError naming all that is wrong with it
 */
export const guideOver = (version: string, set: string, overlay: Overlay): Guide => {
  if (!overlay.extends.endsWith(`/${set}`)) throw new GuideError([`"${overlay.extends}" is no guide of ${set}`])
  return guideOf(overlay, version)
}
