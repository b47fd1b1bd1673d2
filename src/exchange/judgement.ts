import {
  isAcknowledgement,
  AcknowledgementBuilder,
  type GroupResult,
  type InterchangeHeader,
  type InterchangeResult,
  type ReadEvent,
  type SetResult,
} from '../x12/index.ts'
import { counterpartOf } from '../partners/rules.ts'
import { acknowledgementWish, type InterchangeVerdict } from './acknowledge.ts'
import type { Agreed } from './agreed.ts'
import { knowsReceiver, ownsGroup, ownsInterchange, type Identifiers, type SenderProfile } from './parties.ts'
import { isTest, receiver, sender as senderOf } from './receive.ts'
import type { InterchangeState, InterchangeSummary } from './schema.ts'
import { storable } from './text.ts'

type Verdict = { readonly state: InterchangeState; readonly code?: string; readonly detail?: string; readonly noteCode?: string }
export type JudgedSet = {
  readonly group: number
  readonly result: SetResult
  readonly state: string
  /** Of a set that was rejected as its partnership wants it judged. */
  readonly partnership?: { readonly id: string; readonly counterpartId: string }
}
export type JudgedGroup = { readonly ordinal: number; readonly interchange: number; readonly result: GroupResult }

/** What one transmission holds at most. More is no traffic of documents, and what is kept of each part would fill the memory. */
const most = { interchanges: 5000, groups: 20_000, 'transaction sets': 2_000_000 } as const
/** So many findings of a message are kept and told; of the sets after that, one for each code of their AK5. */
const findingsInFull = 100_000

/** Collects what the reader says, interchange by interchange. */
export class Judgement {
  readonly sets: JudgedSet[] = []
  readonly groups: JudgedGroup[] = []
  readonly interchanges: InterchangeVerdict[] = []
  junk = ''
  readonly sender: SenderProfile
  private readonly keep: ReadonlyMap<number, InterchangeSummary>
  private ordinal = -1
  private group = -1
  private set = -1
  private findings = 0
  private open:
    | {
        header: InterchangeHeader
        verdict: Verdict
        firstGroup: number
        firstSet: number
        accepted: number
        acceptedInGroup: number
        /** A set of the group was judged otherwise than the reader did. */
        regrouped: boolean
        rejected: number
        acknowledgement: AcknowledgementBuilder
      }
    | undefined

  constructor(sender: SenderProfile, keep: ReadonlyMap<number, InterchangeSummary>) {
    this.sender = sender
    this.keep = keep
  }

  /** Says what there is too much of, when there is. */
  get excess(): string | undefined {
    const found = { interchanges: this.ordinal + 1, groups: this.group + 1, 'transaction sets': this.set + 1 }
    for (const [what, limit] of Object.entries(most))
      if (found[what as keyof typeof most] > limit)
        return `The transmission holds more than ${limit} ${what}. It was not processed; send it in several.`
    return undefined
  }

  /** `agreed` is what the set's partnership makes of it, when that is not the standard. */
  take(event: ReadEvent, agreed?: Agreed): void {
    switch (event.type) {
      case 'interchange':
        return this.begin(event.header)
      case 'group':
        return this.beginGroup(event)
      case 'set':
        return this.takeSet(event.result, agreed)
      case 'group-end':
        return this.endGroup(event.result)
      case 'interchange-end':
        return this.end(event.result)
      case 'ta1':
        return
      case 'junk':
        this.junk ||= storable(event.finding.message)
        return
      default:
        event satisfies never
    }
  }

  /** All interchanges of the message in order, those kept from before included. */
  summaries(): InterchangeSummary[] {
    return [...this.keep.values(), ...this.interchanges.map(({ summary }) => summary)].sort((a, b) => a.ordinal - b.ordinal)
  }

  private begin(header: InterchangeHeader): void {
    this.ordinal += 1
    this.open = {
      header,
      verdict: verdictOn(this.sender, header),
      firstGroup: this.group + 1,
      firstSet: this.set + 1,
      accepted: 0,
      acceptedInGroup: 0,
      regrouped: false,
      rejected: 0,
      acknowledgement: new AcknowledgementBuilder(header, acknowledgementWish(this.sender, header)),
    }
  }

  private beginGroup({ header }: ReadEvent & { type: 'group' }): void {
    this.group += 1
    const open = this.open!
    open.acknowledgement.beginGroup(header)
    if (open.verdict.state === 'accepted' && !ownsGroup(identifiersFor(this.sender, open.header), header))
      open.verdict = {
        state: 'quarantined',
        code: 'exchange/group-not-yours',
        detail: `GS02 ${storable(header.senderCode)} is not one of your identifiers. Register it, or correct the group header.`,
      }
  }

  private takeSet(plain: SetResult, agreed: Agreed | undefined): void {
    this.set += 1
    const open = this.open!
    const given = agreed?.result ?? plain
    if (given.outcome !== plain.outcome) open.regrouped = true
    const result = this.findings < findingsInFull ? given : { ...given, findings: oneOfEachCode(given.findings) }
    this.findings += result.findings.length
    open.acknowledgement.addSet(result)
    if (result.outcome === 'R') open.rejected += 1
    else {
      open.accepted += 1
      open.acceptedInGroup += 1
    }
    // Acknowledgements of test documents are matched like others; matching keeps test and production apart.
    const state = result.outcome === 'R' ? 'rejected' : isTest(open.header) && !isAcknowledgement(result.set) ? 'checked' : 'accepted'
    if (this.keep.has(this.ordinal)) return
    const { organisationId } = this.sender
    // The partner whose guide rejected a set may see it; of others it learns when they are applied.
    const told = agreed && result.outcome === 'R' && open.verdict.state === 'accepted' && !isTest(open.header)
    const partnership = told && { id: agreed.partnership.id, counterpartId: counterpartOf(agreed.partnership, organisationId) }
    this.sets.push({ group: this.group, result, state, ...(partnership && { partnership }) })
  }

  private endGroup(plain: GroupResult): void {
    const open = this.open!
    const result = open.regrouped ? regrouped(plain, open.acceptedInGroup) : plain
    open.regrouped = false
    open.acknowledgement.endGroup(result)
    if (result.outcome === 'R') {
      // A group rejected as a whole takes its sets with it.
      open.rejected += open.acceptedInGroup
      open.accepted -= open.acceptedInGroup
    }
    open.acceptedInGroup = 0
    if (!this.keep.has(this.ordinal)) this.groups.push({ ordinal: this.group, interchange: this.ordinal, result })
  }

  private end(result: InterchangeResult): void {
    const open = this.open!
    this.open = undefined
    if (this.keep.has(this.ordinal)) return
    const { header, verdict } = open
    const state: InterchangeState = verdict.state === 'accepted' && result.outcome === 'R' ? 'rejected' : verdict.state
    this.interchanges.push({
      result,
      acknowledgement: open.acknowledgement,
      summary: {
        ordinal: this.ordinal,
        start: header.offset,
        end: result.end,
        sender: senderOf(header),
        receiver: receiver(header),
        controlNumber: storable(header.controlNumber),
        version: header.version,
        test: isTest(header),
        delimiters: header.delimiters,
        state,
        noteCode: verdict.noteCode ?? result.noteCode,
        ...(verdict.code === undefined ? {} : { errorCode: verdict.code }),
        ...(verdict.detail === undefined ? {} : { errorDetail: verdict.detail }),
        firstGroup: open.firstGroup,
        groupCount: this.group + 1 - open.firstGroup,
        firstSet: open.firstSet,
        setCount: this.set + 1 - open.firstSet,
        acceptedSets: open.accepted,
        rejectedSets: open.rejected,
      },
    })
  }
}

/** The verdict on a group some of whose sets were judged again. */
const regrouped = (result: GroupResult, accepted: number): GroupResult => {
  const rejected = result.findings.some(({ severity }) => severity === 'error') || (result.received > 0 && accepted === 0)
  return { ...result, outcome: rejected ? 'R' : accepted < result.received ? 'P' : 'A', accepted: rejected ? 0 : accepted }
}

const identifiersFor = (sender: SenderProfile, header: InterchangeHeader): Identifiers =>
  isTest(header) ? sender.tests : sender

const oneOfEachCode = (findings: SetResult['findings']): SetResult['findings'] => {
  const codes = new Map(findings.toReversed().map(finding => [finding.severity === 'error' ? finding.setCode : undefined, finding]))
  codes.delete(undefined)
  return [...codes.values()]
}

/** Whether an interchange may come from this sender to the receiver it names. */
const verdictOn = (sender: SenderProfile, header: InterchangeHeader): Verdict => {
  const identifiers = identifiersFor(sender, header)
  if (!ownsInterchange(identifiers, header))
    return {
      state: 'quarantined',
      code: 'exchange/sender-not-yours',
      detail: `ISA05/06 ${senderOf(header)} is not one of your identifiers. Register it, or correct the interchange.`,
    }
  if (!knowsReceiver(identifiers, header))
    return {
      state: 'rejected',
      noteCode: '008',
      code: 'exchange/receiver-unknown',
      detail: `ISA07/08 ${receiver(header)} is neither the hub nor one of your partners.`,
    }
  return { state: 'accepted' }
}
