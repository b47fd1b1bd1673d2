import { AcknowledgementBuilder, readAll } from '../x12/index.ts'
import { settled, type Client } from './feed.ts'

type Order = { id: string; number: string; shipNotBefore: string | null; shipNoLater: string | null }
type Page<T> = { items: T[] }

/**
 * What the partners without EDI do by themselves: Prairie Mills answers, ships and invoices, and does not believe the short receipt of
 * its buyer; Harbor Foods publishes its forecast.
 */
export const playPartners = async (client: Client, say: (line: string) => void): Promise<void> => {
  const waiting = await client<Page<Order>>('prairie', '/api/orders?role=seller&state=open')
  const [first, second] = waiting.body.items.toReversed()
  if (first) await answerShipInvoice(client, first, say)
  if (second) say(`    Prairie Mills   leaves ${second.number} for you to answer`)
  await publishForecast(client, say)
  await acknowledgeDocuments(client, say)
}

const answerShipInvoice = async (client: Client, order: Order, say: (line: string) => void): Promise<void> => {
  await expect(client('prairie', `/api/orders/${order.id}/answers`, { body: JSON.stringify({ acceptRest: true }) }), 201)
  say(`    Prairie Mills   accepts ${order.number} (855 to the buyer)`)
  const shipment = await expect(
    client<{ id: string; number: string }>('prairie', '/api/shipments', {
      body: JSON.stringify({
        orderIds: [order.id],
        ...(order.shipNoLater ? { shipDate: order.shipNoLater } : {}),
        carrier: { scac: 'RDWY', mode: 'M' },
        billOfLading: `BOL-${order.number}`,
      }),
    }),
    201,
  )
  say(`    Prairie Mills   ships it as ${shipment.body.number} with SSCCs from the hub (856)`)
  const invoice = await expect(
    client<{ number: string }>('prairie', '/api/invoices', {
      body: JSON.stringify({ shipmentId: shipment.body.id, number: `PM-${order.number}` }),
    }),
    201,
  )
  say(`    Prairie Mills   invoices ${invoice.body.number} (810)`)
  await receiveShort(client, shipment.body.id, say)
}

type Shipment = { buyerId: string; number: string; lines: { orderId: string; lineNumber: string; quantity: string }[] }

/** The buyer counts a carton's worth too few of the first line; the seller disputes it. */
const receiveShort = async (client: Client, shipmentId: string, say: (line: string) => void): Promise<void> => {
  const { body: shipment } = await expect(client<Shipment>('prairie', `/api/shipments/${shipmentId}`), 200)
  const quantities = new Map<string, { orderId: string; lineNumber: string; quantity: number }>()
  for (const { orderId, lineNumber, quantity } of shipment.lines) {
    const key = `${orderId} ${lineNumber}`
    quantities.set(key, { orderId, lineNumber, quantity: (quantities.get(key)?.quantity ?? 0) + Number(quantity) })
  }
  const [first] = shipment.lines
  const lines = [...quantities.values()].map((line, index) => ({
    ...line,
    quantity: String(line.quantity - (index === 0 ? Math.min(Number(first!.quantity), line.quantity) : 0)),
  }))
  const received = await expect(
    client<{ number: string }>('northwind', '/api/receipts', { body: JSON.stringify({ shipmentId, lines }) }),
    201,
  )
  say(`    Northwind       receives ${shipment.number} short (${received.body.number}, 861)`)
  const difference = await found(async () => {
    const { body } = await client<Page<{ id: string; summary: string }>>('prairie', '/api/receiving-differences?state=open')
    return body.items[0]
  })
  await expect(
    client('prairie', `/api/receiving-differences/${difference.id}/answers`, {
      body: JSON.stringify({ action: 'dispute', reason: 'The driver\'s copy of the bill of lading is signed for all cartons.' }),
    }),
    201,
  )
  say('    Prairie Mills   sees the difference and disputes it')
}

const found = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
  for (const deadline = Date.now() + 60_000; ;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (Date.now() > deadline) throw new Error('the demo waited a minute for a difference that did not show')
    await new Promise(resolve => {
      setTimeout(resolve, 50)
    })
  }
}

const publishForecast = async (client: Client, say: (line: string) => void): Promise<void> => {
  const theirs = await client<Page<{ id: string; partnershipId: string; source: string; purpose: string }>>(
    'harbor',
    '/api/forecasts?source=BUYER',
  )
  const [buyers] = theirs.body.items
  if (!buyers) return
  const points = await expect(
    client<
      Page<{
        product: string
        location: string
        bucketStart: string
        bucketEnd: string
        quantity: string
        unit: string
        qualifier: string
      }>
    >('harbor', `/api/forecasts/${buyers.id}/points?limit=200`),
    200,
  )
  const series = new Map<
    string,
    { gtin: string; location: string; unit: string; points: { start: string; end: string; quantity: string }[] }
  >()
  for (const point of points.body.items) {
    const key = `${point.product} ${point.location}`
    const one = series.get(key) ?? { gtin: point.product, location: point.location, unit: point.unit, points: [] }
    // The seller expects half as much more in the third week, and a little less later on, which is within what is agreed.
    const factor = one.points.length === 2 ? 1.5 : one.points.length >= 4 ? 0.9 : 1
    one.points.push({
      start: point.bucketStart,
      end: point.bucketEnd,
      quantity: String(Math.round(Number(point.quantity) * factor)),
    })
    series.set(key, one)
  }
  await expect(
    client('harbor', '/api/forecasts', {
      body: JSON.stringify({ partnershipId: buyers.partnershipId, purpose: buyers.purpose, series: [...series.values()] }),
    }),
    201,
  )
  say("    Harbor Foods    publishes its own forecast beside Northwind's 830 (JSON)")
}

const expect = async <T>(call: Promise<{ status: number; body: T }>, status: number): Promise<{ status: number; body: T }> => {
  const answer = await call
  if (answer.status !== status) throw new Error(`the demo met ${answer.status}: ${JSON.stringify(answer.body).slice(0, 500)}`)
  return answer
}

/** The retailer's software fetches what waits for it and answers with 997s, all but the last document: that one stays open. */
const acknowledgeDocuments = async (client: Client, say: (line: string) => void): Promise<void> => {
  const waiting = await client<Page<{ messageId: string; sets: string[] }>>('northwind', '/api/edi/outbox?limit=200')
  const documents = waiting.body.items.filter(({ sets }) => sets.some(set => set !== '997')).slice(0, -1)
  for (const [index, { messageId }] of documents.entries()) {
    const { body } = await expect(client<string>('northwind', `/api/messages/${messageId}/bytes`), 200)
    await expect(client('northwind', `/api/edi/outbox/${messageId}/acknowledge`, { method: 'POST' }), 204)
    const sent = await expect(
      client<{ messageId: string }>('northwind', '/api/edi', {
        body: acknowledgementOf(body, 900 + index),
        type: 'application/edi-x12',
      }),
      202,
    )
    await settled(client, 'northwind', sent.body.messageId)
  }
  say(`    Northwind       fetches ${documents.length} documents and acknowledges them (997); one it leaves unanswered`)
}

const acknowledgementOf = (text: string, controlNumber: number): Uint8Array => {
  let builder: AcknowledgementBuilder | undefined
  for (const event of readAll(Buffer.from(text, 'latin1'))) {
    if (event.type === 'interchange') builder = new AcknowledgementBuilder(event.header)
    if (event.type === 'group') builder?.beginGroup(event.header)
    if (event.type === 'set') builder?.addSet(event.result)
    if (event.type === 'group-end') builder?.endGroup(event.result)
  }
  if (!builder) throw new Error('there is nothing to acknowledge')
  return builder.finish({ interchangeControlNumber: controlNumber, groupControlNumber: controlNumber, at: new Date() })
}
