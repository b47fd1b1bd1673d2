import t from 'tap'
import type { ShipmentFacts } from '../../src/reconciliation/facts.ts'
import { orderAgainstShipments } from '../../src/reconciliation/rules/r6-order-shipment.ts'
import { brief, dated, item, orderOf, policies, shipmentOf } from '../helpers/order-facts.ts'

const accepted = (quantity: string, confirmed = quantity) => ({
  quantity,
  price: '2',
  response: 'accepted' as const,
  quantityConfirmed: confirmed,
})
const check = (
  name: string,
  facts: ReturnType<typeof orderOf>,
  shipments: ShipmentFacts[],
  expected: string[],
  book = policies(),
) => t.same(brief(orderAgainstShipments({ ...facts, shipments }, book)), expected, name)

t.test('short and over', async () => {
  const open = orderOf([accepted('100')], { state: 'partly_shipped' })
  const closed = orderOf([accepted('100')], { state: 'shipped' })
  check('part of an open order is on its way', open, [shipmentOf('1', [{ line: 1, quantity: '60' }])], [])
  check(
    'the same of a closed one is short',
    closed,
    [shipmentOf('1', [{ line: 1, quantity: '60' }])],
    ['R6_SHORT error: 100 → 60, -40'],
  )
  check(
    'two shipments add up',
    closed,
    [shipmentOf('1', [{ line: 1, quantity: '60' }]), shipmentOf('2', [{ line: 1, quantity: '40' }])],
    [],
  )
  check('2 % over is allowed', open, [shipmentOf('1', [{ line: 1, quantity: '102' }])], [])
  check('3 % over is not', open, [shipmentOf('1', [{ line: 1, quantity: '103' }])], ['R6_OVER error: 100 → 103, 3'])
  check(
    'with a floor of 5',
    open,
    [shipmentOf('1', [{ line: 1, quantity: '103' }])],
    [],
    policies({ rule: 'R6', settings: { over: { absolute: '5' } } }),
  )
  check(
    'what the seller never promised is not short here',
    orderOf([{ quantity: '100', response: 'changed', quantityConfirmed: '80' }], { state: 'shipped' }),
    [shipmentOf('1', [{ line: 1, quantity: '80' }])],
    [],
  )
  check(
    'more than promised but not more than ordered',
    orderOf([{ quantity: '100', response: 'changed', quantityConfirmed: '80' }], { state: 'shipped' }),
    [shipmentOf('1', [{ line: 1, quantity: '100' }])],
    [],
  )
  check(
    'unanswered and shipped',
    orderOf([{ quantity: '100' }], { state: 'partly_shipped' }),
    [shipmentOf('1', [{ line: 1, quantity: '110' }])],
    ['R6_OVER error: 100 → 110, 10'],
  )
  check(
    'cases of 12',
    orderOf([{ quantity: '10', unit: 'CA', item: item('12'), response: 'accepted', quantityConfirmed: '10' }], {
      state: 'shipped',
    }),
    [shipmentOf('1', [{ line: 1, quantity: '96', unit: 'EA' }])],
    ['R6_SHORT error: 10 → 8, -2'],
  )
  check(
    'a unit that cannot be converted',
    orderOf([{ quantity: '10', unit: 'LB' }]),
    [shipmentOf('1', [{ line: 1, quantity: '10' }])],
    ['R6_UNIT warning: LB → EA, null'],
  )
})

t.test('past the window', async () => {
  const late = { dates: [dated('037', '2026-03-02'), dated('038', '2026-03-09')], today: '2026-03-10' }
  check(
    'nothing at all is one finding',
    orderOf([accepted('100'), accepted('5')], late),
    [],
    ['R6_NOT_SHIPPED error: 2026-03-09 → null, null'],
  )
  check(
    'some is short by line',
    orderOf([accepted('100'), accepted('5')], { ...late, state: 'partly_shipped' }),
    [shipmentOf('1', [{ line: 1, quantity: '90' }])],
    ['R6_SHORT error: 100 → 90, -10', 'R6_SHORT error: 5 → 0, -5'],
  )
  check('on its last day it is not', orderOf([accepted('100')], { ...late, today: '2026-03-09' }), [], [])
  check(
    'a rejected order is not waited for',
    orderOf([{ quantity: '100', response: 'rejected', quantityCancelled: '100' }], { ...late, state: 'rejected' }),
    [],
    [],
  )
  const [nothing] = orderAgainstShipments(orderOf([accepted('100'), accepted('5')], late), policies())
  t.match(nothing, { moneyAtRisk: '210.00', evidence: [{ segment: 'DTM', element: 2, value: '2026-03-09' }] })
})

t.test('what should not be there', async () => {
  check(
    'a cancelled line',
    orderOf([{ quantity: '100', response: 'cancelled', quantityCancelled: '100' }], { state: 'cancelled' }),
    [shipmentOf('1', [{ line: 1, quantity: '10' }])],
    ['R6_CANCELLED_LINE error: 0 → 10, 10'],
  )
  check(
    'cancelled after part was shipped',
    orderOf([{ quantity: '100', response: 'cancelled', quantityCancelled: '60' }], { state: 'shipped' }),
    [shipmentOf('1', [{ line: 1, quantity: '40' }])],
    [],
  )
  check(
    'an item that is not on the order',
    orderOf([accepted('100')]),
    [shipmentOf('1', [{ line: null, quantity: '3', product: '00099999999999' }])],
    ['R6_UNKNOWN_ITEM error: null → 3, null'],
  )
  const mixed = shipmentOf('1', [
    { line: 1, quantity: '100' },
    { line: null, quantity: '3', orderId: null },
  ])
  check('an order that nobody knows', orderOf([accepted('100')]), [mixed], ['R6_UNKNOWN_ORDER error: null → PO7, null'])
  t.match(orderAgainstShipments({ ...orderOf([accepted('100')]), shipments: [mixed] }, policies())[0], {
    subjectKind: 'shipment',
    subjectId: 'shp_1',
  })
  check(
    "another order's lines in the same shipment",
    orderOf([accepted('100')]),
    [shipmentOf('1', [{ line: 1, quantity: '500', orderId: 'ord_2' }])],
    [],
  )
})

t.test('window of each shipment', async () => {
  const facts = orderOf([accepted('100')], {
    dates: [
      dated('037', '2026-03-09', 7),
      dated('038', '2026-03-12', 8),
      dated('064', '2026-03-14', 9),
      dated('063', '2026-03-16', 10),
    ],
    today: '2026-03-09',
  })
  const ship = (shipDate: string | null, estimatedDelivery: string | null = null) => [
    shipmentOf('1', [{ line: 1, quantity: '100' }], { shipDate, estimatedDelivery }),
  ]
  check('inside both', facts, ship('2026-03-10', '2026-03-15'), [])
  check('shipped late', facts, ship('2026-03-13'), ['R6_SHIP_WINDOW error: 2026-03-12 → 2026-03-13, 1'])
  check('shipped early', facts, ship('2026-03-08'), ['R6_SHIP_WINDOW warning: 2026-03-09 → 2026-03-08, -1'])
  check('will arrive early', facts, ship('2026-03-09', '2026-03-12'), ['R6_DELIVERY_WINDOW warning: 2026-03-14 → 2026-03-12, -2'])
  check('nothing said of dates', facts, ship(null), [])
  const [late] = orderAgainstShipments({ ...facts, shipments: ship('2026-03-13') }, policies())
  t.same(late!.evidence, [
    {
      side: 'buyer',
      documentKind: 'order',
      documentId: 'ord_1',
      messageId: 'msg_850',
      set: 0,
      segment: 'DTM',
      position: 8,
      element: 2,
      value: '2026-03-12',
    },
    {
      side: 'seller',
      documentKind: 'shipment',
      documentId: 'shp_1',
      messageId: 'msg_856_1',
      set: 0,
      segment: 'DTM',
      position: 5,
      element: 2,
      value: '2026-03-13',
    },
  ])
})

t.test('evidence names the order line and each shipped one', async t => {
  const shipments = [shipmentOf('2', [{ line: 1, quantity: '30' }]), shipmentOf('1', [{ line: 1, quantity: '60' }])]
  const [short] = orderAgainstShipments({ ...orderOf([accepted('100')], { state: 'shipped' }), shipments }, policies())
  t.match(short, { summary: 'Order PO7 line 1: 100 EA accepted, 90 shipped, 10 short (10 %).', moneyAtRisk: '20.00' })
  t.match(short!.evidence, [
    { side: 'buyer', segment: 'PO1', position: 11, element: 2, value: '100' },
    { side: 'seller', messageId: 'msg_856_1', segment: 'SN1', position: 20, element: 2, value: '60' },
    { side: 'seller', messageId: 'msg_856_2', segment: 'SN1', position: 20, element: 2, value: '30' },
  ])
})
