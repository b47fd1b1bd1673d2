import { Location, Organisation, Partnership } from '../../partners/schema.ts'
import { getOrganisation, getPartnership, listLocations, listOrganisations, listPartnerships } from '../../partners/service.ts'
import { builder, load, output, page } from './builder.ts'
import { organisationLoader } from './loaders.ts'
import { query } from './resolve.ts'

export const OrganisationType = output(Organisation)
const PartnershipType = output(Partnership)
const LocationType = output(Location)

builder.objectFields(PartnershipType, t => ({
  buyer: t.field({ type: OrganisationType, nullable: true, resolve: ({ buyerId }, _args, context) => load(context, organisationLoader, buyerId) }),
  seller: t.field({ type: OrganisationType, nullable: true, resolve: ({ sellerId }, _args, context) => load(context, organisationLoader, sellerId) }),
}))

const OrganisationPage = page('Organisation', OrganisationType)
const PartnershipPage = page('Partnership', PartnershipType)
const LocationPage = page('Location', LocationType)

builder.queryFields(t => ({
  organisations: t.field({
    type: OrganisationPage, args: { limit: t.arg.int(), cursor: t.arg.string() }, description: 'Your organisation and those it trades with.',
    resolve: query('records.read', listOrganisations),
  }),
  organisation: t.field({
    type: OrganisationType, args: { id: t.arg.id({ required: true }) },
    resolve: query('records.read', (ctx, { id }: { id: string }) => getOrganisation(ctx, id)),
  }),
  partnerships: t.field({
    type: PartnershipPage, args: { limit: t.arg.int(), cursor: t.arg.string() }, resolve: query('records.read', listPartnerships),
  }),
  partnership: t.field({
    type: PartnershipType, args: { id: t.arg.id({ required: true }) },
    resolve: query('records.read', (ctx, { id }: { id: string }) => getPartnership(ctx, id)),
  }),
  locations: t.field({
    type: LocationPage, args: { limit: t.arg.int(), cursor: t.arg.string(), organisationId: t.arg.id() },
    description: 'Locations of your organisation and its partners.',
    resolve: query('records.read', listLocations),
  }),
}))
