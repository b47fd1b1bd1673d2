import t from 'tap'
import { createHash } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { deflateSync, gzipSync } from 'node:zlib'
import { testApi } from '../helpers/api.ts'

const api = await testApi(t, { MAX_BODY_BYTES: String(8 * 1024 * 1024) })
const { identityOf } = api.world

/** The shortest interchange that is one: an empty envelope. */
const interchange = (control: number): string => {
  const { id } = identityOf('retailer')
  const number = String(control).padStart(9, '0')
  return `ISA*00*          *00*          *ZZ*${id.padEnd(15)}*ZZ*ACCORDHUB      *260302*0930*U*00401*${number}*0*P*>~IEA*0*${number}~`
}
const x12 = { 'content-type': 'application/edi-x12' }
const send = (
  payload: string | Buffer | Readable,
  headers: Record<string, string> = x12,
  who: 'retailer' | 'retailer/viewer' = 'retailer',
) => api.call(who, 'POST /api/edi', { payload, headers })
const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')

t.test('X12 is taken with its exact bytes, raw, packed and in a form', async t => {
  const raw = await send(interchange(1))
  t.match(raw, { statusCode: 202 })
  t.match(raw.json(), { messageId: /^msg_/, duplicate: false, sha256: sha256(interchange(1)), sizeBytes: interchange(1).length })
  const { messageId } = raw.json()
  const bytes = await api.call('retailer', `GET /api/messages/${messageId}/bytes`)
  t.equal(bytes.body, interchange(1))
  t.match(bytes.headers, { 'content-type': 'application/edi-x12', 'content-length': String(interchange(1).length) })

  t.match((await send(interchange(1))).json(), { messageId, duplicate: true }, 'the same bytes again are the same message')
  t.match(
    (await send(gzipSync(interchange(1)), { ...x12, 'content-encoding': 'gzip' })).json(),
    { messageId, duplicate: true },
    'packed too',
  )
  t.match(
    (
      await send(deflateSync(interchange(2)), {
        'content-type': 'Application/EDI-X12; charset=us-ascii',
        'content-encoding': 'deflate',
      })
    ).json(),
    { sha256: sha256(interchange(2)) },
  )

  const form = (...files: [name: string, type: string, bytes: Buffer][]) =>
    Buffer.concat([
      ...files.flatMap(([name, type, body]) => [
        Buffer.from(
          `--frontier\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`,
        ),
        body,
        Buffer.from('\r\n'),
      ]),
      Buffer.from('--frontier--\r\n'),
    ])
  const multipart = { 'content-type': 'multipart/form-data; boundary=frontier' }
  const two = await send(
    form(
      ['a.edi', 'application/octet-stream', Buffer.from(interchange(3))],
      ['b.edi.gz', 'application/gzip', gzipSync(interchange(4))],
    ),
    multipart,
  )
  t.match(two, { statusCode: 202 })
  t.match(two.json().messages, [{ sha256: sha256(interchange(3)) }, { sha256: sha256(interchange(4)) }])
  t.match((await send(Buffer.from('--frontier--\r\n'), multipart)).json(), { code: 'exchange/empty' })
})

t.test('each bad body gets a clear answer', async t => {
  const refused = async (payload: string | Buffer | Readable, headers: Record<string, string>, status: number, code: string) => {
    const response = await send(payload, headers)
    t.match({ statusCode: response.statusCode, ...response.json() }, { statusCode: status, status, code }, code)
  }
  await refused(interchange(9), { 'content-type': 'application/json' }, 415, 'request/unsupported-media-type')
  await refused('{}', { 'content-type': 'application/json' }, 415, 'request/unsupported-media-type')
  await refused(interchange(9), { 'content-type': 'text/html' }, 415, 'request/unsupported-media-type')
  await refused(interchange(9), { ...x12, 'content-encoding': 'br' }, 415, 'request/unsupported-media-type')
  await refused('', x12, 400, 'exchange/empty')
  await refused("UNH+1+ORDERS:D:96A:UN'", x12, 422, 'exchange/not-x12')
  await refused('this is no gzip', { ...x12, 'content-encoding': 'gzip' }, 400, 'exchange/bad-compression')
  await refused(gzipSync(interchange(9)).subarray(0, 60), { ...x12, 'content-encoding': 'gzip' }, 400, 'exchange/truncated')
  await refused(`${interchange(9)}${' '.repeat(9 * 1024 * 1024)}`, x12, 413, 'request/too-large')
  await refused(
    Readable.from(Array.from({ length: 10 }, () => Buffer.alloc(1024 * 1024, interchange(9)))),
    x12,
    413,
    'request/too-large',
  )
  await refused(
    gzipSync(Buffer.alloc(64 * 1024 * 1024, interchange(9))),
    { ...x12, 'content-encoding': 'gzip' },
    413,
    'request/too-large',
  )
  await refused(gzipSync(Buffer.alloc(7 * 1024 * 1024, ' ')), { ...x12, 'content-encoding': 'gzip' }, 413, 'request/too-large')
  t.equal((await send(interchange(9), x12, 'retailer/viewer')).statusCode, 403)
  t.equal(
    (await api.owner`select count(*)::int as n from message where control_number = '000000009'`)[0]?.n,
    0,
    'nothing of them was kept',
  )
})

t.test('an upload that breaks off leaves nothing', async t => {
  const address = await api.app.listen({ host: '127.0.0.1', port: 0 }).then(() => api.app.server.address() as AddressInfo)
  await new Promise<void>(done => {
    const upload = httpRequest({
      host: address.address,
      port: address.port,
      method: 'POST',
      path: '/api/edi',
      headers: { ...x12, authorization: `Bearer ${api.world.keyOf('retailer')}`, 'content-length': 5000 },
    })
    upload.on('error', () => done()).on('response', () => done())
    upload.write(interchange(10), () => upload.destroy())
  })
  t.equal((await api.owner`select count(*)::int as n from message where control_number = '000000010'`)[0]?.n, 0)
})

t.test('a sender that is refused while it still sends reads why', async t => {
  const { port } = api.app.server.address() as AddressInfo
  const answer = await new Promise<{ status: number | undefined; body: string }>((done, fail) => {
    const upload = httpRequest(
      { host: '127.0.0.1', port, method: 'POST', path: '/api/edi', headers: { ...x12, authorization: `Bearer ${api.world.keyOf('retailer')}` } },
      response => {
        let body = ''
        response.setEncoding('utf8').on('data', (part: string) => { body += part }).on('end', () => done({ status: response.statusCode, body }))
      },
    )
    upload.on('error', fail)
    Readable.from(Array.from({ length: 12 }, () => Buffer.alloc(1024 * 1024, interchange(11)))).pipe(upload)
  })
  t.equal(answer.status, 413)
  t.match(JSON.parse(answer.body), { code: 'request/too-large', params: { limitBytes: 8 * 1024 * 1024 } })
})

t.test('an Idempotency-Key holds for streams as well', async t => {
  const post = (control: number, key: string) => send(interchange(control), { ...x12, 'idempotency-key': key })
  const first = await post(20, 'edi-1')
  t.equal(first.statusCode, 202)
  const second = await post(20, 'edi-1')
  t.same(second.json(), first.json())
  t.equal(second.headers['idempotency-replayed'], 'true')
  t.match((await post(21, 'edi-1')).json(), { status: 409, code: 'request/idempotency-conflict' })
  t.equal(
    (await api.owner`select count(*)::int as n from message where control_number = '000000021'`)[0]?.n,
    0,
    'what conflicts is not taken in',
  )
})

t.test('messages are listed, inspected and fetched by those they concern', async t => {
  const list = (await api.call('retailer/edi_operator', 'GET /api/messages?direction=in&limit=2')).json()
  t.equal(list.items.length, 2)
  t.match(list.items[0], { direction: 'in', processingState: 'received', sender: 'ZZ:NORTHGATE' })
  const next = (await api.call('retailer', `GET /api/messages?direction=in&limit=2&cursor=${list.nextCursor}`)).json()
  t.not(next.items[0].id, list.items[1].id)
  t.match((await api.call('retailer', `GET /api/messages/${list.items[0].id}`)).json(), { id: list.items[0].id, groups: [] })
  t.match((await api.call('retailer', `POST /api/messages/${list.items[0].id}/replay`)).json(), {
    status: 409,
    code: 'exchange/nothing-to-replay',
  })
  t.same((await api.call('farm', 'GET /api/messages')).json(), { items: [], nextCursor: null })
  t.same((await api.call('retailer', 'GET /api/edi/outbox')).json(), { items: [], nextCursor: null })
  t.equal((await api.call('retailer', 'POST /api/edi/outbox/msg_00000000000000000000000000000000/acknowledge')).statusCode, 404)
  t.same((await api.call('retailer', 'GET /api/jobs/dead')).json(), { items: [], nextCursor: null })
  t.equal((await api.call('retailer', 'POST /api/jobs/dead/1/retry')).statusCode, 409)
})

t.test('master data comes by CSV and JSON, with a dry run', async t => {
  const csv = 'code,name,kind\nDC09,North DC,distribution_centre\nDC10,,nowhere\n'
  const post = (payload: string | object, query: string, type: string) =>
    api.call('retailer', `POST /api/imports/locations${query as ''}`, { payload, headers: { 'content-type': type } })
  const dry = await post(csv, '?dryRun=true', 'text/csv')
  t.match(dry.json(), { dryRun: true, applied: false, total: 2, failed: 1, errors: [{ line: 3 }] })
  t.match((await post(csv, '', 'text/csv')).json(), { applied: false })
  t.match((await post([{ code: 'DC09', name: 'North DC', kind: 'distribution_centre' }], '', 'application/json')).json(), {
    applied: true,
    created: 1,
  })
  t.match((await post('code,name,kind\nDC09,North DC 2,distribution_centre\n', '', 'text/csv')).json(), {
    applied: true,
    updated: 1,
  })
  t.ok(
    (await api.call('retailer', 'GET /api/locations?limit=200'))
      .json()
      .items.some((item: { name: string }) => item.name === 'North DC 2'),
  )
  t.match((await post([['DC09']], '', 'application/json')).json(), {
    status: 400,
    code: 'request/invalid',
    errors: [{ pointer: '/0' }],
  })
  t.match((await api.call('retailer', 'GET /api/imports/prices')).json(), {
    columns: [{ name: 'organisation', required: false }],
  })
  t.equal((await api.call('retailer', 'POST /api/imports/organisations', { payload: [] })).statusCode, 403)
})
