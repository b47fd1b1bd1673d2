import { asSystem, type Database, type Tx } from '../db/client.ts'
import type { ActiveGuide } from '../guides/rules.ts'
import { activeGuidesAround } from '../guides/service.ts'
import type { Partnership } from '../partners/schema.ts'
import { partnershipsOf } from '../partners/service.ts'
import type { Party, Reference } from '../documents/canonical.ts'
import type { GroupHeader, InterchangeHeader } from '../x12/types.ts'

/** Whose an identifier is, as a sender may name it. */
export type Identifiers = {
  /** "ZZ:NORTHWIND" for ISA pairs, "GS:NORTHWIND" for group codes. */
  readonly own: ReadonlySet<string>
  /** Whom an identifier or GLN belongs to: the sender's partners and the hub's operator. */
  readonly others: ReadonlyMap<string, string>
}

/**
 * What the exchange must know of a sender before it reads: its partnerships, its identifiers and theirs. An identifier may be one
 * organisation's in production and another's in tests; in tests those of production count where it has no owner of its own.
 */
export type SenderProfile = Identifiers & {
  readonly organisationId: string
  readonly tests: Identifiers
  readonly partnerships: readonly Partnership[]
  /** What it and its partners want beside the standard. */
  readonly guides: readonly ActiveGuide[]
}

/** Reads a sender's profile. Runs on the system role: it looks across organisations, and only at identifiers. */
export const loadSender = (db: Database, organisationId: string): Promise<SenderProfile> =>
  asSystem(db, async tx => {
    const partnerships = await partnershipsOf(tx, organisationId)
    const identifiers = await identifiersAround(tx, organisationId)
    const guides = await activeGuidesAround(tx, organisationId)
    const ownersIn = (usage: string) =>
      identifiers
        .filter(identifier => identifier.usage === usage)
        .map(({ qualifier, value, organisationId: owner }) => [`${qualifier}:${value}`, owner] as const)
    const production = ownersIn('production')
    const tests = identifiersOf(organisationId, [...production, ...ownersIn('test')])
    return { organisationId, ...identifiersOf(organisationId, production), tests, partnerships, guides }
  })

/** Of several owners the last one counts. */
const identifiersOf = (organisationId: string, owners: readonly (readonly [key: string, owner: string])[]): Identifiers => {
  const others = new Map(owners)
  const own = new Set([...others].flatMap(([key, owner]) => (owner === organisationId ? [key] : [])))
  for (const key of own) others.delete(key)
  return { own, others }
}

const identifiersAround = (tx: Tx, organisationId: string) =>
  tx.sql<{ organisationId: string; qualifier: string; value: string; usage: string }[]>`
    with around as (
      select ${organisationId}::text as id
      union select seller_id from partnership where buyer_id = ${organisationId}
      union select buyer_id from partnership where seller_id = ${organisationId}
      union select id from organisation where kind = 'operator')
    select organisation_id as "organisationId", qualifier, value, usage from organisation_identifier join around on around.id = organisation_id
    union all
    select id, 'GLN', gln, 'production' from organisation join around using (id) where gln is not null`

const isaKey = (qualifier: string, id: string): string => `${qualifier}:${id}`

/** Whether ISA05/06 belongs to the sender. */
export const ownsInterchange = ({ own }: Identifiers, header: InterchangeHeader): boolean =>
  own.has(isaKey(header.senderQualifier, header.senderId))

/** Whether GS02 belongs to the sender: a group code of its own, or the id of one of its ISA pairs. */
export const ownsGroup = ({ own }: Identifiers, header: GroupHeader): boolean => ownsCode(own, header.senderCode)

const ownsCode = (own: ReadonlySet<string>, code: string): boolean => {
  for (const identifier of own) if (identifier.slice(identifier.indexOf(':') + 1) === code) return true
  return false
}

/** Whether ISA07/08 is the hub or one of the sender's partners. */
export const knowsReceiver = ({ others }: Identifiers, header: InterchangeHeader): boolean =>
  others.has(isaKey(header.receiverQualifier, header.receiverId))

/** What a document says about whom it is for. */
export type Addressing = {
  readonly set: string
  readonly groupReceiver: string // GS03
  readonly interchangeReceiver: string // "ZZ:ACCORD"
  readonly parties: readonly Party[]
  readonly references: readonly Reference[]
}

/** Which side of a partnership sends each set; 830 and others come from either. */
const sentBy: Readonly<Record<string, 'buyer' | 'seller'>> = { '850': 'buyer', '855': 'seller', '860': 'buyer', '865': 'seller', '856': 'seller', '861': 'buyer', '810': 'seller' }

/**
 * The partnership that a set belongs to, or undefined when nothing in it names one. In this order: what the partnership says
 * how its seller is recognised; the receiver's group or interchange identifier; an N1 that holds an identifier of the
 * counterpart. One match decides; two different ones are no answer.
 */
export const partnershipFor = (sender: SenderProfile, addressing: Addressing): Partnership | undefined => {
  const candidates = candidatesFor(sender, addressing.set)
  const only = (matches: readonly Partnership[]): Partnership | undefined => (matches.length === 1 ? matches[0] : undefined)
  const counterpartOf = (partnership: Partnership): string =>
    partnership.buyerId === sender.organisationId ? partnership.sellerId : partnership.buyerId
  const named = (keys: readonly string[]): readonly Partnership[] => {
    const owners = new Set(keys.map(key => sender.others.get(key)).filter(owner => owner !== undefined))
    return candidates.filter(partnership => owners.has(counterpartOf(partnership)))
  }
  return (
    only(
      candidates.filter(partnership => partnership.buyerId === sender.organisationId && recognised(partnership, addressing)),
    ) ??
    only(named([`GS:${addressing.groupReceiver}`, `ZZ:${addressing.groupReceiver}`])) ??
    only(named([addressing.interchangeReceiver])) ??
    only(named(addressing.parties.filter(party => party.id !== undefined && counterpartRoles.has(party.role)).flatMap(partyKeys)))
  )
}

/** The partnerships in which the sender may send such a set at all. */
export const candidatesFor = (sender: SenderProfile, set: string): readonly Partnership[] => {
  const side = sentBy[set]
  return sender.partnerships.filter(
    partnership =>
      partnership.status === 'active' &&
      (side === undefined || (side === 'buyer' ? partnership.buyerId : partnership.sellerId) === sender.organisationId),
  )
}

const counterpartRoles = new Set(['VN', 'SE', 'SU', 'BY', 'BS'])

const partyKeys = (party: Party): string[] =>
  party.idQualifier === 'UL' ? [`GLN:${party.id}`] : [`${party.idQualifier}:${party.id}`, `ZZ:${party.id}`, `GS:${party.id}`]

const recognised = (partnership: Partnership, addressing: Addressing): boolean => {
  const { by, value } = partnership.sellerRecognition
  if (by === undefined || value === undefined) return false
  switch (by) {
    case 'GS03':
      return addressing.groupReceiver === value
    case 'N1*VN':
      return addressing.parties.some(party => ['VN', 'SE', 'SU'].includes(party.role) && party.id === value)
    case 'REF*IA':
      return addressing.references.some(reference => reference.qualifier === 'IA' && reference.value === value)
    default:
      return by satisfies never
  }
}
