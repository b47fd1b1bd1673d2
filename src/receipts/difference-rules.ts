/** What the two sides may say to a difference between what was shipped and what was received, and where that leaves it. */

export const differenceStates = ['open', 'disputed', 'upheld', 'agreed', 'conceded', 'gone', 'resolved'] as const
/**
 * open: nobody has answered. disputed: the seller stands by its ship notice. upheld: the buyer stands by its receipt. agreed: the seller
 * takes the buyer's value. conceded: the buyer takes the seller's. gone: it no longer holds. resolved: closed by a person otherwise.
 */
export type DifferenceState = (typeof differenceStates)[number]
export type Side = 'buyer' | 'seller'
export type Answer = 'agree' | 'dispute'

/** To agree is to take the other side's value; to dispute, to stand by one's own. */
const next: Readonly<Record<DifferenceState, Readonly<Record<Side, Partial<Record<Answer, DifferenceState>>>>>> = {
  open: { seller: { agree: 'agreed', dispute: 'disputed' }, buyer: { agree: 'conceded' } },
  disputed: { seller: { agree: 'agreed' }, buyer: { agree: 'conceded', dispute: 'upheld' } },
  upheld: { seller: { agree: 'agreed', dispute: 'disputed' }, buyer: { agree: 'conceded' } },
  agreed: { seller: {}, buyer: {} },
  conceded: { seller: {}, buyer: {} },
  gone: { seller: {}, buyer: {} },
  resolved: { seller: {}, buyer: {} },
}

/** Where an answer leads; undefined when that side cannot give it now. */
export const afterAnswer = (from: DifferenceState, side: Side, answer: Answer): DifferenceState | undefined => next[from][side][answer]
