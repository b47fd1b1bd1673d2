import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import closeWithGrace from 'close-with-grace'
import { ConfigError, loadConfig, type Config } from './config.ts'
import { EmbeddedError } from './db/embedded.ts'
import { MigrationError } from './db/migrate.ts'
import { demoAccounts, isEmpty, loadDemo } from './demo/index.ts'
import { startHub } from './hub.ts'
import { createLogger } from './log.ts'
import { startTelemetry } from './telemetry.ts'

const usage = `Usage: npm start -- [options]

Starts the hub: the API and the workers, on the embedded database unless DATABASE_URL is set.

  --demo       load the demo world into an empty database given by DATABASE_URL too
  --no-demo    leave an empty embedded database empty
  --help       this text

Configuration comes from the environment; .env.example lists it.`

const start = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { demo: { type: 'boolean' }, 'no-demo': { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help) return console.log(usage)
  const config = loadConfig()
  const pretty = process.stdout.isTTY === true
  const log = createLogger({ LOG_LEVEL: pretty && !process.env['LOG_LEVEL'] ? 'warn' : config.LOG_LEVEL }, { pretty })
  const stopTelemetry = await startTelemetry(config)
  const hub = await startHub({ config, log, progress: step => console.log(`  … ${step}`) })
  keepHeapSmall()
  closeWithGrace({ delay: 30_000, logger: log }, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'the hub stops because of an unexpected error')
    else console.log(`\n${signal === 'SIGINT' ? 'Stopping' : `${signal ?? 'Asked to stop'}: stopping`} …`)
    await hub.close()
    await stopTelemetry()
    console.log('Stopped.')
  })
  const empty = await isEmpty(hub.db)
  const { url, localUrl } = hub
  if (url && localUrl && empty && (values.demo || (hub.embedded && !values['no-demo']))) {
    const level = log.level
    log.level = 'warn' // the demo speaks for itself; a line for each of its requests would drown it
    await loadDemo({ hub: { db: hub.db, url, localUrl }, config, log, say: line => console.log(line) })
    log.level = level
  }
  console.log(greeting(url, config, await isEmpty(hub.db), empty))
}

/**
 * What starting took is garbage now. Left to itself, V8 lets the heap grow to several times what is in use before it looks for
 * what has grown old; looking earlier, the hub takes 250 MB instead of 450 for a large file, at a tenth more processor time.
 */
const keepHeapSmall = (): void => {
  setFlagsFromString('--heap-growing-percent=50')
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}

const greeting = (url: string | undefined, config: Config, isEmpty: boolean, wasEmpty: boolean): string => {
  if (!url) return 'The workers are running. Ctrl-C stops them.'
  return [
    '',
    `Accord is serving at ${url}`,
    `  API documentation  ${url}/docs`,
    `  GraphQL explorer   ${url}/graphiql`,
    `  Health             ${url}/readyz`,
    ...(wasEmpty || demoAccounts(config) === undefined
      ? []
      : [`  Sign in            the accounts of the demo are in ${join(config.DATA_DIR, 'demo-accounts.txt')}`]),
    ...(isEmpty ? ['  Nothing is in it    "Set up real life" in README.md says how to begin'] : []),
    'Ctrl-C stops everything.',
  ].join('\n')
}

try {
  await start()
} catch (error) {
  if (error instanceof ConfigError || error instanceof EmbeddedError || error instanceof MigrationError)
    console.error(error.message)
  else if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
    console.error(`The port is taken: ${(error as Error).message}. Set PORT to another one.`)
  else console.error(error)
  process.exit(1)
}
