import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { accordHub, databaseEnv, jsonLines } from './run.ts'
import { orders, runningHub } from './running-hub.ts'

t.test('status', async t => {
  const { world, run, owner } = await runningHub(t)
  t.match(await run(null, ['status']), {
    code: 0,
    stdout: /is ready\.\nWork: 0 waiting, 0 failed for good\.\n[^]*Set ACCORD_API_KEY/,
  })
  await run('retailer', ['send', '-', '--wait'], orders(world, 1, 'D-1'))
  await owner`insert into outbox (organisation_id, queue, key, kind, state, attempts, error_detail)
    values (${world.id.retailer}, 'documents', 'k', 'deliver', 'dead', 9, 'the partner is away')`
  const text = await run('retailer', ['status'])
  t.match(text, {
    code: 0,
    stdout: /1 job failed for good:\nJOB +KIND +TRIED +SINCE +WHY\n\d+ +deliver +9 .* the partner is away/,
  })
  t.match(text.stdout, /MESSAGE +WAY[^]*msg_[0-9a-f]{32} +in +/)
  const [status] = jsonLines<{ figures: { queues: object }; messages: unknown[]; deadJobs: unknown[] }>(
    await run('retailer', ['status', '--json']),
  )
  t.match(status, { ready: { status: 'ok' }, figures: { pending: Number, lagSeconds: Number }, deadJobs: [{ kind: 'deliver' }] })
  t.ok(status && Object.keys(status.figures.queues).length > 0 && status.messages.length > 0)
  t.match(
    await run('farm', ['status', '--json']),
    { code: 0, stdout: /"messages":\[\],"deadJobs":\[\]/ },
    'each organisation its own',
  )
})

t.test('import', async t => {
  const { run, access, owner } = await runningHub(t, 'api')
  const folder = t.testdir({
    'locations.csv':
      'code,name,kind\nDC09,Northgate DC North,distribution_centre\nDC01,Northgate DC East II,distribution_centre\n',
    'bad.csv': 'code;name;kind;gln\nDC10;Somewhere;distribution_centre;0711111000017\nDC11;Elsewhere;castle;\n',
    'organisations.csv': 'name,kind\nLakeside Dairy,supplier\n',
  })
  const file = join(folder, 'locations.csv')
  t.match(await run('retailer', ['import', 'locations', file, '--dry-run']), {
    code: 0,
    stdout: '2 lines of locations: 1 new, 1 changed, 0 unchanged, 0 with errors. Dry run: nothing was kept.\n',
  })
  t.match(await run('retailer', ['import', 'locations', file]), { code: 0, stdout: /1 new, 1 changed.* Imported\.\n$/ })
  t.match(await run('retailer', ['import', 'locations', '-', '--json'], await readFile(file)), {
    code: 0,
    stdout: /"unchanged":2/,
  })
  const bad = await run('retailer', ['import', 'locations', join(folder, 'bad.csv')])
  t.equal(bad.code, 1)
  t.match(bad.stdout, /^LINE +COLUMN +VALUE +WHAT IS WRONG\n[^]* 3 +kind +castle +\S[^]*with errors\. Nothing was kept\.\n$/)
  t.match(await run('retailer', ['import', 'organisations', join(folder, 'organisations.csv')]), {
    code: 1,
    stderr: /Only the operator/,
  })
  t.match(await run('operator', ['import', 'organisations', join(folder, 'organisations.csv')]), { code: 0, stdout: /1 new/ })

  const env = databaseEnv(access)
  t.match(await accordHub(['import', 'organisations', '-', '--local'], { env, input: 'name,kind\nHillside Mills,supplier\n' }), {
    code: 0,
    stdout: /1 new/,
  })
  const names = await owner`select name from organisation where name in ('Lakeside Dairy', 'Hillside Mills')`
  t.equal(names.length, 2)
})
