import { channelOf } from '../partners/rules.ts'
import type { CheckLevel, Partnership } from '../partners/schema.ts'
import { shippedOverlays } from '../x12/index.ts'
import type { GuideDirection } from './schema.ts'

/** A guide in force, as the exchange needs it; what it says is read when it is first compiled. */
export type ActiveGuide = {
  readonly id: string
  readonly organisationId: string
  readonly partnershipId: string | null
  readonly direction: GuideDirection
  readonly set: string
  readonly x12Version: string
  readonly version: number
}

/** How a set of a partnership is judged: by a stored guide, a shipped one, or the standard and the industry that its GS08 names alone. */
export type Checking = {
  readonly level: CheckLevel
  readonly by?: { readonly stored: string; readonly version: number } | { readonly shipped: string }
}

/** The standard's judgement in full, as where nothing is agreed. */
export const isPlain = ({ level, by }: Checking): boolean => by === undefined && (level === 'full' || level === 'partner')

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
  if (level !== 'partner') return { level }
  const fitting = guides.filter(
    guide => guide.set === set && guide.x12Version === version && (guide.partnershipId === null || guide.partnershipId === partnership.id),
  )
  const of = (organisationId: string, direction: GuideDirection) => {
    const own = fitting.filter(guide => guide.organisationId === organisationId && guide.direction === direction)
    return own.find(guide => guide.partnershipId !== null) ?? own[0]
  }
  const guide = of(receiverId, 'in') ?? of(senderId, 'out')
  if (guide) return { level, by: { stored: guide.id, version: guide.version } }
  return shipped !== null && shippedOverlays(shipped, set, version).length > 0 ? { level, by: { shipped } } : { level }
}
