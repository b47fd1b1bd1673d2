import { readAs } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { GuideError, guideOf, parseOverlay, standardGuide, type Guide, type Overlay } from '../x12/index.ts'
import { selectGuide } from './queries.ts'
import type { Checking } from './rules.ts'

/** Compiled guides that are kept: a guide is a few hundred kilobytes, and each is asked for with every set of its partner. */
const mostKept = 200
const kept = new Map<string, Guide | null>()

/**
 * The guide that a set is judged by; undefined when its set or version is not handled. A stored guide that cannot be used any more, because
 * the standard under it was put right, stops no traffic: the set is judged as if it had none, and the log says so.
 */
export const compiledGuide = async (ctx: Context, { by }: Checking, version: string, set: string): Promise<Guide | undefined> => {
  const standard = standardGuide(version, set)
  if (!standard || !by) return standard
  const key = `${'stored' in by ? `${by.stored} ${by.version}` : by.shipped} ${version}/${set}`
  let guide = kept.get(key)
  if (guide === undefined) {
    const overlay = 'stored' in by ? await storedOverlay(ctx, by.stored) : { extends: `${by.shipped}/${set}` }
    if (overlay === undefined) return standard // taken out of force a moment ago
    guide = compile(ctx, key, version, set, overlay)
    if (kept.size >= mostKept) kept.delete(kept.keys().next().value ?? '')
    kept.set(key, guide)
  }
  return guide ?? standard
}

const storedOverlay = async (ctx: Context, id: string): Promise<unknown> => {
  const [row] = await readAs(ctx.db, ctx.actor.organisationId, sql => selectGuide(sql, id))
  return row?.overlay
}

/** Over the industry that GS08 names, or, where the two contradict each other, over the standard. */
const compile = ({ log }: Context, key: string, version: string, set: string, overlay: unknown): Guide | null => {
  for (const each of new Set([version, version.slice(0, 6)]))
    try {
      return guideOver(each, set, parseOverlay(overlay))
    } catch (error) {
      if (!(error instanceof GuideError)) throw error
      log.warn({ guide: key, problems: error.problems }, 'a guide cannot be used')
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
