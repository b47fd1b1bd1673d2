import type { Tx } from '../../db/client.ts'
import { selectPartnerships } from '../../partners/queries.ts'
import { buyerDocuments, sellerDocuments, type Channel, type ExchangeIdentity, type Partnership } from '../../partners/schema.ts'
import { newId } from '../../shared/ids.ts'
import { findOrganisations, findPartnerships, isProblem, outcomeOf, type ImportHandler, type Resolved } from '../references.ts'
import { problem, type Cells, type Row } from '../rules.ts'
import type { ImportError } from '../schema.ts'

type Terms = Pick<
  Partnership,
  | 'status'
  | 'usage'
  | 'sellerRecognition'
  | 'buyerIdentity'
  | 'sellerIdentity'
  | 'responseHours'
  | 'forecastPurpose'
  | 'changeQuantity'
>
type Record = Resolved & { readonly buyerId: string; readonly sellerId: string }

export const partnerships: ImportHandler<Record> = {
  async resolve(tx, scope, rows) {
    const organisation = await findOrganisations(tx, scope, rows, ['buyer', 'seller'])
    const records = rows.map((row): Record | ImportError => {
      const buyer = organisation(row, 'buyer')
      if (isProblem(buyer)) return buyer
      const seller = organisation(row, 'seller')
      if (isProblem(seller)) return seller
      if (buyer.id === seller.id)
        return problem(row, 'seller', 'same-organisation', 'Buyer and seller are the same organisation.')
      const { recognised_by: by, recognised_value: value, x12_version: version } = row.cells
      if ((by === undefined) !== (value === undefined))
        return problem(
          row,
          by === undefined ? 'recognised_by' : 'recognised_value',
          'required',
          'recognised_by and recognised_value go together.',
        )
      if (version !== undefined && !/^\d{6}$/.test(version))
        return problem(row, 'x12_version', 'invalid-version', 'Six digits, such as 004010.')
      return { row, keys: [`${buyer.id} ${seller.id}`], buyerId: buyer.id, sellerId: seller.id }
    })
    return checkIdentities(tx, records)
  },

  async write(tx, scope, records) {
    const id = await findPartnerships(tx, records)
    const stored = await selectPartnerships(tx.sql, { ids: records.flatMap(record => id(record) ?? []) })
    const present = new Map(stored.map(each => [each.id, each]))
    const changes = records.map(({ row, buyerId, sellerId }) => {
      const before = present.get(id({ buyerId, sellerId }) ?? '')
      const after = {
        ...termsOf(row.cells, before),
        channels: channelsOf(row.cells, { buyerId, sellerId }, before?.channels ?? []),
      }
      return { id: before?.id ?? newId('prt'), buyerId, sellerId, after, outcome: outcomeOf(before, after) }
    })
    const written = changes.filter(change => change.outcome !== 'unchanged')
    if (written.length === 0) return changes.map(change => change.outcome)
    const terms = written.map(({ id: key, buyerId, sellerId, after }) => ({ id: key, buyerId, sellerId, ...after }))
    await tx.sql`
      insert into partnership as p (id, buyer_id, seller_id, status, usage, seller_recognition, buyer_identity, seller_identity,
        response_hours, forecast_purpose, change_quantity,
        created_at, updated_at)
      select id, "buyerId", "sellerId", status, usage, "sellerRecognition", "buyerIdentity", "sellerIdentity", "responseHours",
        "forecastPurpose", "changeQuantity",
        ${scope.now}, ${scope.now}
      from jsonb_to_recordset(${JSON.stringify(terms)}::jsonb) as r(id text, "buyerId" text, "sellerId" text, status text,
        usage text, "sellerRecognition" jsonb,
        "buyerIdentity" jsonb, "sellerIdentity" jsonb, "responseHours" int, "forecastPurpose" text,
        "changeQuantity" text)
      on conflict (id) do update set status = excluded.status, usage = excluded.usage,
        seller_recognition = excluded.seller_recognition,
        buyer_identity = excluded.buyer_identity, seller_identity = excluded.seller_identity,
          response_hours = excluded.response_hours,
        forecast_purpose = excluded.forecast_purpose, change_quantity = excluded.change_quantity, updated_at = excluded.updated_at, version = p.version + 1`
    await writeChannels(tx, written.flatMap(({ id: partnershipId, buyerId, sellerId, after }) => after.channels.map(channel =>
      ({ ...channel, partnershipId, counterpartId: channel.organisationId === buyerId ? sellerId : buyerId }))))
    return changes.map(change => change.outcome)
  },
}

const termsOf = (cells: Cells, before: Partnership | undefined): Terms => ({
  status: (cells.status as Terms['status'] | undefined) ?? before?.status ?? 'active',
  usage: (cells.usage as Terms['usage'] | undefined) ?? before?.usage ?? 'production',
  sellerRecognition: cells.recognised_by === undefined
    ? before?.sellerRecognition ?? {}
    : { by: cells.recognised_by as 'GS03' | 'N1*VN' | 'REF*IA', value: cells.recognised_value ?? '' },
  buyerIdentity: identityOf(cells.buyer_identity) ?? before?.buyerIdentity ?? null,
  sellerIdentity: identityOf(cells.seller_identity) ?? before?.sellerIdentity ?? null,
  responseHours: cells.response_hours === undefined ? (before?.responseHours ?? 24) : Number(cells.response_hours),
  forecastPurpose:
    (cells.forecast_purpose as Terms['forecastPurpose'] | undefined) ?? before?.forecastPurpose ?? 'SALES_FORECAST',
  changeQuantity: (cells.change_quantity as Terms['changeQuantity'] | undefined) ?? before?.changeQuantity ?? 'absolute',
})

/** `ZZ:NORTHGATE` or `ZZ:NORTHGATE:GROUP`. */
const identityOf = (text: string | undefined): ExchangeIdentity | undefined => {
  if (text === undefined) return undefined
  const [qualifier = '', id = '', group = id] = text.split(':')
  return { qualifier, id, group }
}

/** The channels as they will be, in the order in which they are read. */
const channelsOf = (cells: Cells, sides: { buyerId: string; sellerId: string }, before: readonly Channel[]): Channel[] => {
  const channels = new Map(before.map(channel => [`${channel.organisationId} ${channel.document}`, channel]))
  const set = (organisationId: string, documents: readonly string[], x12: string | undefined) => {
    if (x12 === undefined) return
    for (const document of documents) {
      const key = `${organisationId} ${document}`
      const known = channels.get(key) ?? {
        organisationId,
        document,
        x12Version: '004010',
        guide: null,
        checkLevel: 'partner' as const,
        ackAs: 'auto' as const,
        ackDetail: 'set' as const,
      }
      channels.set(key, { ...known, channel: x12.split(' ').includes(document) ? 'x12' : 'portal' })
    }
  }
  set(sides.buyerId, buyerDocuments, cells.buyer_x12)
  set(sides.sellerId, sellerDocuments, cells.seller_x12)
  return [...channels.keys()].sort().flatMap(key => {
    const channel = channels.get(key)
    return channel ? [{ ...channel, x12Version: cells.x12_version ?? channel.x12Version }] : []
  })
}

const writeChannels = (tx: Tx, channels: readonly (Channel & { partnershipId: string; counterpartId: string })[]) => tx.sql`
  insert into partnership_channel (partnership_id, organisation_id, counterpart_id, document, channel, x12_version, guide,
    ack_detail)
  select "partnershipId", "organisationId", "counterpartId", document, channel, "x12Version", guide, "ackDetail"
  from jsonb_to_recordset(${JSON.stringify(channels)}::jsonb) as r("partnershipId" text, "organisationId" text,
    "counterpartId" text, document text, channel text,
    "x12Version" text, guide text, "ackDetail" text)
  on conflict (partnership_id, organisation_id, document) do update set channel = excluded.channel,
    x12_version = excluded.x12_version`

/** What signs for an organisation must be its own, or a partner would take it for another. */
const checkIdentities = async (tx: Tx, records: readonly (Record | ImportError)[]): Promise<(Record | ImportError)[]> => {
  const good = records.filter((record): record is Record => !isProblem(record))
  const owned = await tx.sql<{ key: string }[]>`
    select organisation_id || ' ' || qualifier || ':' || value as key from organisation_identifier
    where organisation_id = any(${good.flatMap(record => [record.buyerId, record.sellerId])}::text[])`
  const known = new Set(owned.map(each => each.key))
  const fault = (row: Row, column: string, organisationId: string): ImportError | undefined => {
    const identity = identityOf(row.cells[column])
    return identity === undefined || known.has(`${organisationId} ${identity.qualifier}:${identity.id}`)
      ? undefined
      : problem(
          row,
          column,
          'unknown-identifier',
          'This identifier is not registered for the organisation; import identifiers first.',
        )
  }
  return records.map(record => isProblem(record)
    ? record
    : fault(record.row, 'buyer_identity', record.buyerId) ?? fault(record.row, 'seller_identity', record.sellerId) ?? record)
}
