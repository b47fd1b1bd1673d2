import { findingKey, type Finding } from '../../exceptions/finding.ts'
import type { Evidence } from '../../exceptions/schema.ts'
import type { ControlConflictFacts, ControlGapFacts } from '../facts.ts'
import type { PolicyBook } from '../policy.ts'

/**
 * R2: interchange control numbers (ISA13), by both interchange ids and ISA15. The same number with the same bytes is a
 * duplicate and only an event; with other bytes it is a conflict; numbers passed over are a gap, where gaps are watched.
 */

const day = 86_400_000
const hour = 3_600_000

export const controlConflicts = (conflicts: readonly ControlConflictFacts[], policies: PolicyBook, now: Date): Finding[] => {
  const { conflictWithinDays, policy } = policies.settingsFor('R2', { date: now.toISOString().slice(0, 10) })
  return conflicts
    .filter(conflict => Date.parse(conflict.receivedAt) - Date.parse(conflict.firstSeenAt) <= conflictWithinDays * day)
    .map((conflict): Finding => ({
      rule: 'R2',
      code: 'R2_CONFLICT',
      severity: 'error',
      key: findingKey(
        'R2',
        'R2_CONFLICT',
        conflict.organisationId,
        conflict.sender,
        conflict.receiver,
        conflict.controlNumber,
        String(conflict.test),
        conflict.messageId,
      ),
      organisationId: conflict.organisationId,
      subjectKind: 'message',
      subjectId: conflict.messageId,
      summary:
        `Interchange ${conflict.controlNumber} from ${conflict.sender} to ${conflict.receiver} came again with other content; ` +
        'it is kept in quarantine. Release it when the number was used again on purpose.',
      compared: {
        expected: 'the same content, or a new number',
        actual: conflict.controlNumber,
        difference: null,
        tolerance: { conflictWithinDays, policy },
      },
      evidence: [isa(conflict.firstMessageId, conflict.controlNumber), isa(conflict.messageId, conflict.controlNumber)],
    }))
}

export const controlGaps = (gaps: readonly ControlGapFacts[], policies: PolicyBook, now: Date): Finding[] => {
  const { gapWatch, gapAfterHours, largestGap, policy } = policies.settingsFor('R2', { date: now.toISOString().slice(0, 10) })
  if (!gapWatch) return []
  return gaps
    .filter(gap => gap.missing <= largestGap && now.getTime() - Date.parse(gap.noticedAt) >= gapAfterHours * hour)
    .map((gap): Finding => ({
      rule: 'R2',
      code: 'R2_GAP',
      severity: 'warning',
      key: findingKey('R2', 'R2_GAP', gap.organisationId, gap.sender, gap.receiver, String(gap.test), gap.before, gap.after),
      organisationId: gap.organisationId,
      subjectKind: 'control_numbers',
      subjectId: `${gap.sender} ${gap.receiver}`,
      summary: `${gap.missing} interchange${gap.missing === 1 ? '' : 's'} between ${gap.before} and ${gap.after} from ${gap.sender} to ${gap.receiver} did not arrive.`,
      compared: {
        expected: '0',
        actual: String(gap.missing),
        difference: String(gap.missing),
        tolerance: { gapAfterHours, largestGap, policy },
      },
      evidence: [isa(gap.beforeMessageId, gap.before), isa(gap.afterMessageId, gap.after)],
    }))
}

const isa = (messageId: string, controlNumber: string): Evidence => ({
  side: 'hub',
  documentKind: 'interchange',
  messageId,
  segment: 'ISA',
  element: 13,
  value: controlNumber,
})
