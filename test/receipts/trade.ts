import { testApi } from '../helpers/api.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'

export const hub = { qualifier: 'ZZ', id: 'ACCORDHUB', group: 'ACCORDHUB' }

/** The retailer's trade with the manufacturer, over HTTP and X12. */
export const trade = async (t: Parameters<typeof testApi>[0]) => {
  const api = await testApi(t)
  const { world } = api
  const items = world.items.retailerManufacturer
  let control = 0
  const get = async <T = Record<string, never>>(who: Parameters<typeof api.call>[0], path: string): Promise<T> =>
    (await api.call(who, `GET ${path as '/'}`)).json<T>()
  const post = async (who: Parameters<typeof api.call>[0], path: string, payload: object): Promise<Record<string, never>> => {
    const response = await api.call(who, `POST ${path as '/'}`, { payload })
    if (response.statusCode >= 300) throw new Error(response.body)
    await workOff(api.db)
    return response.json()
  }
  return {
    api, world, items, get, post,
    /** The manufacturer wants a document as X12. */
    x12ForSeller: async (document: string, x12Version: string): Promise<void> => {
      const path = `/api/partnerships/${world.partnership.retailerManufacturer}` as const
      const { version } = await get<{ version: number }>('manufacturer', path)
      const change = await api.call('manufacturer', `PATCH ${path}/channels/${document}`, {
        payload: { channel: 'x12', x12Version }, headers: { 'if-match': `"${version}"` },
      })
      if (change.statusCode !== 200) throw new Error(change.body)
    },
    /** What waits for the manufacturer, a segment to a line; it is fetched with that. */
    outbox: async (): Promise<string> => {
      await workOff(api.db)
      const { items: waiting } = await get<{ items: { messageId: string }[] }>('manufacturer', '/api/edi/outbox')
      let text = ''
      for (const { messageId } of waiting) {
        text += (await api.call('manufacturer', `GET /api/messages/${messageId}/bytes` as 'GET /')).body
        await api.call('manufacturer', `POST /api/edi/outbox/${messageId}/acknowledge` as 'POST /')
      }
      return text.replaceAll('~', '~\n')
    },
    order: async (number: string, quantities: readonly string[]): Promise<string> =>
      (await post('retailer', '/api/orders', {
        sellerId: world.id.manufacturer, number, orderDate: '2026-03-02',
        lines: quantities.map((quantity, index) => ({ lineNumber: String(index + 1), buyerItem: items[index]!.buyerItem, quantity, price: items[index]!.price })),
      }))['id']!,
    ship: (orderIds: readonly string[], change: object = {}): Promise<{ id: string; number: string; packages: { package: string; sscc: string }[] }> =>
      post('manufacturer', '/api/shipments', { orderIds, ...change }) as never,
    /** An 861 of the retailer's, as segments after BRA. */
    advise: async (number: string, segments: readonly string[], purpose = '00') => {
      const text = interchange(
        { from: world.identityOf('retailer'), to: { ...hub, group: '5550100200' }, control: ++control }, 'RC',
        [['861', `BRA*${number}*20260312*${purpose}*2`, ...segments]],
      )
      const { messageId } = await send(world.ctxOf('retailer'), text)
      await workOff(api.db)
      return messageId
    },
    receipt: async (number: string) => {
      const { items: [found] } = await get<{ items: { id: string }[] }>('retailer', `/api/receipts?number=${number}`)
      return found && get<Record<string, unknown> & { id: string; lines: Record<string, unknown>[] }>('manufacturer', `/api/receipts/${found.id}`)
    },
    receivedOf: async (orderId: string) =>
      (await get<{ lines: { quantityReceived: string }[] }>('retailer', `/api/orders/${orderId}`)).lines.map(line => line.quantityReceived),
  }
}

