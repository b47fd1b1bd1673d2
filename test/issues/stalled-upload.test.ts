import { connect, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { testApi } from '../helpers/api.ts'

t.test('who falls silent in the middle of a body does not hold a connection for ever', async t => {
  const { app, world, owner } = await testApi(t)
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.ok(app.server.timeout >= 60_000 && app.server.timeout <= 600_000, `silence is borne for ${app.server.timeout} ms`)
  app.server.timeout = 300 // new connections take it from here
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  socket.resume()
  socket.write(`POST /api/edi HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${world.keyOf('retailer')}\r\n`
    + `content-type: application/edi-x12\r\ncontent-length: 1000000\r\n\r\nISA*00*`)
  await once(socket, 'close', { signal: AbortSignal.timeout(10_000) })
  t.equal((await owner`select 1 from message`).length, 0)
})
