import { channelOf } from '../partners/rules.ts'
import type { CheckLevel, Partnership } from '../partners/schema.ts'
import { parseOverlay, shippedOverlays, type Overlay } from '../x12/index.ts'
import type { GuideDirection } from './schema.ts'

/** A guide in force, as the exchange needs it. */
export type ActiveGuide = {
  readonly id: string
  readonly organisationId: string
  readonly partnershipId: string | null
  readonly direction: GuideDirection
  readonly set: string
  readonly x12Version: string
  readonly version: number
  readonly overlay: unknown
}

/** How a set of a partnership is judged. Without overlays, by the standard and the industry that its GS08 names. */
export type Checking = {
  readonly level: CheckLevel
  /** Names the overlays, so that what is compiled of them can be kept; undefined without any. */
  readonly key: string | undefined
  readonly overlays: () => Overlay
}

/** The standard's judgement in full, as where nothing is agreed. */
export const isPlain = ({ level, key }: Checking): boolean => key === undefined && (level === 'full' || level === 'partner')

/**
 * How a set that one side sends the other is judged: by what the receiver wants of what it is sent, else by what the sender says
 * of what it sends, each for this partnership before all; else by the shipped guide that the receiver's channel names.
 */
export const checkingFor = (
  guides: readonly ActiveGuide[],
  partnership: Partnership,
  senderId: string,
  set: string,
  version: string,
): Checking => {
  const receiverId = partnership.buyerId === senderId ? partnership.sellerId : partnership.buyerId
  const { checkLevel: level, guide: shipped } = channelOf(partnership, receiverId, set)
  if (level !== 'partner') return { level, key: undefined, overlays: none }
  const fitting = guides.filter(
    guide => guide.set === set && guide.x12Version === version && (guide.partnershipId === null || guide.partnershipId === partnership.id),
  )
  const of = (organisationId: string, direction: GuideDirection) => {
    const own = fitting.filter(guide => guide.organisationId === organisationId && guide.direction === direction)
    return own.find(guide => guide.partnershipId !== null) ?? own[0]
  }
  const guide = of(receiverId, 'in') ?? of(senderId, 'out')
  if (guide) return { level, key: `${guide.id} ${guide.version}`, overlays: () => parseOverlay(guide.overlay) }
  if (shipped !== null && shippedOverlays(shipped, set, version).length > 0)
    return { level, key: `shipped ${shipped}`, overlays: () => ({ extends: `${shipped}/${set}` }) }
  return { level, key: undefined, overlays: none }
}

const none = (): never => {
  throw new Error('there is no overlay')
}
