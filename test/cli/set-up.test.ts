import t from 'tap'
import { connect } from '../../src/db/client.ts'
import { authenticateKey, signIn } from '../../src/identity/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { accordHub, databaseEnv, jsonLines } from './run.ts'

const hours = { now: new Date(), sessionHours: 1 }

t.test('an empty hub gets its operator, its companies, their users and keys', async t => {
  const { db, owner, access } = await testDatabase(t)
  const env = databaseEnv(access)
  const add = ['user', 'add', 'ann@example.com', '--organisation', 'operator', '--role', 'administrator']

  t.match(await accordHub([...add, '--dry-run'], { env }), {
    code: 0,
    stdout: /ann@example\.com would be administrator of Operator of this hub; nothing was kept\.\n$/,
  })
  t.equal((await owner`select 1 from organisation`).length, 0, 'a dry run leaves nothing, the operator neither')
  const [made] = jsonLines<{ password: string; organisationId: string }>(await accordHub([...add, '--json'], { env }))
  t.match(made, { email: 'ann@example.com', role: 'administrator', password: /^[\w-]{20}$/, dryRun: false })
  const { session } = await signIn(db, { email: 'ann@example.com', password: made?.password ?? '' }, hours)
  t.match(session, { organisationId: made?.organisationId, scopes: ['operate'] }, 'who operates the hub')
  t.match(await accordHub(add, { env }), { code: 1, stderr: 'The user is a member already.\n' })

  const companies = 'name,kind,gln\nNorthgate Stores,retailer,0711111000000\nMeadow Farm,supplier,\n'
  t.match(await accordHub(['import', 'organisations', '-', '--local'], { env, input: companies }), { code: 0, stdout: /2 new/ })
  const bob = [
    'user',
    'add',
    'bob@example.com',
    '--organisation',
    '0711111000000',
    '--role',
    'order_manager',
    '--name',
    'Bob',
    '--password-stdin',
  ]
  t.match(await accordHub(bob, { env, input: 'short\n' }), { code: 1, stderr: /^A password has 12 to 256 characters/ })
  const added = await accordHub(bob, { env, input: 'correct horse battery staple\n' })
  t.match(
    added,
    { code: 0, stdout: 'bob@example.com is now order manager of Northgate Stores.\n' },
    'a password that was given is not shown',
  )
  await signIn(db, { email: 'bob@example.com', password: 'correct horse battery staple' }, hours)
  const joined = await accordHub(['user', 'add', 'bob@example.com', '--organisation', 'Meadow Farm', '--role', 'viewer'], { env })
  t.match(joined, { code: 0, stdout: /existed already; name and password are as they were/ })
  t.notMatch(joined.stdout, /Password:/)
  t.match(await accordHub(['user', 'add', 'x@example.com', '--organisation', 'Nobody', '--role', 'viewer'], { env }), {
    code: 1,
    stderr: /^No organisation has .* Nobody\. Import it first/,
  })

  const create = [
    'key',
    'create',
    '--organisation',
    'Northgate Stores',
    '--name',
    'ERP',
    '--role',
    'edi_operator',
    '--scopes',
    'edi,read',
    '--expires',
    '2099-12-31',
  ]
  t.match(await accordHub([...create, '--dry-run'], { env }), { code: 0, stdout: /nothing was kept/ })
  t.equal((await owner`select 1 from api_key`).length, 0)
  const key = await accordHub(create, { env })
  t.match(key, { code: 0, stdout: /^ak_[0-9a-f]{12}_[\w-]+\n$/, stderr: /only edi, read, until 2099-12-31T23:59Z/ })
  const fresh = connect(access)
  t.teardown(() => fresh.close())
  t.match(await authenticateKey(fresh, key.stdout.trim()), { name: 'ERP', role: 'edi_operator', scopes: ['edi', 'read'] })
  const operate = ['key', 'create', '--name', 'o', '--role', 'administrator', '--scopes', 'operate', '--organisation']
  t.match(await accordHub([...operate, 'Meadow Farm'], { env }), { code: 2, stderr: /Only a key of the operator/ })
  const [own] = jsonLines<{ token: string }>(await accordHub([...operate, 'operator', '--json'], { env }))
  t.match(await authenticateKey(fresh, own?.token ?? ''), { scopes: ['operate'] })

  const log = await owner`select action, actor from audit_log where action <> 'session.opened' order by id`
  t.same(
    log.map(row => row['action'] as string),
    ['organisation.created', 'user.added', 'import.organisations', 'user.added', 'user.added', 'key.created', 'key.created'],
    'all of it is in the audit log',
  )
  t.match(log.at(-1), { actor: /^command line, / })
})

t.test('on the embedded database, which runs for as long as the command does', async t => {
  const home = t.testdir()
  const env = { DATA_DIR: home, HOME: home }
  t.match(await accordHub(['backup', `${home}/x`], { env }), {
    code: 2,
    stderr: /^There is no database in .* yet\. Start the hub once, run accord-hub migrate/,
  })
  const dry = await accordHub(['migrate', '--dry-run'], { env })
  t.match(dry, { code: 0, stdout: / {2}0001-foundation\.sql\n[^]*would be applied; nothing was changed\.\n$/ })
  t.match(await accordHub(['key', 'create', '--organisation', 'operator', '--name', 'k', '--role', 'viewer'], { env }), {
    code: 1,
    stderr: /Run accord-hub migrate first/,
  })
  t.match(await accordHub(['migrate', '--json'], { env }), { code: 0, stdout: /"applied":\["0001-foundation\.sql"/ })
  t.match(await accordHub(['migrate'], { env }), { code: 0, stdout: 'The database is at this version already.\n' })
  const made = await accordHub(['key', 'create', '--organisation', 'operator', '--name', 'k', '--role', 'viewer'], { env })
  t.match(made, { code: 0, stdout: /^ak_/ })
})
