import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { receiveOrders } from '../../src/orders/service.ts'
import { createShipment } from '../../src/shipments/service.ts'
import { orderDocument, receivedFrom } from '../orders/documents.ts'
import { jsonLines } from './run.ts'
import { runningHub } from './running-hub.ts'

t.test('labels, packing list and bill of lading, by number and by id', async t => {
  const { world, run } = await runningHub(t, 'api')
  const buyer = await receivedFrom(world, 'retailer', 'retailerManufacturer')
  const [order] = await receiveOrders(buyer.ctx, [buyer.received(orderDocument(world.items.retailerManufacturer, {}, ['24', '24', '6']))])
  const shipment = await createShipment(world.ctxOf('manufacturer', 'order_manager'), { orderIds: [order?.documentId ?? ''], number: 'ASN-1' })
  const folder = t.testdir({})

  const zpl = await run('manufacturer', ['print', 'labels', 'ASN-1', '--zpl', '--dpi', '300', '--output', '-'])
  t.match(zpl, { code: 0, stderr: '', stdout: /^\^XA\n\^CI28\n\^PW1200\n/ })
  t.equal(zpl.stdout.match(/\^XZ/g)?.length, shipment.packages.length)
  const one = await run('manufacturer', ['print', 'labels', 'ASN-1', '--zpl', '--package', 'C2', '--output', '-'])
  t.equal(one.stdout.match(/\^XZ/g)?.length, 1)

  const file = join(folder, 'labels.pdf')
  const saved = await run('manufacturer', ['print', 'labels', shipment.id, '--size', 'a5', '--output', file, '--json'])
  t.match(jsonLines(saved), [{ shipmentId: shipment.id, file, sizeBytes: (await readFile(file)).length }])
  t.match(await run('retailer', ['print', 'bill-of-lading', 'ASN-1', '--paper', 'a4', '--output', join(folder, 'bol.pdf')]), {
    code: 0,
    stdout: /bol\.pdf {2}/,
  })
  t.match(await run('retailer', ['print', 'packing-list', 'ASN-1', '--output', join(folder, 'list.pdf')]), { code: 0 })
  t.same(await readdir(folder), ['bol.pdf', 'labels.pdf', 'list.pdf'])
  for (const name of await readdir(folder)) t.equal((await readFile(join(folder, name))).subarray(0, 5).toString(), '%PDF-', name)

  t.match(await run('retailer', ['print', 'labels', 'ASN-1', '--output', '-']), { code: 1, stdout: '', stderr: /Only the seller labels/ })
  t.match(await run('supplier', ['print', 'labels', 'ASN-1']), { code: 1, stderr: /You have no shipment ASN-1/ })
  t.match(await run('manufacturer', ['print', 'labels', 'ASN-1', '--output', join(folder, 'none', 'x.pdf')]), {
    code: 2,
    stderr: /cannot be written \(ENOENT\)/,
  })
})
