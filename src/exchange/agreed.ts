import type { Database } from '../db/client.ts'
import type { Context } from '../db/context.ts'
import { readDocument } from '../documents/index.ts'
import { compiledGuide } from '../guides/compiled.ts'
import { checkingFor, isPlain, type Checking } from '../guides/rules.ts'
import type { Partnership } from '../partners/schema.ts'
import { readTransaction, standardGuide, type Delimiters, type Finding, type Guide, type ReadEvent, type SetResult } from '../x12/index.ts'
import { openArchive } from './archive.ts'
import { candidatesFor, partnershipFor, type SenderProfile } from './parties.ts'
import { receiver } from './receive.ts'

/** A set is worked on whole, as a tree of up to a hundred times its size: one of more bytes would take the hub's memory. */
export const mostSetBytes = 16 * 1024 * 1024

/** A set judged by what its partnership agreed on, when that is anything but the standard. */
export type Agreed = { readonly result: SetResult; readonly partnership: Partnership }

/**
 * Judges sets of one message as their partnerships want it. Whom a set is for is often said inside it only, so the reader judges all of them
 * by the standard first; those of a sender with whom anybody has agreed otherwise are looked at once more, from the archive.
 */
export const agreedJudge = (
  ctx: Context & { readonly db: Database },
  sender: SenderProfile,
  messageId: string,
): ((event: ReadEvent & { type: 'set' }) => Promise<Agreed | undefined> | undefined) => {
  const archive = openArchive(ctx.db, sender.organisationId, messageId)
  const concerned = new Map<string, boolean>()
  return event => {
    const { set, start, end } = event.result
    const { version } = event.group
    const key = `${version}/${set}`
    let look = concerned.get(key)
    if (look === undefined) {
      look = standardGuide(version, set) !== undefined
        && candidatesFor(sender, set).some(partnership => !isPlain(checkingIn(sender, partnership, set, version)))
      concerned.set(key, look)
    }
    return look && end - start <= mostSetBytes ? judgeAgain(event) : undefined
  }
  async function judgeAgain({ result, group, interchange }: ReadEvent & { type: 'set' }): Promise<Agreed | undefined> {
    const { set, start, end } = result
    const { version } = group
    const bytes = await archive.slice(start, end)
    const partnership = whoseSet(sender, { set, version, groupReceiver: group.receiverCode, interchangeReceiver: receiver(interchange) }, bytes, interchange.delimiters)
    if (!partnership) return undefined
    const checking = checkingIn(sender, partnership, set, version)
    if (isPlain(checking)) return undefined
    const guide = await compiledGuide(ctx, checking, version, set)
    return guide && { partnership, result: judgeSet(bytes, interchange.delimiters, guide, checking.level, version, result) }
  }
}

const checkingIn = (sender: SenderProfile, partnership: Partnership, set: string, version: string): Checking =>
  checkingFor(sender.guides, partnership, sender.organisationId, set, version.slice(0, 6))

type Addressed = { readonly set: string; readonly version: string; readonly groupReceiver: string; readonly interchangeReceiver: string }

const whoseSet = (sender: SenderProfile, addressed: Addressed, bytes: Uint8Array, delimiters: Delimiters): Partnership | undefined => {
  const guide = standardGuide(addressed.version, addressed.set)
  const transaction = guide && readTransaction(bytes, delimiters, guide, { version: addressed.version }).transaction
  const document = transaction && readDocument(transaction)?.document
  return partnershipFor(sender, { ...addressed, parties: document?.parties ?? [], references: document?.references ?? [] })
}

/** Faults of a set's envelope that only the reader of the whole message sees. */
const ofTheMessage = new Set(['set-control-duplicate', 'set-control-invalid', 'set-identifier-invalid'])

/** One set judged by a guide at a level. What the reader found of its place in the message stays. */
export const judgeSet = (
  bytes: Uint8Array,
  delimiters: Delimiters,
  guide: Guide,
  level: Checking['level'],
  version: string,
  before: SetResult,
): SetResult => {
  const kept = before.findings.filter(({ kind }) => ofTheMessage.has(kind))
  const { transaction: _, ...again } = readTransaction(bytes, delimiters, guide, {
    version, level: level === 'envelope' ? 'full' : level, offset: before.start, ordinal: before.ordinal,
  })
  const found = level === 'envelope' ? again.findings.filter(({ kind }) => kind.startsWith('set-')) : again.findings
  const findings: readonly Finding[] = [...kept, ...found]
  return { ...before, findings, outcome: findings.some(({ severity }) => severity === 'error') ? 'R' : 'A' }
}

