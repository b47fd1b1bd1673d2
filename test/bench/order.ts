import { openPool, type Pool } from '../../src/db/pool.ts'
import type { Tx } from '../../src/db/client.ts'
import { createInvoice } from '../../src/invoices/service.ts'
import { Order } from '../../src/orders/schema.ts'
import { answerOrder, createOrder, getOrder } from '../../src/orders/service.ts'
import { createShipment } from '../../src/shipments/service.ts'
import { IdParams, operation } from '../../src/api/operation.ts'
import { workOff } from '../helpers/edi.ts'
import { load, type LoadResult } from './client.ts'
import type { Clone, Cluster } from './cluster.ts'
import { median, perSecond, type Row } from './report.ts'
import { serve } from './server.ts'
import type { TSchema } from 'typebox'

const connections = 8
const statementsWanted = 6

/** Reading one order by REST, against the same route past row-level security, and by GraphQL; and the statements of a large one. */
export const order = async (cluster: Cluster, { seconds, rounds }: { seconds: number; rounds: number }): Promise<Row[]> => {
  const clone = await cluster.clone({ 'pg_stat_statements.track': 'top' })
  const owners = openPool(clone.access, 'owner' as 'accord_app', 10)
  const server = await serve(clone, app => operation(app, {
    id: 'getOrderPlainly', method: 'GET', path: '/bench/orders/:id', tag: 'orders', access: 'records.read', summary: 'The floor', params: IdParams, answer: [200, Order],
    handler: (ctx, { params }) => plainly(owners, ctx.actor.organisationId, db => getOrder({ ...ctx, db }, params.id)),
  }))
  try {
    const authorization = `Bearer ${cluster.world.keyOf('retailer')}`
    const [small, large] = [await traded(cluster, clone, 10), await traded(cluster, clone, 200)]
    const read = (path: string) => load({ port: server.port, connections, seconds, method: 'GET', path, headers: { authorization }, status: 200 })
    const body = JSON.stringify({ query: orderQuery, variables: { id: small } })
    const ask = () => load({ port: server.port, connections, seconds, method: 'POST', path: '/graphql', headers: { authorization, 'content-type': 'application/json' }, body, status: 200 })
    await checkSame(server.port, authorization, small)

    const rates = { rest: [] as number[], floor: [] as number[], graphql: [] as number[] }
    const fsyncs: number[] = []
    for (let round = -1; round < rounds; round++) {
      fsyncs.push(cluster.fsyncsPerSecond())
      const rate = ({ requests, seconds: spent }: LoadResult) => requests / spent
      const [rest, floor, graphql] = [rate(await read(`/api/orders/${small}`)), rate(await read(`/bench/orders/${small}`)), rate(await ask())]
      if (round < 0) continue
      rates.rest.push(rest)
      rates.floor.push(floor)
      rates.graphql.push(graphql)
    }
    const [rest, floor, graphql] = [median(rates.rest), median(rates.floor), median(rates.graphql)]
    const shared = { fsyncsPerSecond: median(fsyncs) }
    const byRest = await statements(clone, () => fetch(`http://127.0.0.1:${server.port}/api/orders/${large}`, { headers: { authorization } }))
    const byGraphql = await statements(clone, () => fetch(`http://127.0.0.1:${server.port}/graphql`, {
      method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify({ query: orderQuery, variables: { id: large } }),
    }))
    return [
      { what: 'order: GET /api/orders/{id}, 10 lines, floor without tenancy', candidate: perSecond(rest), floor: perSecond(floor), ratio: rest / floor, wanted: '≥ 0.5', met: rest / floor >= 0.5, ...shared },
      { what: 'order: the same by GraphQL, floor is REST', candidate: perSecond(graphql), floor: perSecond(rest), ratio: graphql / rest, wanted: '≥ 0.6', met: graphql / rest >= 0.6, ...shared },
      { what: 'order: SQL statements for one of 200 lines with documents, REST', candidate: String(byRest), wanted: `≤ ${statementsWanted}`, met: byRest <= statementsWanted },
      { what: 'order: SQL statements for one of 200 lines with documents, GraphQL', candidate: String(byGraphql), wanted: `≤ ${statementsWanted}`, met: byGraphql <= statementsWanted },
    ]
  } finally {
    await server.close()
    await owners.close()
    await clone.drop()
  }
}

/** An order that was answered, shipped in two parts and invoiced, with all that was sent because of it. */
const traded = async (cluster: Cluster, { db }: Clone, lines: number): Promise<string> => {
  const [buyer, seller] = (['retailer', 'manufacturer'] as const).map(side => ({ ...cluster.world.ctxOf(side), db })) as [Ctx, Ctx]
  const items = cluster.world.catalogue.manufacturer.slice(0, lines)
  const { id } = await createOrder(buyer, {
    sellerId: cluster.world.id.manufacturer, number: `BENCH-${lines}`, shipTo: { name: 'Northgate DC East', code: 'DC01' }, shipNoLater: '2026-12-01',
    lines: items.map(item => ({ buyerItem: item.buyerItem, quantity: '24', price: item.price })),
  })
  await workOff(db)
  await answerOrder(seller, id, { acceptRest: true, lines: [{ lineNumber: '2', action: 'change', quantity: '12', reason: 'Half of it' }] })
  await workOff(db)
  for (const part of [items.slice(0, lines / 2), items.slice(lines / 2)]) {
    const shipment = await createShipment(seller, {
      orderIds: [id], lines: part.map(item => ({ orderId: id, lineNumber: String(items.indexOf(item) + 1), quantity: '12' })),
    })
    await workOff(db)
    await createInvoice(seller, { number: `INV-${lines}-${shipment.number}`, shipmentId: shipment.id })
    await workOff(db)
  }
  return id
}
type Ctx = ReturnType<Cluster['world']['ctxOf']>

/** The query of a service on a connection of the owner: no transaction around it, no organisation set, no policy applied. */
const plainly = async <T>(pool: Pool, organisationId: string, run: (db: Tx) => Promise<T>): Promise<T> => {
  const lease = await pool.lease()
  return run({ sql: lease.sql, organisationId } as Tx).finally(() => lease.release())
}

/** Every field that REST gives, as a selection of GraphQL. */
const selection = (schema: TSchema): string => {
  const { properties, items, anyOf } = schema as { properties?: Record<string, TSchema>; items?: TSchema; anyOf?: TSchema[] }
  if (items) return selection(items)
  if (anyOf) return anyOf.map(selection).find(Boolean) ?? ''
  return properties ? ` { ${Object.entries(properties).map(([name, property]) => name + selection(property)).join(' ')} }` : ''
}
const orderQuery = `query Order($id: ID!) { order(id: $id)${selection(Order)} }`

/** All three must give the same order, or the comparison means nothing. */
const checkSame = async (port: number, authorization: string, id: string): Promise<void> => {
  const url = `http://127.0.0.1:${port}`
  const get = async (path: string) => (await fetch(`${url}${path}`, { headers: { authorization } })).json() as Promise<Json>
  const asked = await fetch(`${url}/graphql`, {
    method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify({ query: orderQuery, variables: { id } }),
  })
  const answer = await asked.json() as { data?: { order: Json }; errors?: unknown }
  const [rest, floor, graphql] = [await get(`/api/orders/${id}`), await get(`/bench/orders/${id}`), answer.data?.order]
  if (JSON.stringify(rest) !== JSON.stringify(floor)) throw new Error('the floor gives another order')
  if (!graphql || plain(graphql) !== plain(rest)) throw new Error(`GraphQL gives another order: ${JSON.stringify(answer.errors) ?? ''} ${plain(graphql ?? null).slice(0, 300)}`)
}
type Json = null | string | number | boolean | Json[] | { [key: string]: Json }
/** With its keys in order, and without those that say nothing. */
const plain = (value: Json): string => JSON.stringify(value, (_key, part: Json) =>
  (part !== null && typeof part === 'object' && !Array.isArray(part)
    ? Object.fromEntries(Object.entries(part).filter(([, inner]) => inner !== null).toSorted(([a], [b]) => (a < b ? -1 : 1))) : part))

/** How many statements the server was sent, those that open and close a transaction included. The first call makes what is cached. */
const statements = async ({ owner }: Clone, call: () => Promise<Response>): Promise<number> => {
  await call()
  await owner`create extension if not exists pg_stat_statements`
  await owner`set pg_stat_statements.track = 'none'`
  await owner`select pg_stat_statements_reset()`
  const answer = await call()
  if (!answer.ok) throw new Error(`expected an order, got ${answer.status} ${await answer.text()}`)
  await answer.text()
  const [counted] = await owner<{ calls: number }[]>`
    select coalesce(sum(calls), 0)::int as calls from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database())`
  return counted!.calls
}
