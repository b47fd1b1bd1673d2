/** A process that holds an embedded database as the hub does: `<this> DATA_DIR` prints what it got, and stops on SIGINT. */
import pino from 'pino'
import { startEmbedded } from '../../src/db/embedded.ts'

try {
  const embedded = await startEmbedded({ dataDir: process.argv[2] ?? '', log: pino({ level: 'silent' }) })
  const alive = setInterval(() => {}, 60_000)
  process.once('SIGINT', () => {
    void embedded.stop().then(() => {
      clearInterval(alive)
      process.stdout.write('stopped\n')
    })
  })
  process.stdout.write(`${JSON.stringify({ pid: embedded.pid, adopted: embedded.adopted, address: embedded.address })}\n`)
} catch (error) {
  process.stdout.write(`${JSON.stringify({ refused: (error as Error).message })}\n`)
  process.exitCode = 1
}
