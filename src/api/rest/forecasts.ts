import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import {
  Forecast,
  ForecastComparison,
  ForecastComparisonFilter,
  ForecastFilter,
  ForecastInput,
  ForecastPage,
  ForecastPointPage,
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
import { IdParams, operation, pageOf } from '../operation.ts'

const Page = Type.Object({ limit: ForecastFilter.properties.limit, cursor: ForecastFilter.properties.cursor })

/** Forecasts of both sides, every version, and how they differ. */
export const registerForecasts = (app: FastifyInstance): void => {
  const read = { method: 'GET', tag: 'forecasts', access: 'records.read' } as const
  operation(app, {
    ...read,
    id: 'listForecasts',
    path: '/api/forecasts',
    summary: 'List publications, newest first',
    query: ForecastFilter,
    answer: [200, ForecastPage],
    handler: (ctx, { query }) => listForecasts(ctx, query),
  })
  operation(app, {
    ...read,
    id: 'compareForecasts',
    path: '/api/forecasts/comparison',
    summary: "Both sides' latest numbers beside each other",
    description:
      'Item by location by bucket, from this week on unless told otherwise. What a side has not forecast is null, not zero.',
    query: ForecastComparisonFilter,
    answer: [200, pageOf(ForecastComparison)],
    errors: ['record/not-found'],
    handler: (ctx, { query }) => compareForecasts(ctx, query),
  })
  operation(app, {
    ...read,
    id: 'getForecast',
    path: '/api/forecasts/:id',
    summary: 'A publication',
    params: IdParams,
    answer: [200, Forecast],
    handler: (ctx, { params }) => getForecast(ctx, params.id),
  })
  operation(app, {
    ...read,
    id: 'listForecastPoints',
    path: '/api/forecasts/:id/points',
    summary: 'The numbers of a publication',
    params: IdParams,
    query: Page,
    answer: [200, ForecastPointPage],
    handler: (ctx, { params, query }) => forecastPoints(ctx, params.id, query),
  })
  operation(app, {
    ...read,
    id: 'compareForecastVersions',
    path: '/api/forecasts/:id/changes/:toId',
    summary: 'What changed from one publication to another',
    params: Type.Object({ ...IdParams.properties, toId: IdParams.properties.id }),
    query: Page,
    answer: [200, pageOf(ForecastVersionComparison)],
    handler: (ctx, { params, query }) => compareForecastVersions(ctx, params.id, params.toId, query),
  })
  operation(app, {
    id: 'publishForecast',
    method: 'POST',
    path: '/api/forecasts',
    tag: 'forecasts',
    access: 'forecasts.publish',
    summary: "Publish your side's forecast",
    description:
      'It becomes the next version of your side, all of it or nothing. The other side gets an 830, or sees it in the portal.',
    body: ForecastInput,
    answer: [201, Forecast],
    errors: ['record/not-found', 'items/unknown-item', 'partners/unknown-location', 'forecasts/invalid-buckets'],
    bodyLimit: app.accord.config.MAX_BODY_BYTES,
    handler: (ctx, { body }) => publishForecast(ctx, body as ForecastInput),
  })
}
