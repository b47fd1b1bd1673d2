/** What a partner's 997 or 999 says of the group that we sent. */
import { component, first, loops, segments, text } from './tree.ts'
import type { GroupOutcome, Loop, SetOutcome, Transaction } from './types.ts'

export interface AcknowledgedElement {
  readonly element: number
  readonly component: number
  readonly repetition: number
  /** X12 data element number. */
  readonly reference: string
  /** AK403 / IK403. */
  readonly code: string
  readonly value: string
}

export interface AcknowledgedSegment {
  readonly segmentId: string
  readonly position: number
  /** AK304 / IK304. */
  readonly code: string
  readonly elements: readonly AcknowledgedElement[]
}

export interface AcknowledgedSet {
  readonly set: string
  readonly controlNumber: string
  readonly outcome: SetOutcome
  /** AK502 to AK506. */
  readonly errors: readonly string[]
  readonly segments: readonly AcknowledgedSegment[]
}

export interface ParsedAcknowledgement {
  readonly groupFunctionalId: string
  readonly groupControlNumber: string
  readonly groupOutcome: GroupOutcome
  readonly included: number
  readonly received: number
  readonly accepted: number
  /** AK905 to AK909. */
  readonly errors: readonly string[]
  /** Empty when the partner answers for the group only: then the group's outcome is that of each set. */
  readonly sets: readonly AcknowledgedSet[]
}

/** Whether a set (ST01) is an acknowledgement of sets: they are matched with what they answer, and never acknowledged themselves. */
export function isAcknowledgement(set: string): boolean {
  return set === '997' || set === '999'
}

/** Read a 997 or 999 that was accepted by its guide. */
export function parseAcknowledgement(transaction: Transaction): ParsedAcknowledgement {
  const { root } = transaction
  const group = first(root, 'AK1')
  const verdict = first(root, 'AK9')
  return {
    groupFunctionalId: text(group, 1),
    groupControlNumber: text(group, 2),
    groupOutcome: groupOutcome(text(verdict, 1)),
    included: Number(text(verdict, 2)),
    received: Number(text(verdict, 3)),
    accepted: Number(text(verdict, 4)),
    errors: codes(5, n => text(verdict, n)),
    sets: loops(root, 'AK2').map(acknowledgedSet),
  }
}

function acknowledgedSet(loop: Loop): AcknowledgedSet {
  const set = first(loop, 'AK2')
  const verdict = first(loop, 'AK5') ?? first(loop, 'IK5')
  return {
    set: text(set, 1),
    controlNumber: text(set, 2),
    outcome: setOutcome(text(verdict, 1)),
    errors: codes(2, n => text(verdict, n)),
    segments: [...loops(loop, 'AK3'), ...loops(loop, 'IK3')].map(acknowledgedSegment),
  }
}

function acknowledgedSegment(loop: Loop): AcknowledgedSegment {
  const fault = first(loop, 'AK3') ?? first(loop, 'IK3')
  // In a 999 each IK4 begins a loop of its own, for the CTX segments that may follow it.
  const elements = [...segments(loop, 'AK4'), ...loops(loop, 'IK4').flatMap(each => first(each, 'IK4') ?? [])]
  return {
    segmentId: text(fault, 1),
    position: Number(text(fault, 2)),
    code: text(fault, 4),
    elements: elements.map(element => ({
      element: Number(component(element, 1, 1)),
      component: Number(component(element, 1, 2)),
      repetition: Number(component(element, 1, 3)),
      reference: text(element, 2),
      code: text(element, 3),
      value: text(element, 4),
    })),
  }
}

function codes(from: number, at: (n: number) => string): string[] {
  return [0, 1, 2, 3, 4].map(i => at(from + i)).filter(code => code !== '')
}

// M, W and X reject for reasons of security; to the sender they are rejections.
function setOutcome(code: string): SetOutcome {
  return code === 'A' || code === 'E' ? code : 'R'
}

function groupOutcome(code: string): GroupOutcome {
  return code === 'A' || code === 'E' || code === 'P' ? code : 'R'
}
