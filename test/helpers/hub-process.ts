// A hub in a process of its own, on a database that a test made: what the crash tests kill. HUB_ACCESS says where, ROLES what it does.
import { pino } from 'pino'
import { loadConfig } from '../../src/config.ts'
import type { DatabaseAccess } from '../../src/db/address.ts'
import { startHub } from '../../src/hub.ts'

const access = JSON.parse(process.env['HUB_ACCESS'] ?? '') as DatabaseAccess
const config = loadConfig({ ...process.env, PORT: process.env['PORT'] ?? '0', DATABASE_POOL_SIZE: '4' })
const hub = await startHub({ config, access, log: pino({ level: process.env['LOG_LEVEL'] ?? 'silent' }) })
process.send?.({ ready: hub.url ?? 'working' })
process.on('SIGTERM', () => {
  void hub.close().then(() => process.exit(0))
})
// The test is gone: so are we.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
