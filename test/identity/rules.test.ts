import t from 'tap'
import type { Role } from '../../src/db/context.ts'
import { actions, authorise, lockSeconds, may, mayGrant, operatorScopes, roles, type Action } from '../../src/identity/rules.ts'

const allowed = (role: Role, scopes: string[] = []) => actions.filter(action => may({ role, scopes }, action))

t.test('roles', async t => {
  t.same(allowed('viewer'), ['records.read'])
  t.same(allowed('planner'), ['records.read', 'forecasts.publish', 'exceptions.resolve'])
  t.same(allowed('order_manager'), [
    'records.read',
    'orders.create',
    'orders.answer',
    'shipments.create',
    'receipts.enter',
    'invoices.create',
    'exceptions.resolve',
  ])
  t.same(allowed('edi_operator'), ['records.read', 'exceptions.resolve', 'edi.send', 'edi.fetch', 'edi.inspect', 'edi.operate'])
  t.same(
    allowed('administrator'),
    actions.filter(action => action !== 'hub.operate'),
    'an administrator may do all within the organisation',
  )
})

t.test('scopes narrow, and never widen', async t => {
  t.same(allowed('administrator', ['edi']), ['edi.send', 'edi.fetch', 'edi.inspect', 'edi.operate'])
  t.same(allowed('viewer', ['edi', 'orders', 'administration']), [])
  for (const role of roles) for (const action of actions)
    if (may({ role, scopes: ['read', 'orders'] }, action)) t.ok(may({ role, scopes: [] }, action), `${role} ${action}`)
})

t.test('the operator', async t => {
  const operator = { role: 'administrator', scopes: ['operate'] } as const
  t.ok(may(operator, 'hub.operate'))
  t.ok(may(operator, 'keys.manage'), 'operate does not narrow')
  t.notOk(may({ role: 'administrator', scopes: [] }, 'hub.operate'))
  t.same(operatorScopes('administrator', 'operator'), ['operate'])
  t.same(operatorScopes('viewer', 'operator'), [])
  t.same(operatorScopes('administrator', 'retailer'), [])
})

t.test('nobody gives more than it has', async t => {
  t.ok(mayGrant({ scopes: [] }, ['orders']))
  t.ok(mayGrant({ scopes: [] }, []))
  t.notOk(mayGrant({ scopes: ['administration'] }, []), 'an open key is more than a narrowed one')
  t.notOk(mayGrant({ scopes: ['administration'] }, ['orders']))
  t.ok(mayGrant({ scopes: ['administration', 'orders'] }, ['orders']))
  t.notOk(mayGrant({ scopes: [] }, ['operate']))
  t.ok(mayGrant({ scopes: ['operate'] }, ['operate']))
})

t.test('a refusal names the action', async t => {
  const action: Action = 'users.manage'
  t.throws(() => authorise({ role: 'viewer', scopes: [] }, action), { code: 'identity/forbidden', params: { action } })
  t.doesNotThrow(() => authorise({ role: 'administrator', scopes: [] }, action))
})

t.test('the lock grows', async t => {
  t.same([1, 4, 5, 6, 7, 30].map(lockSeconds), [0, 0, 30, 60, 120, 3600])
})
