import { pino } from 'pino'
import t from 'tap'
import type { Static } from 'typebox'
import { hasValidCheckDigit } from '../../src/documents/gs1.ts'
import type { Exception } from '../../src/exceptions/schema.ts'
import type { MessageSet, OutboxItem, Receipt } from '../../src/exchange/schema.ts'
import type { Forecast, ForecastComparison } from '../../src/forecasts/schema.ts'
import { startHub } from '../../src/hub.ts'
import { schedules } from '../../src/jobs/schedules.ts'
import type { Order } from '../../src/orders/schema.ts'
import type { Shipment } from '../../src/shipments/schema.ts'
import { AcknowledgementBuilder, readAll, type ReadEvent } from '../../src/x12/index.ts'
import { testConfig } from '../helpers/api.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange } from '../helpers/edi.ts'
import { until } from '../helpers/until.ts'
import { smallWorld, type OrganisationName } from '../helpers/world.ts'

const accord = { qualifier: 'ZZ', id: 'ACCORDHUB', group: 'ACCORDHUB' }
type Page<T> = { readonly items: readonly T[] }

/** Segments of one interchange without the envelope's dates, times and numbers, for comparison segment by segment. */
const segmentsOf = (text: string): string[] =>
  text
    .split('~')
    .map(segment => segment.trim())
    .filter(segment => segment !== '')
    .map(segment =>
      segment
        .replace(/^(ISA(?:\*[^*]*){8})\*\d{6}\*\d{4}(.*)\*\d{9}\*/, '$1*DATE*TIME$2*NUMBER*')
        .replace(/^(GS(?:\*[^*]*){3})\*\d{8}\*\d{4}\*\d+/, '$1*DATE*TIME*NUMBER')
        .replace(/^(GE\*\d+|IEA\*\d+)\*\d+/, '$1*NUMBER'),
    )

t.test(
  "a retailer's orders become its suppliers' work: answered, shipped, invoiced, acknowledged and reconciled",
  { timeout: 120_000 },
  async t => {
    const { db, access, owner } = await testDatabase(t)
    const w = await smallWorld(db)
    let clock = 0
    const hub = await startHub({
      config: testConfig({ PORT: '0' }),
      access,
      log: pino({ level: 'silent' }),
      now: () => new Date(Date.now() + clock),
    })
    t.teardown(() => hub.close())

    const call = async <T = unknown>(
      who: OrganisationName,
      what: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ): Promise<{ status: number; json: T; text: string }> => {
      const [method, path] = what.split(' ') as [string, string]
      const text = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body)
      const response = await fetch(`${hub.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${w.keyOf(who)}`,
          ...(text === undefined
            ? {}
            : { 'content-type': typeof body === 'string' ? 'application/edi-x12' : 'application/json' }),
          ...headers,
        },
        ...(text === undefined ? {} : { body: text }),
      })
      const answer = await response.text()
      return { status: response.status, text: answer, json: (/^[[{]/.test(answer) ? JSON.parse(answer) : null) as T }
    }
    const get = async <T>(who: OrganisationName, path: string): Promise<T> => (await call<T>(who, `GET ${path}`)).json
    const list = async <T>(who: OrganisationName, path: string): Promise<readonly T[]> => (await get<Page<T>>(who, path)).items
    /** What waits in an organisation's X12 outbox: [sets, text, id]; confirmed as it is taken. */
    const fetchOutbox = async (who: OrganisationName): Promise<{ sets: string[]; text: string; id: string }[]> => {
      const items = await list<OutboxItem>(who, '/api/edi/outbox')
      return Promise.all(
        items.map(async ({ messageId, sets }) => {
          const { text } = await call(who, `GET /api/messages/${messageId}/bytes`)
          t.equal((await call(who, `POST /api/edi/outbox/${messageId}/acknowledge`)).status, 204)
          return { sets, text, id: messageId }
        }),
      )
    }
    const received: { sets: string[]; text: string; id: string }[] = []
    /** Waits for the next document of this kind in the retailer's outbox. */
    const nextFor = async (who: OrganisationName, set: string): Promise<{ sets: string[]; text: string; id: string }> => {
      await until(async () => {
        received.push(...(await fetchOutbox(who)))
        return received.some(document => document.sets.includes(set))
      })
      return received.splice(
        received.findIndex(document => document.sets.includes(set)),
        1,
      )[0]!
    }
    const [eggs, honey] = w.items.retailerFarm
    const [biscuits] = w.items.retailerManufacturer
    const parties = ['N1*ST*Northgate DC East*92*DC01']

    // The retailer sends one interchange with orders for two competitors.
    const orders = interchange({ from: w.identityOf('retailer'), to: accord, control: 41 }, 'PO', [
      [
        '850',
        'BEG*00*SA*PO-1**20261120',
        'REF*DP*031',
        'DTM*002*20261130',
        ...parties,
        'N1*VN*Meadow Farm*92*100234',
        `PO1*1*150*EA*3.1**UP*${eggs!.upc}*IN*${eggs!.buyerItem}`,
        `PO1*2*48*EA*6.4**UP*${honey!.upc}*IN*${honey!.buyerItem}`,
        'CTT*2',
      ],
      [
        '850',
        'BEG*00*SA*PO-2**20261120',
        'REF*IA*300077',
        ...parties,
        `PO1*1*100*EA*0.42**UP*${w.items.retailerSupplier[0]!.upc}`,
        'CTT*1',
      ],
    ])
    const receipt = await call<Static<typeof Receipt>>('retailer', 'POST /api/edi', orders)
    t.equal(receipt.status, 202)
    const { messageId } = receipt.json
    t.equal((await call('retailer', `GET /api/messages/${messageId}/bytes`)).text, orders, 'the exact bytes are kept')

    const ack = await nextFor('retailer', '997')
    t.same(
      segmentsOf(ack.text),
      [
        'ISA*00*          *00*          *ZZ*ACCORDHUB      *ZZ*NORTHGATE      *DATE*TIME*U*00401*NUMBER*0*P*>',
        'GS*FA*ACCORDHUB*NORTHGATE*DATE*TIME*NUMBER*X*004010',
        'ST*997*0001',
        'AK1*PO*41',
        'AK2*850*0001',
        'AK5*A',
        'AK2*850*0002',
        'AK5*A',
        'AK9*A*2*2*2',
        'SE*8*0001',
        'GE*1*NUMBER',
        'IEA*1*NUMBER',
      ],
      'the 997, segment by segment',
    )

    // The same file again: the same receipt, and no second order.
    t.match((await call('retailer', 'POST /api/edi', orders)).json, { messageId, duplicate: true })

    // Both sides see the order, the seller as work to do; the competitor and strangers see nothing of it.
    const orderOf = async (who: OrganisationName, number: string): Promise<Order | undefined> => {
      const [found] = await list<Order>(who, `/api/orders?number=${number}`)
      return found && get<Order>(who, `/api/orders/${found.id}`)
    }
    await until(async () => (await orderOf('farm', 'PO-1')) !== undefined)
    const order = (await orderOf('farm', 'PO-1'))!
    t.match(order, {
      number: 'PO-1',
      state: 'open',
      buyerName: 'Northgate Stores',
      totalAmount: '772.2',
      lines: [{ quantityOrdered: '150', gtin: eggs!.gtin, response: 'open' }, { quantityOrdered: '48' }],
    })
    t.match(await get('farm', '/api/orders?role=seller&needsAnswer=true'), { items: [{ number: 'PO-1' }] })
    t.match(await orderOf('retailer', 'PO-1'), { id: order.id, state: 'open' })
    for (const stranger of ['supplier', 'manufacturer', 'stranger'] as const) {
      t.equal((await call(stranger, `GET /api/orders/${order.id}`)).status, 404)
      t.same(await list(stranger, '/api/orders?number=PO-1'), [])
    }
    t.equal((await call('farm', `GET /api/messages/${messageId}`)).status, 404, "the farm does not see the retailer's file")
    const own = await list<MessageSet>('farm', `/api/messages/${messageId}/sets`)
    t.equal(own.length, 1, 'but its own set of it')
    const evidence = await call('farm', `GET /api/messages/${messageId}/sets/${own[0]!.ordinal}/bytes`)
    t.match(evidence.text, /^ST\*850\*0001~[\s\S]*PO-1[\s\S]*SE\*\d+\*0001~/)
    t.notMatch(evidence.text, /PO-2|300077/)

    // The supplier, who has X12, is sent its 850 and answers with an 855 of its own.
    const forwarded = await nextFor('supplier', '850')
    t.match(
      segmentsOf(forwarded.text).filter(segment => !/^(ISA|GS|GE|IEA)/.test(segment)),
      [
        'ST*850*0001',
        'BEG*00*SA*PO-2**20261120',
        'REF*IA*300077',
        'N1*ST*Northgate DC East*92*DC01',
        `PO1*1*100*EA*0.42**UP*${w.items.retailerSupplier[0]!.upc}`,
        'CTT*1',
        'SE*7*0001',
      ],
    )
    t.equal(
      (
        await call(
          'supplier',
          'POST /api/edi',
          interchange({ from: w.identityOf('supplier'), to: w.identityOf('retailer'), control: 9 }, 'PR', [
            [
              '855',
              'BAK*00*AC*PO-2*20261120****SO-5*20261121',
              `PO1*1*100*EA*0.42**UP*${w.items.retailerSupplier[0]!.upc}`,
              'ACK*IQ*80*EA*068*20261201',
              'CTT*1',
            ],
          ]),
        )
      ).status,
      202,
    )
    const relayed = await nextFor('retailer', '855')
    t.match(segmentsOf(relayed.text), [
      /^ISA\*00\* {10}\*00\* {10}\*ZZ\*HARBOURPKG {5}\*ZZ\*NORTHGATE {6}/,
      /^GS\*PR\*HARBOURPKG\*NORTHGATE/,
      'ST*855*0001',
      /^BAK\*00\*AC\*PO-2\*20261120\*\*\*\*SO-5\*20261121/,
    ])
    await until(async () => (await list('retailer', '/api/exceptions?rule=R4')).length > 0)
    t.match(
      await list('retailer', '/api/exceptions?rule=R4'),
      [{ code: 'R4_QUANTITY', state: 'open', compared: { expected: '100', actual: '80' } }],
      'R4: the 20 that were not confirmed',
    )
    const r4 = await get<Exception>(
      'supplier',
      `/api/exceptions/${(await list<Exception>('supplier', '/api/exceptions?rule=R4'))[0]!.id}`,
    )
    t.match(
      r4.evidence,
      [
        { side: 'buyer', messageId, set: 1, segment: 'PO1', element: 2, value: '100' },
        { side: 'seller', segment: 'ACK', element: 2, value: '80' },
      ],
      'with the segments on both sides',
    )
    t.same(await list('farm', '/api/exceptions?rule=R4'), [], "which are nobody else's")

    // The farm, who has no EDI, accepts one line and changes the other; the buyer gets a correct 855.
    const answer = {
      acceptRest: true,
      sellerOrderNumber: 'MF-77',
      lines: [{ lineNumber: '2', action: 'change', quantity: '36', shipDate: '2026-11-28', reason: 'Short harvest' }],
    }
    const first = await call('farm', `POST /api/orders/${order.id}/answers`, answer, {
      'if-match': `"${order.version}"`,
      'idempotency-key': 'answer-1',
    })
    t.equal(first.status, 201, first.text)
    t.equal(
      (
        await call('farm', `POST /api/orders/${order.id}/answers`, answer, {
          'if-match': `"${order.version}"`,
          'idempotency-key': 'answer-1',
        })
      ).text,
      first.text,
      'the same key again: the same answer',
    )
    const response = await nextFor('retailer', '855')
    t.same(
      segmentsOf(response.text).filter(segment => !/^(BAK|MSG|N9|ACK|PID)/.test(segment)),
      [
        'ISA*00*          *00*          *ZZ*MEADOWFARM     *ZZ*NORTHGATE      *DATE*TIME*U*00401*NUMBER*0*P*>',
        'GS*PR*MEADOWFARM*NORTHGATE*DATE*TIME*NUMBER*X*004010',
        'ST*855*0001',
        'REF*DP*031',
        'N1*ST*Northgate DC East*92*DC01',
        'N1*VN*Meadow Farm*92*100234',
        `PO1*1*150*EA*3.1**UP*${eggs!.upc}*IN*${eggs!.buyerItem}`,
        `PO1*2*48*EA*6.4**UP*${honey!.upc}*IN*${honey!.buyerItem}`,
        'CTT*2',
        `SE*${segmentsOf(response.text).length - 4}*0001`,
        'GE*1*NUMBER',
        'IEA*1*NUMBER',
      ],
      'references, parties and line numbers are echoed',
    )
    t.match(
      segmentsOf(response.text).filter(segment => /^(BAK|ACK)/.test(segment)),
      [/^BAK\*00\*AC\*PO-1\*20261120\*\*\*\*MF-77\*\d{8}$/, /^ACK\*IA\*150\*EA/, /^ACK\*IC\*36\*EA\*068\*20261128/],
    )
    t.match(await orderOf('retailer', 'PO-1'), {
      state: 'changed',
      lines: [{ response: 'accepted' }, { response: 'changed', quantityConfirmed: '36' }],
    })

    // It ships on one pallet with cartons; the hub gives the SSCCs; the buyer gets an 856.
    const shipment = await call<Shipment>('farm', 'POST /api/shipments', {
      orderIds: [order.id],
      number: 'ASN-1',
      lines: [
        { orderId: order.id, lineNumber: '1', quantity: '120' },
        { orderId: order.id, lineNumber: '2', quantity: '36' },
      ],
      shipDate: '2026-11-28',
      estimatedDelivery: '2026-11-30',
      carrier: { scac: 'ABFS', mode: 'M' },
      billOfLading: 'BOL-1',
    })
    t.equal(shipment.status, 201, shipment.text)
    const ssccs = shipment.json.packages.map(({ sscc }) => String(sscc))
    t.ok(
      ssccs.length > 1 &&
        ssccs.every(sscc => /^\d{18}$/.test(sscc) && hasValidCheckDigit(sscc) && sscc.slice(1, 8) === '0744444'),
      "SSCC-18s of the seller's GS1 prefix",
    )
    t.equal(new Set(ssccs).size, ssccs.length)
    const asn = await nextFor('retailer', '856')
    const asnSegments = segmentsOf(asn.text)
    t.match(
      asnSegments.filter(segment => /^(ISA|GS|ST|BSN|PRF|CTT|GE|IEA)/.test(segment)),
      [
        /MEADOWFARM {5}\*ZZ\*NORTHGATE/,
        /^GS\*SH\*MEADOWFARM\*NORTHGATE/,
        'ST*856*0001',
        /^BSN\*00\*ASN-1\*\d{8}\*\d{4,6}\*0001$/,
        /^PRF\*PO-1\*\*\*20261120$/,
        `CTT*${asnSegments.filter(segment => segment.startsWith('HL')).length}`,
        'GE*1*NUMBER',
        'IEA*1*NUMBER',
      ],
    )
    t.match(
      asnSegments
        .filter(segment => segment.startsWith('HL'))
        .map(segment => segment.split('*')[3])
        .join('')
        .replace(/(T?)(P+I+)+/g, '$1PI'),
      /^SO(T?PI)+$|^SO/,
      'shipment, order, pallet, carton, item',
    )
    t.same(
      asnSegments
        .filter(segment => segment.startsWith('MAN*GM'))
        .map(segment => segment.slice(9))
        .toSorted(),
      ssccs.toSorted(),
      'MAN*GM is 00 and the SSCC',
    )
    const shipped = asnSegments.filter(segment => segment.startsWith('SN1')).map(segment => Number(segment.split('*')[2]))
    t.equal(
      shipped.reduce((sum, quantity) => sum + quantity, 0),
      156,
    )
    const over = await call('farm', 'POST /api/shipments', {
      orderIds: [order.id],
      lines: [{ orderId: order.id, lineNumber: '1', quantity: '500' }],
    })
    t.match(over.json, { status: 422, code: 'shipments/over-open-quantity' }, 'more than is open is refused, naming the line')

    // Then the invoice; the buyer gets an 810 whose total is right.
    const invoice = await call('farm', 'POST /api/invoices', { number: 'INV-1', shipmentId: shipment.json.id })
    t.equal(invoice.status, 201, invoice.text)
    const bill = segmentsOf((await nextFor('retailer', '810')).text)
    t.match(
      bill.filter(segment => /^(GS|BIG|IT1|TDS|CTT)/.test(segment)),
      [
        /^GS\*IN\*MEADOWFARM\*NORTHGATE/,
        /^BIG\*\d{8}\*INV-1\*20261120\*PO-1/,
        /^IT1\*1\*120\*EA\*3\.1\*/,
        /^IT1\*2\*36\*EA\*6\.4\*/,
        'TDS*60240',
        'CTT*2',
      ],
    )

    // The buyer's 997 for the ASN is matched and shown; the one for the invoice never comes and is noticed.
    const acknowledge = (text: string, control: number): string => {
      const builders: AcknowledgementBuilder[] = []
      for (const event of readAll(Buffer.from(text, 'latin1')) as ReadEvent[]) {
        if (event.type === 'interchange') builders.push(new AcknowledgementBuilder(event.header))
        if (event.type === 'group') builders[0]!.beginGroup(event.header)
        if (event.type === 'set') builders[0]!.addSet(event.result)
        if (event.type === 'group-end') builders[0]!.endGroup(event.result)
      }
      return Buffer.from(
        builders[0]!.finish({ interchangeControlNumber: control, groupControlNumber: control, at: new Date() }),
      ).toString('latin1')
    }
    t.equal((await call('retailer', 'POST /api/edi', acknowledge(asn.text, 77))).status, 202)
    const deliveryOf = async (set: string) => (await orderOf('farm', 'PO-1'))!.deliveries.find(({ document }) => document === set)
    await until(async () => (await deliveryOf('856'))?.acknowledgement === 'accepted')
    t.match(
      await deliveryOf('810'),
      { state: 'sent', acknowledgement: 'pending' },
      'the 856 is shown as acknowledged, the 810 as not yet',
    )
    clock = 30 * 3_600_000
    await schedules.find(schedule => schedule.name === 'acknowledgements')!.run(hub.db)
    const overdue = (): Promise<readonly Exception[]> => list<Exception>('farm', '/api/exceptions?rule=R1&state=open')
    await until(async () => (await overdue()).length > 0)
    const invoiceMessage = (await deliveryOf('810'))!.messageId!
    t.ok(
      (await overdue()).some(exception => JSON.stringify(exception).includes(invoiceMessage)),
      'R1: the 997 for the 810 is overdue',
    )
    t.notOk(
      (await overdue()).some(exception => JSON.stringify(exception).includes(asn.id)),
      'the one that came is not',
    )

    // Forecasts: an 830 from the buyer, JSON from the seller, beside each other with the difference.
    t.equal(
      (
        await call(
          'retailer',
          'POST /api/edi',
          interchange({ from: w.identityOf('retailer'), to: accord, control: 43 }, 'PS', [
            [
              '830',
              'BFR*00*F-2026-48**SH*A*20261130*20261220*20261121',
              'N1*VN*Meadow Farm*92*100234',
              `LIN*1*UP*${eggs!.upc}`,
              'UIT*EA',
              'N1*ST*Northgate DC East*92*DC01',
              'FST*300*D*W*20261130',
              'FST*320*D*W*20261207',
              'CTT*1',
            ].filter(segment => segment !== '') as [string, ...string[]],
          ]),
        )
      ).status,
      202,
    )
    await until(async () => (await list('farm', '/api/forecasts?source=BUYER')).length === 1)
    const [buyers] = await list<Forecast>('farm', '/api/forecasts?source=BUYER')
    const publish = (quantity: string) =>
      call('farm', 'POST /api/forecasts', {
        partnershipId: w.partnership.retailerFarm,
        purpose: buyers!.purpose,
        series: [
          {
            gtin: eggs!.gtin,
            location: w.locations['DC01']!.gln,
            points: [
              { start: '2026-11-30', quantity: '310' },
              { start: '2026-12-07', quantity },
            ],
          },
        ],
      })
    t.equal((await publish('200')).status, 201)
    const compared = await list<ForecastComparison>(
      'retailer',
      `/api/forecasts/comparison?partnershipId=${w.partnership.retailerFarm}`,
    )
    t.match(compared, [
      { bucketStart: '2026-11-30', buyer: { quantity: '300' }, seller: { quantity: '310' }, difference: '10' },
      { bucketStart: '2026-12-07', buyer: { quantity: '320' }, seller: { quantity: '200' }, difference: '-120' },
    ])
    await until(async () => (await list('retailer', '/api/exceptions?rule=R14&state=open')).length === 1)
    t.match(
      await list('retailer', '/api/exceptions?rule=R14'),
      [{ code: 'FC_DIFF', compared: { expected: '320', actual: '200' } }],
      'FC_DIFF: 37.5 % apart',
    )
    t.equal((await publish('315')).status, 201)
    await until(async () => (await list('retailer', '/api/exceptions?rule=R14&state=open')).length === 0)
    t.match(
      await list('retailer', '/api/exceptions?rule=R14'),
      [{ state: 'auto_resolved' }],
      'and it closes by itself when they agree',
    )
    t.equal((await list('retailer', '/api/forecasts?source=SELLER')).length, 2, 'each version is kept')

    // GraphQL tells the same of the same order.
    const graphql = await call<{ data: { orders: Page<unknown> } }>('manufacturer', 'POST /graphql', {
      query: '{ orders(limit: 10) { items { number } } }',
    })
    t.same(graphql.json.data.orders.items, [], 'the manufacturer has no orders yet')
    t.equal(
      (
        await call(
          'retailer',
          'POST /api/edi',
          interchange({ from: w.identityOf('retailer'), to: accord, control: 44, groupReceiver: '5550100200' }, 'PO', [
            ['850', 'BEG*00*SA*PO-3**20261120', `PO1*1*24*EA*2.5**UP*${biscuits!.upc}`, 'CTT*1'],
          ]),
        )
      ).status,
      202,
    )
    await until(async () => (await orderOf('manufacturer', 'PO-3')) !== undefined)
    const { id } = (await orderOf('manufacturer', 'PO-3'))!
    const mutation = await call('manufacturer', 'POST /graphql', {
      query: 'mutation($id: ID!) { answerOrder(id: $id, input: { acceptRest: true }) { order { state lines { response } } } }',
      variables: { id },
    })
    t.match(
      mutation.json,
      { data: { answerOrder: { order: { state: 'accepted', lines: [{ response: 'accepted' }] } } } },
      'the seller accepts by GraphQL',
    )
    t.match(
      segmentsOf((await nextFor('retailer', '855')).text).filter(segment => /^(BAK|ACK)/.test(segment)),
      [/^BAK\*00\*AD\*PO-3/, /^ACK\*IA\*24\*EA/],
      'and the buyer gets its 855',
    )

    t.equal((await owner`select 1 from outbox where state = 'dead'`).length, 0, 'no work failed')
  },
)
