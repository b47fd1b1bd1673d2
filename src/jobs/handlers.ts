import { withOrganisation } from '../db/client.ts'
import { deliver, type Delivery } from '../exchange/deliver.ts'
import { unpark } from '../exchange/parking.ts'
import { processMessage } from '../exchange/process.ts'
import { linkReceipt } from '../receipts/service.ts'
import {
  reconcileAcknowledgements,
  reconcileControlNumbers,
  reconcileForecast,
  reconcileOrder,
  sweepOrganisation,
} from '../reconciliation/service.ts'
import type { Handler } from './work.ts'

/** When a missing 997 is noticed, where a partnership has no policy of its own. */
export type AcknowledgementHours = NonNullable<Parameters<typeof reconcileAcknowledgements>[1]>

/** What each kind of work is: the payload says what, the row's organisation says for whom. */
export const handlersFor = (hours: AcknowledgementHours): Readonly<Record<string, Handler>> => ({
  process: (ctx, { payload }, done) => processMessage(ctx, payload as { messageId: string; replay?: boolean }, done),
  deliver: (ctx, { payload }, done) => deliver(ctx, payload as Delivery, done),
  unpark: (ctx, { payload }, done) =>
    inOneTransaction(ctx, done, inTx => unpark(inTx, payload as { partnershipId: string; number: string })),
  reconcile: (ctx, { payload }, done) => inOneTransaction(ctx, done, inTx => reconcileOrder(inTx, String(payload['orderId']))),
  'link-receipt': (ctx, { payload }, done) => inOneTransaction(ctx, done, inTx => linkReceipt(inTx, String(payload['receiptId']))),
  'reconcile-forecast': (ctx, { payload }, done) =>
    inOneTransaction(ctx, done, inTx => reconcileForecast(inTx, payload as { partnershipId: string; forecastId?: string })),
  'reconcile-acknowledgements': (ctx, _, done) => inOneTransaction(ctx, done, inTx => reconcileAcknowledgements(inTx, hours)),
  'reconcile-control-numbers': (ctx, _, done) => inOneTransaction(ctx, done, reconcileControlNumbers),
  // Many orders: the sweep commits as it goes and can be begun again.
  sweep: async (ctx, _, done) => {
    await sweepOrganisation(ctx)
    await withOrganisation(ctx, done)
  },
})

type Ctx = Parameters<Handler>[0]
type Done = Parameters<Handler>[2]

const inOneTransaction = (
  ctx: Ctx,
  done: Done,
  run: (ctx: Omit<Ctx, 'db'> & { db: Parameters<Done>[0] }) => Promise<unknown>,
): Promise<void> =>
  withOrganisation(ctx, async tx => {
    await run({ ...ctx, db: tx })
    await done(tx)
  })
