import t from 'tap'
import { checkingFor, isPlain, type ActiveGuide } from '../../src/guides/rules.ts'
import type { CheckLevel, Partnership } from '../../src/partners/schema.ts'

const partnership = (checkLevel: CheckLevel = 'partner', guide: string | null = null): Partnership =>
  ({
    id: 'p', buyerId: 'shop', sellerId: 'mill',
    channels: [{ organisationId: 'mill', document: '850', channel: 'x12', x12Version: '004010', guide, checkLevel, ackAs: 'auto', ackDetail: 'set' }],
  }) as unknown as Partnership

const guide = (id: string, organisationId: string, more: Partial<ActiveGuide> = {}): ActiveGuide => ({
  id, organisationId, partnershipId: null, direction: 'in', set: '850', x12Version: '004010', version: 3, ...more,
})
const by = (guides: readonly ActiveGuide[], given = partnership(), version = '004010') => checkingFor(guides, given, 'shop', '850', version).by

t.test('whose guide judges', async t => {
  const ofAll = guide('all', 'mill')
  const ofOne = guide('one', 'mill', { partnershipId: 'p' })
  const sent = guide('sent', 'shop', { direction: 'out' })
  const sentHere = guide('sent here', 'shop', { direction: 'out', partnershipId: 'p' })
  t.same(by([]), undefined)
  t.match(by([sent, sentHere, ofAll, ofOne]), { stored: 'one', version: 3 }, 'what the receiver wants here')
  t.match(by([sent, sentHere, ofAll]), { stored: 'all' }, 'then what it wants of all')
  t.match(by([sent, sentHere]), { stored: 'sent here' }, 'then what the sender says of what it sends')
  t.match(by([sent]), { stored: 'sent' })
  t.same(by([guide('x', 'shop'), guide('x', 'mill', { direction: 'out' })]), undefined, 'not what the sender wants to get, nor what the receiver sends')
  t.same(by([guide('x', 'mill', { partnershipId: 'other' }), guide('x', 'mill', { set: '860' }), guide('x', 'mill', { x12Version: '005010' })]), undefined)
  t.same(by([], partnership('partner', 'northwind')), { shipped: 'northwind' })
  t.match(by([sent], partnership('partner', 'northwind')), { stored: 'sent' }, 'one of their own goes before a shipped one')
  t.same(by([], partnership('partner', 'northwind'), '005010'), undefined, 'that it does not hold for')
})

t.test('levels below the partner know no guides', async t => {
  for (const level of ['envelope', 'syntax', 'full'] as const) {
    const checking = checkingFor([guide('all', 'mill')], partnership(level), 'shop', '850', '004010')
    t.same(checking, { level })
    t.equal(isPlain(checking), level === 'full', `${level}: as the reader does it anyway`)
  }
  t.ok(isPlain(checkingFor([], partnership(), 'shop', '850', '004010')))
  t.notOk(isPlain(checkingFor([guide('all', 'mill')], partnership(), 'shop', '850', '004010')))
  t.ok(isPlain(checkingFor([], partnership('envelope'), 'mill', '855', '004010')), 'of what goes the other way the other side decides')
})
