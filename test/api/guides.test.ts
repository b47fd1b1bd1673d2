import t from 'tap'
import { readSetBytes } from '../../src/exchange/service.ts'
import { testApi } from '../helpers/api.ts'
import { interchange, workOff } from '../helpers/edi.ts'
import type { OrganisationName } from '../helpers/world.ts'

const api = await testApi(t)
const { world } = api
const hub = { qualifier: 'ZZ', id: 'ACCORDHUB', group: 'ACCORDHUB' }
let control = 0

type Body = Record<string, unknown>
const call = async (who: Parameters<typeof api.call>[0], what: Parameters<typeof api.call>[1], payload?: Body, headers?: Record<string, string>) => {
  const response = await api.call(who, what, { ...(payload && { payload }), ...(headers && { headers }) })
  return { ...(response.body === '' ? {} : response.json()), status: response.statusCode }
}
const items = async (who: OrganisationName, what: `GET /${string}`): Promise<Record<string, never>[]> => (await call(who, what)).items

/** An order of the retailer for the farm or the supplier, which one said inside it only. */
const order = (seller: 'farm' | 'supplier', number: string, ...more: string[]): [string, ...string[]] => {
  const [item] = world.items[seller === 'farm' ? 'retailerFarm' : 'retailerSupplier']
  return [
    '850', `BEG*00*SA*${number}**20261120`, ...(seller === 'supplier' ? ['REF*IA*300077'] : []), ...more, 'N1*ST*DC East*92*DC01',
    ...(seller === 'farm' ? ['N1*VN*Meadow Farm*92*100234'] : []),
    `PO1*1*30*EA*${item?.price}**UP*${item?.upc}*IN*${item?.buyerItem}`, 'CTT*1',
  ]
}

/** Sends orders as the retailer, and answers with the message, its sets and the segments of its acknowledgement. */
const sendOrders = async (sets: readonly (readonly [string, ...string[]])[], { usage = 'P' as 'P' | 'T', version = '004010' } = {}) => {
  control += 1
  const payload = interchange({ from: world.identityOf('retailer'), to: hub, control, usage, version }, 'PO', sets)
  const sent = await api.call('retailer', 'POST /api/edi', { payload, headers: { 'content-type': 'application/edi-x12' } })
  if (sent.statusCode !== 202) throw new Error(sent.body)
  await workOff(api.db)
  const { messageId } = sent.json<{ messageId: string }>()
  const { groups } = await call('retailer', `GET /api/messages/${messageId}`)
  const acknowledgement = await api.call('retailer', `GET /api/messages/${groups[0].acknowledgementMessageId}/bytes`)
  return {
    messageId,
    group: groups[0].outcome as string,
    sets: (await items('retailer', `GET /api/messages/${messageId}/sets`)) as unknown as { outcome: string; state: string; findings: { kind: string; message: string }[] }[],
    acknowledgement: acknowledgement.body.split('~').map(segment => segment.trim()).filter(segment => /^(ST|AK|IK)/.test(segment)),
  }
}

const department = { extends: '004010/850', narrow: [{ at: 'REF[01=DP]', req: 'M', note: 'every order of ours has a department' }] }
const draftFor = async (who: OrganisationName, given: Body): Promise<{ id: string; version: number }> => {
  const made = await call(who, 'POST /api/guides', { direction: 'in', set: '850', x12Version: '004010', overlay: department, ...given })
  if (made.status !== 201) throw new Error(JSON.stringify(made))
  return made
}
const activate = async (who: OrganisationName, id: string): Promise<void> => {
  const { state } = await call(who, `POST /api/guides/${id}/activate`)
  if (state !== 'active') throw new Error(`${id} is ${state}`)
}

t.test('a guide is checked when it comes, and is a draft', async t => {
  const post = (body: Body) => call('farm', 'POST /api/guides', { direction: 'in', set: '850', x12Version: '004010', ...body })
  t.match(await post({ overlay: { extends: '004010/850', narrow: [{ at: 'BEG', req: 'O' }, { at: 'XYZ', req: 'X' }] } }), {
    status: 422, code: 'guides/invalid', params: { problems: ['BEG is mandatory and cannot become O', 'XYZ does not exist in 850'] },
  })
  t.match(await post({ overlay: { extends: '004010/855' } }), { status: 422, params: { problems: ['"004010/855" is no guide of 850'] } })
  t.match(await post({ overlay: { extends: 'nobody/850' } }), { status: 422, params: { problems: ['there is no guide nobody/850'] } })
  t.match(await post({ overlay: { extends: '004010/850', narrow: [{ at: 'REF', reqq: 'M' }] } }), { status: 422, code: 'guides/invalid' })
  t.match(await post({ set: '999', overlay: { extends: '004010/999' } }), { status: 422, params: { problems: ['there is no 999 in version 004010'] } })
  t.match(await post({ overlay: department, partnershipId: world.partnership.retailerSupplier }), { status: 404 }, "others' partnership")
  t.match(await call('farm/order_manager', 'POST /api/guides', { direction: 'in', set: '850', x12Version: '004010', overlay: department }), { status: 403 })

  const { id, version } = await draftFor('farm', { name: 'Orders to the farm' })
  t.match(await call('farm', `GET /api/guides/${id}`), { state: 'draft', revision: 1, name: 'Orders to the farm', overlay: department, activatedAt: null })
  t.match(await draftFor('farm', {}), { revision: 2, name: '850 004010' })
  t.match(await call('farm', `PATCH /api/guides/${id}`, { name: 'Orders' }), { status: 428 })
  t.match(await call('farm', `PATCH /api/guides/${id}`, { name: 'Orders' }, { 'if-match': `"${version + 1}"` }), { status: 412 })
  t.match(await call('farm', `PATCH /api/guides/${id}`, { name: 'Orders' }, { 'if-match': `"${version}"` }), { status: 200, name: 'Orders', version: version + 1 })
  t.match(await call('farm', `GET /api/guides/${id}/differences`), {
    comparedWith: null, items: [{ at: 'REF[01=DP]', effect: 'stricter', sentence: 'REF[01=DP] (Reference) is required now; it was optional.' }],
  })
  t.same((await items('retailer', 'GET /api/guides')).length, 0, 'a partner sees no drafts')
  t.match(await call('retailer', `GET /api/guides/${id}`), { status: 404 })
  t.equal((await api.call('farm', `DELETE /api/guides/${id}`)).statusCode, 204)
  t.match(await call('farm', `GET /api/guides/${id}`), { status: 404 })
})

t.test('before it is activated, a preview says what would change; then it judges', async t => {
  const before = await sendOrders([order('farm', 'F-1'), order('farm', 'F-2', 'REF*DP*031'), order('supplier', 'S-1')])
  t.match(before, { group: 'A', sets: [{ outcome: 'A' }, { outcome: 'A' }, { outcome: 'A' }] })
  const { id } = await draftFor('farm', {})

  const preview = await call('farm', `GET /api/guides/${id}/preview`)
  t.match(preview, { status: 200, judged: 2, skipped: 0, nextCursor: null })
  t.match(preview.items, [{
    messageId: before.messageId, ordinal: 0, outcomeNow: 'A', outcomeThen: 'R', partnershipId: world.partnership.retailerFarm,
    found: [{ kind: 'segment-missing', segmentId: 'REF' }], gone: [],
  }])
  t.equal(preview.items.length, 1, 'what would stay as it is, is not listed, nor what is for others')
  const first = await call('farm', `GET /api/guides/${id}/preview?limit=1`)
  t.match(first, { judged: 1, items: [], nextCursor: `${before.messageId}.1` }, 'newest first, a page at a time')
  t.match(await call('farm', `GET /api/guides/${id}/preview?limit=1&cursor=${first.nextCursor}`), { judged: 1, items: [{ ordinal: 0 }], nextCursor: null })
  t.match(await call('farm', `GET /api/guides/${id}/preview?cursor=nonsense`), { status: 400 })
  t.match(await call('retailer', `GET /api/guides/${id}/preview`), { status: 404 })
  t.match(await call('farm/order_manager', `GET /api/guides/${id}/preview`), { status: 403 })

  await activate('farm', id)
  t.match(await items('retailer', 'GET /api/guides?state=active'), [{ id, organisationId: world.id.farm }], 'a partner sees what is in force')
  t.same(await items('supplier', 'GET /api/guides'), [], 'others do not')
  t.match(await call('retailer', `POST /api/guides/${id}/retire`), { status: 404 }, 'and changes nothing')

  const after = await sendOrders([order('farm', 'F-3'), order('farm', 'F-4', 'REF*DP*031'), order('supplier', 'S-2')])
  t.match(after.sets, [{ outcome: 'R', state: 'rejected', findings: [{ kind: 'segment-missing' }] }, { outcome: 'A', state: 'applied' }, { outcome: 'A', state: 'applied' }])
  t.match(after.acknowledgement, [
    'ST*997*0001', `AK1*PO*${control}`, 'AK2*850*0001', /^AK3\*REF\*3/, 'AK5*R*5', 'AK2*850*0002', 'AK5*A', 'AK2*850*0003', 'AK5*A', 'AK9*P*3*3*2',
  ])
  t.equal(after.group, 'P')
  const orders = (await items('farm', 'GET /api/orders')) as unknown as { number: string }[]
  t.same(orders.map(({ number }) => number).sort(), ['F-1', 'F-2', 'F-4'], 'what was rejected made no order')

  const [set] = (await items('farm', `GET /api/messages/${after.messageId}/sets`)) as unknown as { ordinal: number; partnershipId: string }[]
  t.match(set, { ordinal: 0, state: 'rejected', partnershipId: world.partnership.retailerFarm }, 'whose guide it was sees what it rejected')
  t.match(Buffer.from(await readSetBytes(world.ctxOf('farm'), after.messageId, 0)).toString(), /BEG\*00\*SA\*F-3/)

  const looser = await draftFor('farm', { overlay: { extends: '004010/850', narrow: [] } })
  t.match(await call('farm', `GET /api/guides/${looser.id}/differences`), { comparedWith: id, items: [{ effect: 'looser' }] })
  t.match((await call('farm', `GET /api/guides/${looser.id}/preview`)).items, [
    { messageId: after.messageId, outcomeNow: 'R', outcomeThen: 'A', gone: [{ kind: 'segment-missing' }] }, { messageId: before.messageId, outcomeNow: 'R', outcomeThen: 'A' },
  ], 'and back')
  t.match(await call('farm', `PATCH /api/guides/${id}`, { name: 'x' }, { 'if-match': '*' }), { status: 428 })
  t.match(await call('farm', `DELETE /api/guides/${id}`), { status: 409, code: 'guides/not-a-draft' })
  await activate('farm', looser.id)
  t.match(await call('farm', `GET /api/guides/${id}`), { state: 'retired' }, 'one is in force')
  t.match(await sendOrders([order('farm', 'F-5')]), { group: 'A' })
  await activate('farm', id)
  t.match(await sendOrders([order('farm', 'F-6')]), { group: 'R', acknowledgement: ['ST*997*0001', /AK1/, /AK2/, /AK3/, 'AK5*R*5', 'AK9*R*1*1*0'] }, 'a group of nothing but rejected sets')
  t.match(await sendOrders([order('farm', 'F-7')], { usage: 'T' }), { group: 'R' }, 'tests too')
  t.match(await sendOrders([order('farm', 'F-8')], { version: '004010VICS' }), { group: 'R' }, 'under the guide of the industry too')
  t.match(await sendOrders([order('farm', 'F-9')], { version: '005010' }), { group: 'A' }, 'for its version only')
})

t.test('how strictly is for the receiver to say', async t => {
  const level = async (checkLevel: string) => {
    const path = `/api/partnerships/${world.partnership.retailerFarm}` as const
    const { version } = await call('farm', `GET ${path}`)
    t.match(await call('farm', `PATCH ${path}/channels/850`, { checkLevel }, { 'if-match': `"${version}"` }), { status: 200 })
  }
  const wrongCode = order('farm', 'L-1').map(segment => segment.replace('BEG*00*SA', 'BEG*00*SAX')) as [string, ...string[]]
  t.match(await sendOrders([order('farm', 'L-2')]), { group: 'R' }, 'the guide is in force still')
  await level('full')
  t.match(await sendOrders([order('farm', 'L-3')]), { group: 'A' }, 'full: the standard')
  t.match(await sendOrders([wrongCode]), { group: 'R' })
  await level('envelope')
  t.match(await sendOrders([wrongCode, order('supplier', 'S-9')]), { group: 'A', sets: [{ outcome: 'A', findings: [] }, { outcome: 'A' }] }, 'envelope: nothing of what is in it')
  await level('partner')
  t.match(await sendOrders([order('farm', 'L-4')]), { group: 'R' })
})

t.test('for one partnership before for all, the receiver before the sender', async t => {
  const missing = (at: string, who: OrganisationName, more: Body) => draftFor(who, { overlay: { extends: '004010/850', narrow: [{ at, req: 'M' }] }, ...more })
  const found = async (sets: [string, ...string[]]) => (await sendOrders([sets])).sets[0]?.findings.map(({ message }) => /^\S+/.exec(message)?.[0])
  const ours = await missing('CUR', 'retailer', { direction: 'out' })
  await activate('retailer', ours.id)
  t.same(await found(order('farm', 'P-1')), ['REF'], "the farm's own guide")
  t.same(await found(order('supplier', 'P-2')), ['CUR'], "where the receiver has none, the sender's")
  const special = await missing('FOB', 'farm', { partnershipId: world.partnership.retailerFarm })
  await activate('farm', special.id)
  t.same(await found(order('farm', 'P-3')), ['FOB'])
  for (const [who, id] of [['farm', special.id], ['retailer', ours.id]] as const) t.match(await call(who, `POST /api/guides/${id}/retire`), { state: 'retired' })
  t.match(await call('farm', `POST /api/guides/${special.id}/retire`), { status: 409, code: 'guides/not-in-force' })
  t.same(await found(order('farm', 'P-4')), ['REF'])
  t.same(await found(order('supplier', 'P-5')), [])
})

t.test('the acknowledgement that a partner asks for', async t => {
  const ask = async (change: Body) => {
    for (const name of ['retailerFarm', 'retailerSupplier', 'retailerManufacturer'] as const) {
      const { version } = await call('retailer', `GET /api/partnerships/${world.partnership[name]}`)
      t.match(await call('retailer', `PATCH /api/partnerships/${world.partnership[name]}/channels/997`, change, { 'if-match': `"${version}"` }), { status: 200 })
    }
  }
  const sets = [order('farm', 'A-1', 'REF*DP*1'), order('farm', 'A-2')]
  await ask({ ackDetail: 'errors' })
  t.match((await sendOrders(sets)).acknowledgement, ['ST*997*0001', /AK1/, 'AK2*850*0002', /AK3/, 'AK5*R*5', 'AK9*P*2*2*1'])
  await ask({ ackDetail: 'group' })
  t.same((await sendOrders(sets)).acknowledgement.map(segment => segment.slice(0, 3)), ['ST*', 'AK1', 'AK9'])
  await ask({ ackAs: '999', ackDetail: 'set' })
  t.match((await sendOrders(sets)).acknowledgement.map(segment => segment.slice(0, 3)), ['ST*', 'AK1', 'AK2', 'IK5', 'AK2', 'IK3', 'IK5', 'AK9'])
  await ask({ ackAs: 'auto' })
})

t.test('what the hub sends is checked with the guide of who gets it', async t => {
  const [waiting] = (await items('farm', 'GET /api/orders?number=F-1')) as unknown as { id: string }[]
  const guide = await draftFor('retailer', { set: '855', overlay: { extends: '004010/855', narrow: [{ at: 'CUR', req: 'M', note: 'which currency you answer in' }] } })
  t.match(await call('retailer', `POST /api/guides/${guide.id}/activate`), { status: 200 })
  t.match(await call('farm', `POST /api/orders/${waiting?.id}/answers`, { acceptRest: true }), { status: 201 })
  await workOff(api.db)
  const outbox = async () => ((await items('retailer', 'GET /api/edi/outbox?limit=200')) as unknown as { sets: string[] }[]).filter(({ sets }) => sets.includes('855')).length
  t.equal(await outbox(), 0)
  const [{ errorCode, errorDetail } = { errorCode: '', errorDetail: '' }] = await api.owner<{ errorCode: string; errorDetail: string }[]>`
    select error_code as "errorCode", error_detail as "errorDetail" from delivery where document = '855' and state = 'failed'`
  t.equal(errorCode, 'exchange/against-guide')
  t.match(errorDetail, /The guide in force does not allow it: CUR/)
  const exceptions = (await items('farm', 'GET /api/exceptions?limit=200')) as unknown as { code: string; summary: string }[]
  t.match(exceptions.find(({ code }) => code === 'EXCHANGE_AGAINST_GUIDE'), { summary: /CUR/ }, 'an exception says so')
  t.match(await call('retailer', `POST /api/guides/${guide.id}/retire`), { status: 200 })
  const [second] = (await items('farm', 'GET /api/orders?number=F-2')) as unknown as { id: string }[]
  t.match(await call('farm', `POST /api/orders/${second?.id}/answers`, { acceptRest: true }), { status: 201 })
  await workOff(api.db)
  t.equal(await outbox(), 1)
  t.match(await call('retailer', `GET /api/guides/${guide.id}/preview`), { judged: 1, items: [{ outcomeNow: 'A', outcomeThen: 'R' }] }, 'a preview has what was sent too')
})

t.test('a shipped guide by its name', async t => {
  const { version } = await call('farm', `GET /api/partnerships/${world.partnership.retailerFarm}`)
  const patch = (guide: string, ifMatch: number) =>
    call('farm', `PATCH /api/partnerships/${world.partnership.retailerFarm}/channels/850`, { guide }, { 'if-match': `"${ifMatch}"` })
  t.match(await patch('nobody', version), { status: 422, code: 'guides/unknown-guide' })
  t.match(await patch('northwind', version), { status: 200 })
  const inForce = (await items('farm', 'GET /api/guides?state=active')) as unknown as { id: string }[]
  for (const { id } of inForce) await call('farm', `POST /api/guides/${id}/retire`)
  const { sets } = await sendOrders([order('farm', 'N-1', 'REF*DP*031')])
  t.match(sets[0], { outcome: 'R' })
  t.ok(sets[0]?.findings.some(({ message }) => message.startsWith('BEG03')), 'its order numbers have ten digits')
})

t.test('the same in GraphQL', async t => {
  const created = await api.graphql('farm', `mutation ($input: NewGuideInput!) { createGuide(input: $input) { id state overlay { extends narrow { at req } } } }`, {
    input: { direction: 'in', set: '850', x12Version: '004010', overlay: department },
  })
  t.match(created.data, { createGuide: { state: 'draft', overlay: { extends: '004010/850', narrow: [{ at: 'REF[01=DP]', req: 'M' }] } } })
  const { id } = (created.data as unknown as { createGuide: { id: string } }).createGuide
  t.match((await api.graphql('farm', `{ guideDifferences(id: "${id}") { items { sentence } } guidePreview(id: "${id}", limit: 5) { judged items { outcomeThen found { message } } } guides(filter: { state: draft }) { items { id } } }`)).data, {
    guideDifferences: { items: [{ sentence: /REF/ }] }, guidePreview: { judged: 5 }, guides: { items: [{ id }] },
  })
  t.match((await api.graphql('farm', `mutation { activateGuide(id: "${id}") { state } }`)).data, { activateGuide: { state: 'active' } })
  t.match((await api.graphql('farm', `mutation { retireGuide(id: "${id}") { state } }`)).data, { retireGuide: { state: 'retired' } })
  t.match((await api.graphql('farm', `mutation { createGuide(input: { direction: in, set: "850", x12Version: "004010", overlay: { extends: "x" } }) { id } }`)).errors, [{ extensions: { code: 'guides/invalid' } }])
})
