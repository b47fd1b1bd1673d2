import { previewGuide, type PreviewRequest } from '../../exchange/preview.ts'
import { GuidePreview } from '../../exchange/schema.ts'
import { Guide, GuideChange, GuideDifferences, GuideFilter, GuideSummary, NewGuide } from '../../guides/schema.ts'
import {
  activateGuide,
  compareWithInForce,
  createGuide,
  deleteGuide,
  getGuide,
  listGuides,
  retireGuide,
  updateGuide,
} from '../../guides/service.ts'
import { checker } from '../checker.ts'
import { builder, filterInput, input, output, page } from './builder.ts'
import { filtered, mutation, query } from './resolve.ts'

const GuideType = output(Guide)
const GuidePage = page('Guide', output(GuideSummary))
const checkFilter = checker(GuideFilter)
const checkNew = checker(NewGuide)
const checkChange = checker(GuideChange)

builder.queryFields(t => ({
  guides: t.field({
    type: GuidePage,
    description: "Your guides in all revisions, and your partners' that are in force.",
    args: { filter: t.arg({ type: filterInput(GuideFilter, 'GuideFilter') }), limit: t.arg.int(), cursor: t.arg.string() },
    resolve: query('records.read', filtered(checkFilter, listGuides)),
  }),
  guide: t.field({
    type: GuideType,
    args: { id: t.arg.id({ required: true }) },
    resolve: query('records.read', (ctx, { id }: { id: string }) => getGuide(ctx, id)),
  }),
  guideDifferences: t.field({
    type: output(GuideDifferences),
    description: 'What a guide forbids or allows that the one in force does not.',
    args: { id: t.arg.id({ required: true }) },
    resolve: query('records.read', (ctx, { id }: { id: string }) => compareWithInForce(ctx, id)),
  }),
  guidePreview: t.field({
    type: output(GuidePreview),
    description: 'Which stored sets a guide would judge otherwise.',
    args: { id: t.arg.id({ required: true }), limit: t.arg.int(), cursor: t.arg.string(), days: t.arg.int() },
    resolve: query('edi.inspect', (ctx, { id, ...request }: { id: string } & PreviewRequest) => previewGuide(ctx, id, request)),
  }),
}))

type Given = { id: string; ifVersion?: number }

builder.mutationFields(t => ({
  createGuide: t.field({
    type: GuideType,
    description: 'Store a guide as a draft.',
    args: { input: t.arg({ type: input(NewGuide), required: true }) },
    resolve: mutation('partnerships.configure', (ctx, args: { input: NewGuide }) => createGuide(ctx, checkNew(args.input))),
  }),
  updateGuide: t.field({
    type: GuideType,
    description: 'Change a draft.',
    args: { id: t.arg.id({ required: true }), input: t.arg({ type: input(GuideChange), required: true }), ifVersion: t.arg.int() },
    resolve: mutation('partnerships.configure', (ctx, args: Given & { input: GuideChange }) =>
      updateGuide(ctx, args.id, checkChange(args.input), args.ifVersion),
    ),
  }),
  deleteGuide: t.field({
    type: 'Boolean',
    description: 'Throw a draft away.',
    args: { id: t.arg.id({ required: true }) },
    resolve: mutation('partnerships.configure', async (ctx, { id }: Given) => {
      await deleteGuide(ctx, id)
      return true
    }),
  }),
  activateGuide: t.field({
    type: GuideType,
    description: 'Put a guide in force; the one that was is retired.',
    args: { id: t.arg.id({ required: true }), ifVersion: t.arg.int() },
    resolve: mutation('partnerships.configure', (ctx, { id, ifVersion }: Given) => activateGuide(ctx, id, ifVersion)),
  }),
  retireGuide: t.field({
    type: GuideType,
    description: 'Take a guide out of force.',
    args: { id: t.arg.id({ required: true }), ifVersion: t.arg.int() },
    resolve: mutation('partnerships.configure', (ctx, { id, ifVersion }: Given) => retireGuide(ctx, id, ifVersion)),
  }),
}))
