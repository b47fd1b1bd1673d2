/** Guides by their names: `004010/850` is the standard, `vics/850` a shipped guide, `vics/004030/850` the same over another version. */
import type { Guide } from './compile.ts'
import { GuideError } from './guide.ts'
import { overlayChain, parseReference, shippedOverlays } from './guides.ts'
import type { Overlay } from './overlay.ts'
import { narrowedGuide, standardGuide } from './standard.ts'

const compiled = new Map<string, Guide | null>()

/** A shipped guide over a version of the standard, compiled when first asked for; undefined when it has no such set or does not hold for that version. */
export function shippedGuide(name: string, set: string, version: string): Guide | undefined {
  const key = `${name}/${version}/${set}`
  let guide = compiled.get(key)
  if (guide === undefined) {
    const overlays = shippedOverlays(name, set, version)
    guide = overlays.length === 0 ? null : narrowedGuide(version, set, ...overlays)
    compiled.set(key, guide)
  }
  return guide ?? undefined
}

/** The guide of that name. Throws GuideError, with what could be meant, when there is none. */
export function guideNamed(reference: string): Guide {
  const parts = reference.split('/')
  if (parts.length === 3) {
    const [name = '', version = '', set = ''] = parts
    const guide = shippedGuide(name, set, version)
    if (!guide) throw new GuideError([`there is no guide ${name}/${set} for version ${version}`])
    return guide
  }
  const { name, set, isStandard } = parseReference(reference)
  if (!isStandard) return guideOf({ extends: reference })
  const guide = standardGuide(name, set)
  if (!guide) throw new GuideError([`there is no ${set} in version ${name}`])
  return guide
}

/** The guide that an overlay makes of what it extends, or of the same set in another version. Throws GuideError naming all that is wrong with it. */
export function guideOf(overlay: Overlay, version?: string): Guide {
  const chain = overlayChain(overlay)
  return narrowedGuide(version ?? chain.version, chain.set, ...chain.overlays)
}
