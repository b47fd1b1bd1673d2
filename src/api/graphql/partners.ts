import { ChannelChange, Location, Organisation, Partnership } from '../../partners/schema.ts'
import {
  getOrganisation,
  getPartnership,
  listLocations,
  listOrganisations,
  listPartnerships,
  setChannel,
} from '../../partners/service.ts'
import { checker } from '../checker.ts'
import { builder, input, load, output, page } from './builder.ts'
import { organisationLoader } from './loaders.ts'
import { mutation, query } from './resolve.ts'

export const OrganisationType = output(Organisation)
const PartnershipType = output(Partnership)
const LocationType = output(Location)

builder.objectFields(PartnershipType, t => ({
  buyer: t.field({
    type: OrganisationType,
    nullable: true,
    resolve: ({ buyerId }, _args, context) => load(context, organisationLoader, buyerId),
  }),
  seller: t.field({
    type: OrganisationType,
    nullable: true,
    resolve: ({ sellerId }, _args, context) => load(context, organisationLoader, sellerId),
  }),
}))

const OrganisationPage = page('Organisation', OrganisationType)
const PartnershipPage = page('Partnership', PartnershipType)
const LocationPage = page('Location', LocationType)

builder.queryFields(t => ({
  organisations: t.field({
    type: OrganisationPage,
    args: { limit: t.arg.int(), cursor: t.arg.string() },
    description: 'Your organisation and those it trades with.',
    resolve: query('records.read', listOrganisations),
  }),
  organisation: t.field({
    type: OrganisationType,
    args: { id: t.arg.id({ required: true }) },
    resolve: query('records.read', (ctx, { id }: { id: string }) => getOrganisation(ctx, id)),
  }),
  partnerships: t.field({
    type: PartnershipPage,
    args: { limit: t.arg.int(), cursor: t.arg.string() },
    resolve: query('records.read', listPartnerships),
  }),
  partnership: t.field({
    type: PartnershipType,
    args: { id: t.arg.id({ required: true }) },
    resolve: query('records.read', (ctx, { id }: { id: string }) => getPartnership(ctx, id)),
  }),
  locations: t.field({
    type: LocationPage,
    args: { limit: t.arg.int(), cursor: t.arg.string(), organisationId: t.arg.id() },
    description: 'Locations of your organisation and its partners.',
    resolve: query('records.read', listLocations),
  }),
}))

const checkChannel = checker(ChannelChange)

builder.mutationFields(t => ({
  setChannel: t.field({
    type: PartnershipType,
    description: 'Change how your side receives one kind of document.',
    args: {
      partnershipId: t.arg.id({ required: true }),
      document: t.arg.string({ required: true, description: 'X12 set id: 855, 856, 810 …' }),
      input: t.arg({ type: input(ChannelChange), required: true }),
      ifVersion: t.arg.int(),
    },
    resolve: mutation(
      'partnerships.configure',
      (ctx, args: { partnershipId: string; document: string; input: ChannelChange; ifVersion?: number }) =>
        setChannel(ctx, args.partnershipId, args.document, checkChannel(args.input), args.ifVersion),
    ),
  }),
}))
