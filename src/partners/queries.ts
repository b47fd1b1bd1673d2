import type { Sql } from '../db/client.ts'
import type { Channel, Location, Organisation, Partnership } from './schema.ts'

/** Which partnerships: by id, between two parties, of one organisation; all that the role may see when empty. */
export type PartnershipFilter = {
  id?: string
  ids?: readonly string[]
  buyerId?: string
  sellerId?: string
  organisationId?: string
  after?: string
  limit?: number
}

/** Partnerships with both names and all channels, oldest first. One statement. */
export const selectPartnerships = (sql: Sql, filter: PartnershipFilter) => sql<Partnership[]>`
  select p.id, p.buyer_id as "buyerId", p.seller_id as "sellerId", b.name as "buyerName", s.name as "sellerName", p.status,
    p.usage,
    p.seller_recognition as "sellerRecognition", p.buyer_identity as "buyerIdentity", p.seller_identity as "sellerIdentity",
    p.response_hours as "responseHours", p.forecast_purpose as "forecastPurpose",
    p.change_quantity as "changeQuantity", p.version,
    coalesce((select jsonb_agg(jsonb_build_object('organisationId', c.organisation_id, 'document', c.document, 'channel',
      c.channel,
        'x12Version', c.x12_version, 'guide', c.guide, 'checkLevel', c.check_level, 'ackAs', c.ack_as, 'ackDetail', c.ack_detail) order by c.organisation_id, c.document)
      from partnership_channel c where c.partnership_id = p.id), '[]') as channels
  from partnership p join organisation b on b.id = p.buyer_id join organisation s on s.id = p.seller_id
  where true
    ${filter.id === undefined ? sql`` : sql`and p.id = ${filter.id}`}
    ${filter.ids === undefined ? sql`` : sql`and p.id = any(${filter.ids as string[]}::text[])`}
    ${filter.buyerId === undefined ? sql`` : sql`and p.buyer_id = ${filter.buyerId}`}
    ${filter.sellerId === undefined ? sql`` : sql`and p.seller_id = ${filter.sellerId}`}
    ${filter.organisationId === undefined ? sql`` : sql`and ${filter.organisationId} in (p.buyer_id, p.seller_id)`}
    ${filter.after === undefined ? sql`` : sql`and p.id > ${filter.after}`}
  order by p.id
  ${filter.limit === undefined ? sql`` : sql`limit ${filter.limit}`}`

export const selectOrganisations = (
  sql: Sql,
  filter: { id?: string; ids?: readonly string[]; after?: string; limit?: number },
) => sql<Organisation[]>`
  select id, name, kind, gln, gs1_prefix as "gs1Prefix", currency, time_zone as "timeZone" from organisation
  where true
    ${filter.id === undefined ? sql`` : sql`and id = ${filter.id}`}
    ${filter.ids === undefined ? sql`` : sql`and id = any(${[...filter.ids]}::text[])`}
    ${filter.after === undefined ? sql`` : sql`and id > ${filter.after}`}
  order by id
  ${filter.limit === undefined ? sql`` : sql`limit ${filter.limit}`}`

export const selectLocations = (sql: Sql, filter: { organisationId?: string; after?: string; limit?: number }) => sql<Location[]>`
  select id, organisation_id as "organisationId", code, gln, name, kind, address, time_zone as "timeZone",
    valid_from as "validFrom", valid_to as "validTo" from location
  where true
    ${filter.organisationId === undefined ? sql`` : sql`and organisation_id = ${filter.organisationId}`}
    ${filter.after === undefined ? sql`` : sql`and id > ${filter.after}`}
  order by id
  ${filter.limit === undefined ? sql`` : sql`limit ${filter.limit}`}`

export const selectIdentifiers = (sql: Sql, organisationId: string) => sql<
  { qualifier: string; value: string; usage: 'production' | 'test' }[]
>`
  select qualifier, value, usage from organisation_identifier where organisation_id = ${organisationId} order by qualifier,
    value, usage`

/** Writes one channel of one side. */
export const upsertChannel = (sql: Sql, partnershipId: string, counterpartId: string, channel: Channel) => sql`
  insert into partnership_channel (partnership_id, organisation_id, counterpart_id, document, channel, x12_version, guide,
    check_level, ack_as, ack_detail)
  values (${partnershipId}, ${channel.organisationId}, ${counterpartId}, ${channel.document}, ${channel.channel},
    ${channel.x12Version}, ${channel.guide},
    ${channel.checkLevel}, ${channel.ackAs}, ${channel.ackDetail})
  on conflict (partnership_id, organisation_id, document) do update set channel = excluded.channel,
    x12_version = excluded.x12_version,
    guide = excluded.guide, check_level = excluded.check_level, ack_as = excluded.ack_as, ack_detail = excluded.ack_detail`
