import {
  Forecast,
  ForecastComparison,
  ForecastComparisonFilter,
  ForecastFilter,
  ForecastInput,
  ForecastPoint,
  ForecastVersionComparison,
} from '../../forecasts/schema.ts'
import {
  compareForecasts,
  compareForecastVersions,
  forecastPoints,
  getForecast,
  listForecasts,
  publishForecast,
} from '../../forecasts/service.ts'
import type { Static } from 'typebox'
import { checker } from '../checker.ts'
import { builder, filterInput, input, output, page } from './builder.ts'
import { filtered, mutation, query } from './resolve.ts'

const ForecastType = output(Forecast)
const ForecastPage = page('Forecast', ForecastType)
const PointPage = page('ForecastPoint', output(ForecastPoint))
const ComparisonPage = page('ForecastComparison', output(ForecastComparison))
const ChangePage = page('ForecastVersionComparison', output(ForecastVersionComparison))
const checkFilter = checker(ForecastFilter)
const checkComparison = checker(ForecastComparisonFilter)
const checkInput = checker(ForecastInput)

builder.objectFields(ForecastType, t => ({
  points: t.field({
    type: PointPage,
    args: { limit: t.arg.int(), cursor: t.arg.string() },
    resolve: ({ id }, { limit, cursor }, { service }) =>
      forecastPoints(service, id, { ...(limit && { limit }), ...(cursor && { cursor }) }),
  }),
}))

builder.queryFields(t => ({
  forecasts: t.field({
    type: ForecastPage,
    description: 'Publications, newest first.',
    args: { filter: t.arg({ type: filterInput(ForecastFilter) }), limit: t.arg.int(), cursor: t.arg.string() },
    resolve: query('records.read', filtered(checkFilter, listForecasts)),
  }),
  forecast: t.field({
    type: ForecastType,
    args: { id: t.arg.id({ required: true }) },
    resolve: query('records.read', (ctx, { id }: { id: string }) => getForecast(ctx, id)),
  }),
  forecastComparison: t.field({
    type: ComparisonPage,
    description: "Both sides' latest numbers beside each other.",
    args: {
      filter: t.arg({ type: filterInput(ForecastComparisonFilter), required: true }),
      limit: t.arg.int(),
      cursor: t.arg.string(),
    },
    resolve: query('records.read', filtered(checkComparison, compareForecasts)),
  }),
  forecastChanges: t.field({
    type: ChangePage,
    description: 'What changed from one publication to another.',
    args: {
      fromId: t.arg.id({ required: true }),
      toId: t.arg.id({ required: true }),
      limit: t.arg.int(),
      cursor: t.arg.string(),
    },
    resolve: query(
      'records.read',
      (ctx, { fromId, toId, ...rest }: { fromId: string; toId: string; limit?: number; cursor?: string }) =>
        compareForecastVersions(ctx, fromId, toId, rest),
    ),
  }),
}))

builder.mutationFields(t => ({
  publishForecast: t.field({
    type: ForecastType,
    args: { input: t.arg({ type: input(ForecastInput), required: true }) },
    description: "Publish your side's forecast: its next version.",
    resolve: mutation('forecasts.publish', (ctx, args: { input: Static<typeof ForecastInput> }) =>
      publishForecast(ctx, checkInput(args.input) as ForecastInput),
    ),
  }),
}))
