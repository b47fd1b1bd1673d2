import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { accordHub, jsonLines } from './run.ts'
import { orders, runningHub } from './running-hub.ts'

t.test('send, wait for what came of it, fetch the 997 and acknowledge it', async t => {
  const { world, run } = await runningHub(t)
  const folder = t.testdir({
    'one.edi': orders(world, 1, 'A-1'),
    'bad.edi': orders(world, 2, 'A-2', ''),
    'unknown.edi': orders(world, 9, 'A-9').replaceAll('300077', 'nobody'),
    'packed.edi.gz': gzipSync(orders(world, 3, 'A-3')),
    inbox: {},
  })
  const one = join(folder, 'one.edi')

  t.match(await run('retailer', ['send', one, '--dry-run']), { code: 0, stdout: /one\.edi {2}would be sent: 1 set, 1 good/ })
  t.match(await run('retailer', ['status', '--json']), { code: 0, stdout: /"messages":\[\]/ }, 'a dry run sends nothing')

  const sent = await run('retailer', ['send', one, '--wait'])
  t.match(sent, { code: 0, stderr: '' })
  t.match(
    sent.stdout,
    /^msg_[0-9a-f]{32} {2}.*one\.edi {2}\d+ bytes\n {2}processed\n {2}interchange 000000001 accepted: 1 accepted, 0 rejected\n/,
  )
  const [, ackId] = /its 997 is (msg_[0-9a-f]{32}) in your outbox/.exec(sent.stdout) ?? []
  t.ok(ackId)

  const again = await run('retailer', ['send', one, '--json'])
  t.match(jsonLines(again), [{ file: one, duplicate: true, messageId: sent.stdout.slice(0, 36) }])
  const bad = await run('retailer', ['send', join(folder, 'bad.edi'), join(folder, 'unknown.edi'), '--wait'])
  t.match(bad, { code: 1, stdout: /accepted: 1 accepted, 1 rejected\n {2}group 2 \(PO\): answered P/ })
  t.match(bad.stdout, /\n {2}850 0002 rejected\n {4}BEG03 .* is required but empty/, 'and why')
  t.match(bad.stdout, /answered A[^]*\n {2}850 0001 quarantined: Nothing in the set names an active/, 'also of what is held back')
  t.match(await run('retailer', ['send', join(folder, 'packed.edi.gz'), '--wait']), { code: 0, stdout: /1 accepted, 0 rejected/ })
  t.match(await run('retailer', ['send', '-', '--json'], orders(world, 4, 'A-4')), {
    code: 0,
    stdout: /"file":"-","messageId":"msg_/,
  })

  const listed = await run('retailer', ['outbox', 'list'])
  t.match(listed, { code: 0, stdout: /^MESSAGE +SETS +FROM/ })
  t.match(listed.stdout, new RegExp(`${ackId} +997 +ZZ:ACCORDHUB`))
  const piped = await run('retailer', ['outbox', 'fetch'])
  t.match(piped, { code: 0, stdout: /^ISA\*.*AK1\*PO\*1~/s, stderr: /still in the outbox until acknowledged/ })
  t.match(await accordHub(['x12', 'validate', '-'], { input: piped.stdout }), { code: 0 }, 'which reads on in a pipe')

  const inbox = join(folder, 'inbox')
  t.match(await run('retailer', ['outbox', 'fetch', '--dir', join(folder, 'none')]), {
    code: 2,
    stderr: /no folder .*none/,
  })
  t.match(await run('retailer', ['outbox', 'fetch', '--dry-run', '--acknowledge']), { code: 0, stderr: /would be fetched/ })
  const fetched = await run('retailer', ['outbox', 'fetch', '--dir', inbox, '--acknowledge', '--json'])
  const items = jsonLines<{ messageId: string; file: string; acknowledged: boolean }>(fetched)
  t.ok(items.length >= 3 && items.every(item => item.acknowledged))
  t.same((await readdir(inbox)).sort(), items.map(item => `${item.messageId}-997.edi`).sort())
  t.match(await readFile(join(inbox, `${ackId}-997.edi`), 'latin1'), /AK1\*PO\*1~/)
  t.notMatch((await run('retailer', ['outbox', 'list'])).stdout, new RegExp(ackId ?? ''), 'what is acknowledged is gone')
  t.match(
    await run('supplier', ['outbox', 'list', '--json']),
    { code: 0, stdout: /"sets":\["850"\]/ },
    'the supplier has its order',
  )
  t.match(await run('stranger', ['outbox', 'fetch']), { code: 0, stdout: '', stderr: 'Nothing waits for you.\n' })
})

t.test('what the hub refuses is told in its sentence', async t => {
  const { world, run } = await runningHub(t, 'api')
  const folder = t.testdir({ 'order.edi': orders(world, 1, 'B-1'), 'bad.edi': 'hello' })
  const file = join(folder, 'order.edi')
  t.match(await run('retailer', ['send', '-'], ''), { code: 1, stderr: /^The body is empty\./ })
  t.match(await run('retailer', ['send', '-'], 'hello'), { code: 1, stderr: 'The body does not begin with an ISA segment.\n' })
  t.match(await run(null, ['send', file]), { code: 1, stdout: '', stderr: /wants an API key: set ACCORD_API_KEY/ })
  t.match(await run('retailer', ['send', file, '--key', 'ak_0123456789ab_wrong']), {
    code: 1,
    stderr: /does not know this API key/,
  })
  t.match(await run('retailer', ['send', 'nowhere.edi']), { code: 2, stderr: 'nowhere.edi does not exist.\n' })
  const refused = await run('retailer', ['replay', `msg_${'0'.repeat(32)}`, '--json'])
  t.match(refused.code, 1)
  t.match(JSON.parse(refused.stderr), { error: { code: 'record/not-found' } })
  // Nobody works here, so it is not processed in time; it is safe all the same.
  t.match(await run('retailer', ['send', file, '--wait', '--timeout', '1']), {
    code: 1,
    stderr: /is safe with the hub but not processed after 1 s/,
  })
  const several = await run('retailer', ['send', file, join(folder, 'bad.edi')])
  t.match(several, { code: 1, stdout: /msg_.*order\.edi/, stderr: /bad\.edi: The body does not begin with an ISA segment/ })
})

t.test('a control number used again is held, and let through by replay', async t => {
  const { world, run } = await runningHub(t)
  t.match(await run('retailer', ['send', '-', '--wait'], orders(world, 7, 'C-1')), { code: 0 })
  const held = await run('retailer', ['send', '-', '--wait'], orders(world, 7, 'C-2'))
  t.match(held, { code: 1, stdout: /interchange 000000007 conflict/ })
  const id = held.stdout.slice(0, 36)
  t.match(await run('retailer', ['replay', id, '--release', '--dry-run']), {
    code: 0,
    stdout: /is quarantined.*Nothing was changed\./s,
  })
  t.match(await run('retailer', ['replay', id, '--release']), { code: 0, stdout: /will be let through and processed again/ })
  t.match(
    await run('retailer', ['send', '-', '--wait'], orders(world, 7, 'C-2')),
    { code: 0, stdout: /received before/ },
    'and is processed now',
  )
  t.match(await run('retailer', ['replay', id]), { code: 1, stderr: /nothing to process again/ })
})
