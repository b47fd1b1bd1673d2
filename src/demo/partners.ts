import type { Client } from './feed.ts'

type Order = { id: string; number: string }
type Page<T> = { items: T[] }

/** What the partners without EDI do by themselves: Prairie Mills answers, ships and invoices; Harbor Foods publishes its forecast. */
export const playPartners = async (client: Client, say: (line: string) => void): Promise<void> => {
  const waiting = await client<Page<Order>>('prairie', '/api/orders?role=seller&state=open')
  const [first, second] = waiting.body.items.toReversed()
  if (first) await answerShipInvoice(client, first, say)
  if (second) say(`    Prairie Mills   leaves ${second.number} for you to answer`)
  await publishForecast(client, say)
}

const answerShipInvoice = async (client: Client, order: Order, say: (line: string) => void): Promise<void> => {
  await expect(client('prairie', `/api/orders/${order.id}/answers`, { body: JSON.stringify({ acceptRest: true }) }), 201)
  say(`    Prairie Mills   accepts ${order.number} (855 to the buyer)`)
  const shipment = await expect(client<{ id: string; number: string }>('prairie', '/api/shipments', {
    body: JSON.stringify({ orderIds: [order.id], carrier: { scac: 'RDWY', mode: 'M' }, billOfLading: `BOL-${order.number}` }) }), 201)
  say(`    Prairie Mills   ships it as ${shipment.body.number} with SSCCs from the hub (856)`)
  const invoice = await expect(client<{ number: string }>('prairie', '/api/invoices', { body: JSON.stringify({ shipmentId: shipment.body.id, number: `PM-${order.number}` }) }), 201)
  say(`    Prairie Mills   invoices ${invoice.body.number} (810)`)
}

const publishForecast = async (client: Client, say: (line: string) => void): Promise<void> => {
  const theirs = await client<Page<{ id: string; partnershipId: string; source: string; purpose: string }>>('harbor', '/api/forecasts?source=BUYER')
  const [buyers] = theirs.body.items
  if (!buyers) return
  const points = await expect(client<Page<{ product: string; location: string; bucketStart: string; bucketEnd: string; quantity: string; unit: string; qualifier: string }>>('harbor', `/api/forecasts/${buyers.id}/points?limit=200`), 200)
  const series = new Map<string, { gtin: string; location: string; unit: string; points: { start: string; end: string; quantity: string }[] }>()
  for (const point of points.body.items) {
    const key = `${point.product} ${point.location}`
    const one = series.get(key) ?? { gtin: point.product, location: point.location, unit: point.unit, points: [] }
    // The seller expects a fifth less from the fifth week on, and half as much more in the third.
    const factor = one.points.length === 2 ? 1.5 : one.points.length >= 4 ? 0.75 : 1
    one.points.push({ start: point.bucketStart, end: point.bucketEnd, quantity: String(Math.round(Number(point.quantity) * factor)) })
    series.set(key, one)
  }
  await expect(client('harbor', '/api/forecasts', { body: JSON.stringify({ partnershipId: buyers.partnershipId, purpose: buyers.purpose, series: [...series.values()] }) }), 201)
  say('    Harbor Foods    publishes its own forecast beside Northwind\'s 830 (JSON)')
}

const expect = async <T>(call: Promise<{ status: number; body: T }>, status: number): Promise<{ status: number; body: T }> => {
  const answer = await call
  if (answer.status !== status) throw new Error(`the demo met ${answer.status}: ${JSON.stringify(answer.body).slice(0, 500)}`)
  return answer
}
