import { findingKey, type Finding } from '../../exceptions/finding.ts'
import type { GroupFacts } from '../facts.ts'
import type { PolicyBook } from '../policy.ts'

/** R1: a functional group that went out and was not acknowledged in time, or was rejected. */

const hour = 3_600_000

/** The sets that travel under a functional id (GS01), as people call them. */
const carried: Readonly<Record<string, string>> = {
  PO: 'purchase orders (850)',
  PR: 'order acknowledgements (855)',
  SH: 'ship notices (856)',
  IN: 'invoices (810)',
  PS: 'planning schedules (830)',
}

export const acknowledgementFindings = (groups: readonly GroupFacts[], policies: PolicyBook, now: Date): Finding[] =>
  groups.flatMap(group => {
    const { warnAfterHours, openAfterHours, policy } = policies.settingsFor('R1', {
      ...(group.partnershipId !== null && { partnershipId: group.partnershipId }),
      date: now.toISOString().slice(0, 10),
    })
    const hours = (now.getTime() - Date.parse(group.sentAt)) / hour
    const judged = judge(group.state, hours, warnAfterHours, openAfterHours)
    if (!judged) return []
    const what = `Group ${group.controlNumber} with ${carried[group.functionalId] ?? group.functionalId}`
    const shown = String(Math.floor(hours))
    return [
      {
        rule: 'R1',
        code: judged.code,
        severity: judged.severity,
        key: findingKey('R1', judged.code, group.organisationId, group.messageId, group.ordinal),
        organisationId: group.organisationId,
        ...(group.counterpartId !== null && { counterpartId: group.counterpartId }),
        ...(group.partnershipId !== null && { partnershipId: group.partnershipId }),
        subjectKind: 'message',
        subjectId: group.messageId,
        summary:
          judged.code === 'R1_OVERDUE'
            ? `${what} was sent ${shown} hours ago and has not been acknowledged; a 997 is due within ${openAfterHours} hours.`
            : `${what} was ${judged.code === 'R1_REJECTED' ? 'rejected' : 'accepted only in part'} by the receiver's 997.`,
        // The hours that have passed stay out of the values, or every run would be a new version of the same finding.
        compared:
          judged.code === 'R1_OVERDUE'
            ? {
                expected: dueAt(group.sentAt, openAfterHours),
                actual: null,
                difference: null,
                unit: 'hours',
                tolerance: { warnAfterHours, openAfterHours, policy },
              }
            : { expected: 'accepted', actual: group.state, difference: null, tolerance: {} },
        evidence: [
          {
            side: 'hub',
            documentKind: 'group',
            messageId: group.messageId,
            segment: 'GS',
            element: 6,
            value: group.controlNumber,
          },
          ...(group.acknowledgementMessageId === null
            ? []
            : [
                {
                  side: 'hub' as const,
                  documentKind: 'acknowledgement',
                  messageId: group.acknowledgementMessageId,
                  segment: 'AK9',
                  element: 1,
                  value: group.state === 'rejected' ? 'R' : 'P',
                },
              ]),
        ],
      },
    ]
  })

const dueAt = (sentAt: string, hours: number): string => new Date(Date.parse(sentAt) + hours * hour).toISOString()

const judge = (state: GroupFacts['state'], hours: number, warnAfterHours: number, openAfterHours: number) => {
  switch (state) {
    case 'rejected':
      return { code: 'R1_REJECTED', severity: 'critical' } as const
    case 'partially_accepted':
      return { code: 'R1_PARTIALLY_ACCEPTED', severity: 'error' } as const
    case 'pending':
      return hours >= openAfterHours
        ? ({ code: 'R1_OVERDUE', severity: 'error' } as const)
        : hours >= warnAfterHours
          ? ({ code: 'R1_OVERDUE', severity: 'warning' } as const)
          : undefined
    case 'accepted':
    case 'accepted_with_errors':
      return undefined
    default:
      return state satisfies never
  }
}
