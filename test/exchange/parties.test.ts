import t from 'tap'
import {
  knowsReceiver,
  ownsGroup,
  ownsInterchange,
  partnershipFor,
  type Addressing,
  type SenderProfile,
} from '../../src/exchange/parties.ts'
import type { Partnership } from '../../src/partners/schema.ts'
import type { GroupHeader, InterchangeHeader } from '../../src/x12/types.ts'

const partnership = (
  id: string,
  buyerId: string,
  sellerId: string,
  sellerRecognition: Partnership['sellerRecognition'] = {},
  status: Partnership['status'] = 'active',
): Partnership => ({
  id,
  buyerId,
  sellerId,
  buyerName: buyerId,
  sellerName: sellerId,
  status,
  usage: 'production',
  sellerRecognition,
  buyerIdentity: null,
  sellerIdentity: null,
  responseHours: 24,
  forecastPurpose: 'SALES_FORECAST',
  changeQuantity: 'absolute',
  channels: [],
  version: 1,
})

const partnerships = [
  partnership('by-group', 'shop', 'mill', { by: 'GS03', value: 'MILL-EDI' }),
  partnership('by-vendor', 'shop', 'farm', { by: 'N1*VN', value: '100234' }),
  partnership('by-reference', 'shop', 'box', { by: 'REF*IA', value: '300077' }),
  partnership('suspended', 'shop', 'gone', { by: 'N1*VN', value: '999' }, 'suspended'),
  partnership('plain', 'shop', 'dairy'),
  partnership('upstream', 'supplier', 'shop'),
]
const sender: SenderProfile = {
  organisationId: 'shop',
  partnerships,
  guides: [],
  tests: { own: new Set(), others: new Map() },
  own: new Set(['ZZ:SHOP', 'GS:SHOPGRP', '08:9251']),
  others: new Map([
    ['ZZ:HUB', 'operator'],
    ['GS:DAIRY', 'dairy'],
    ['ZZ:DAIRY', 'dairy'],
    ['GLN:0700000000005', 'dairy'],
    ['ZZ:BUYER', 'supplier'],
    ['GS:BUYER', 'supplier'],
  ]),
}
const addressing = (part: Partial<Addressing>): Addressing => ({
  set: '850',
  groupReceiver: 'HUB',
  interchangeReceiver: 'ZZ:HUB',
  parties: [],
  references: [],
  ...part,
})
const found = (part: Partial<Addressing>): string | undefined => partnershipFor(sender, addressing(part))?.id

t.test('which seller an order is for', async t => {
  t.equal(found({ groupReceiver: 'MILL-EDI' }), 'by-group', 'GS03, where the partnership says so')
  t.equal(found({ parties: [{ role: 'VN', idQualifier: '92', id: '100234' }] }), 'by-vendor', 'N1*VN')
  t.equal(found({ parties: [{ role: 'ST', idQualifier: '92', id: '100234' }] }), undefined, 'no other party counts as the vendor')
  t.equal(found({ references: [{ qualifier: 'IA', value: '300077' }] }), 'by-reference', 'REF*IA')
  t.equal(found({ references: [{ qualifier: 'DP', value: '300077' }] }), undefined)
  t.equal(found({ groupReceiver: 'DAIRY' }), 'plain', 'without a rule, the group code of the seller')
  t.equal(found({ interchangeReceiver: 'ZZ:DAIRY' }), 'plain', 'or its ISA id')
  t.equal(found({ parties: [{ role: 'SE', idQualifier: 'UL', id: '0700000000005' }] }), 'plain', 'or its GLN')
  t.equal(found({}), undefined, 'nothing that names a seller is no answer')
  t.equal(found({ parties: [{ role: 'VN', idQualifier: '92', id: '999' }] }), undefined, 'a suspended partnership takes nothing')
  t.equal(
    found({ parties: [{ role: 'VN', idQualifier: '92', id: '100234' }], references: [{ qualifier: 'IA', value: '300077' }] }),
    undefined,
    'two different answers are none',
  )
})

t.test('which buyer an answer is for', async t => {
  t.equal(found({ set: '855', groupReceiver: 'BUYER' }), 'upstream', 'as a seller, the partnerships in which it sells')
  t.equal(found({ set: '850', groupReceiver: 'BUYER' }), undefined, 'and an order is never one of those')
  t.equal(found({ set: '830', interchangeReceiver: 'ZZ:BUYER' }), 'upstream', 'a forecast may go either way')
})

t.test('whose an interchange and a group are', async t => {
  const header = (qualifier: string, id: string) =>
    ({ senderQualifier: qualifier, senderId: id, receiverQualifier: 'ZZ', receiverId: 'HUB' }) as InterchangeHeader
  t.ok(ownsInterchange(sender, header('ZZ', 'SHOP')))
  t.notOk(ownsInterchange(sender, header('01', 'SHOP')), 'the qualifier counts')
  t.notOk(ownsInterchange(sender, header('ZZ', 'DAIRY')))
  t.ok(ownsGroup(sender, { senderCode: 'SHOPGRP' } as GroupHeader), 'a group code of its own')
  t.ok(ownsGroup(sender, { senderCode: '9251' } as GroupHeader), 'or one of its ISA ids')
  t.notOk(ownsGroup(sender, { senderCode: 'DAIRY' } as GroupHeader))
  t.ok(knowsReceiver(sender, header('ZZ', 'SHOP')))
  t.notOk(knowsReceiver(sender, { receiverQualifier: 'ZZ', receiverId: 'NOBODY' } as InterchangeHeader))
})
