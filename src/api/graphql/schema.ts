import { builder } from './builder.ts'
import './identity.ts'
import './partners.ts'
import './guides.ts'
import './items.ts'
import './orders.ts'
import './shipments.ts'
import './receipts.ts'
import './forecasts.ts'
import './exceptions.ts'
import './messages.ts'
import './subscriptions.ts'

/** The whole GraphQL schema, from what the modules above have added. */
export const schema = builder.toSchema()
