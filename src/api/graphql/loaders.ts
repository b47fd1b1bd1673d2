import type { Exception } from '../../exceptions/schema.ts'
import { exceptionsBySubjectIds } from '../../exceptions/service.ts'
import type { OrderLine, OrderResponse, OrderSummary } from '../../orders/schema.ts'
import { linesByOrderIds, ordersByIds, responsesByOrderIds } from '../../orders/service.ts'
import type { Organisation } from '../../partners/schema.ts'
import { organisationsByIds } from '../../partners/service.ts'
import type { Loader } from './builder.ts'

/** The look-ups that a level of a query shares: one call of a service for all its records. */
export const organisationLoader: Loader<Organisation> = organisationsByIds
export const orderLoader: Loader<OrderSummary> = ordersByIds
export const linesLoader: Loader<OrderLine[]> = linesByOrderIds
export const responsesLoader: Loader<OrderResponse[]> = responsesByOrderIds
export const subjectExceptionsLoader: Loader<Exception[]> = exceptionsBySubjectIds
