import type { Command } from 'commander'
import type { DeadWork, Message } from '../exchange/schema.ts'
import { CliError, type ExitCode } from './failure.ts'
import { ask, askJson, hubOf, hubOptions, textOf, type Hub, type HubOptions } from './http.ts'
import { count, paint, say, size, table, writeJson, type Column } from './output.ts'

type Options = HubOptions & { json?: true; messages: string }
type Page<T> = { readonly items: readonly T[] }
type Figures = { pending: number; dead: number; lagSeconds: number; queues: Record<string, Record<string, number>> }
type Readiness = { readonly status: string; readonly database?: string; readonly queue?: string }
type Status = {
  readonly url: string
  readonly ready: Readiness
  /** Null when this machine may not ask for them (see METRICS_TOKEN). */
  readonly figures: Figures | null
  /** Null without a key that may see them. */
  readonly messages: readonly Message[] | null
  readonly deadJobs: readonly DeadWork[] | null
}

const help = `
Without a key: whether the hub is up, and, on its own machine or with METRICS_TOKEN set, how much work waits. With one
that may inspect EDI: the latest messages and the jobs that failed for good.

Exit codes:
  0  the hub is ready
  1  it is not, or does not answer
  2  wrong usage

Examples:
  $ accord-hub status
  $ accord-hub status --json | jq .figures`

export const registerStatus = (parent: Command): void => {
  hubOptions(
    parent
      .command('status')
      .description('is the hub well, and what does it have to do')
      .option('--messages <count>', 'how many of the latest messages to show', '10')
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', help)
    .action(async (options: Options) => {
      process.exitCode = await show(await look(hubOf(options), options.messages), options.json === true)
    })
}

const look = async (hub: Hub, limit: string): Promise<Status> => {
  const answer = await ask({ ...hub, key: undefined }, 'GET', '/readyz')
  const ready = readinessOf(hub, answer.status, await textOf(answer))
  const [figures, messages, deadJobs] = await Promise.all([
    figuresOf(hub),
    withKey<Message>(hub, '/api/messages', limit),
    withKey<DeadWork>(hub, '/api/jobs/dead', '50'),
  ])
  return { url: hub.url.href, ready, figures, messages, deadJobs }
}

const readinessOf = (hub: Hub, status: number, text: string): Readiness => {
  try {
    const found = JSON.parse(text) as Partial<Readiness>
    if ((status === 200 || status === 503) && typeof found.status === 'string') return found as Readiness
  } catch {
    // Told below.
  }
  throw new CliError(`What answers at ${hub.url.href} is not an Accord hub.`, { code: 'hub/strange' })
}

/** A list that the key may not see is left out; a key that is wrong is said to be. */
const withKey = async <T>(hub: Hub, path: string, limit: string): Promise<readonly T[] | null> => {
  if (!hub.key) return null
  try {
    return (await askJson<Page<T>>(hub, 'GET', path, { query: { limit } })).items
  } catch (error) {
    if (error instanceof CliError && (error.code === 'identity/forbidden' || error.code === 'hub/unavailable')) return null
    throw error
  }
}

const figuresOf = async (hub: Hub): Promise<Figures | null> => {
  const answer = await ask({ ...hub, key: process.env['METRICS_TOKEN'] || undefined }, 'GET', '/metrics', {
    headers: { accept: 'text/plain' },
  })
  const text = await textOf(answer)
  if (answer.status !== 200) return null
  const figures: Figures = { pending: 0, dead: 0, lagSeconds: 0, queues: {} }
  for (const [, name = '', labels = '', value = ''] of text.matchAll(
    /^accord_(outbox_rows|outbox_lag_seconds|queue_depth)(?:\{(.*)\})? (\S+)$/gm,
  )) {
    const label = (wanted: string): string => new RegExp(`${wanted}="([^"]*)"`).exec(labels)?.[1] ?? ''
    if (name === 'outbox_lag_seconds') figures.lagSeconds = Number(value)
    else if (name === 'queue_depth') (figures.queues[label('queue')] ??= {})[label('state')] = Number(value)
    else figures[label('state') === 'dead' ? 'dead' : 'pending'] = Number(value)
  }
  return figures
}

const messageColumns: readonly Column<Message>[] = [
  { title: 'MESSAGE', of: message => message.id },
  { title: 'WAY', of: message => message.direction },
  { title: 'WITH', of: message => (message.direction === 'in' ? message.receiver : message.sender) ?? '-' },
  { title: 'CONTROL', of: message => message.controlNumber ?? '-' },
  { title: 'SIZE', of: message => size(message.sizeBytes), right: true },
  { title: 'AT', of: message => `${message.receivedAt.slice(0, 16)}Z` },
  {
    title: 'STATE',
    of: message =>
      message.errorDetail ??
      [message.processingState, message.deliveryState, message.ackOutcome].filter(part => part !== null).join(', '),
    colour: message => (message.errorCode === null ? undefined : 'red'),
  },
]

const jobColumns: readonly Column<DeadWork>[] = [
  { title: 'JOB', of: job => job.id },
  { title: 'KIND', of: job => job.kind },
  { title: 'TRIED', of: job => job.attempts, right: true },
  { title: 'SINCE', of: job => `${job.createdAt.slice(0, 16)}Z` },
  { title: 'WHY', of: job => job.errorDetail ?? job.errorCode ?? '' },
]

const show = async (status: Status, json: boolean): Promise<ExitCode> => {
  const { url, ready, figures, messages, deadJobs } = status
  const well = ready.status === 'ok'
  const code: ExitCode = well ? 0 : 1
  if (json) {
    await writeJson(status)
    return code
  }
  await say(
    well
      ? `${url} is ${paint('green', 'ready')}.`
      : `${url} is ${paint('red', 'not ready')}: database ${ready.database ?? 'unknown'}, queue ${ready.queue ?? 'unknown'}.`,
  )
  if (figures) {
    await say(
      `Work: ${figures.pending} waiting${figures.pending > 0 ? ` (the oldest for ${Math.round(figures.lagSeconds)} s)` : ''}, ` +
        `${figures.dead} failed for good.`,
    )
    for (const [queue, states] of Object.entries(figures.queues))
      await say(
        `  queue ${queue}: ${Object.entries(states)
          .map(([state, number]) => `${number} ${state}`)
          .join(', ')}`,
      )
  } else await say("How much work waits is told on the hub's own machine only, or with METRICS_TOKEN.")
  if (deadJobs && deadJobs.length > 0)
    await say('', `${paint('red', count(deadJobs.length, 'job'))} failed for good:`, table(jobColumns, deadJobs))
  if (messages) await say('', messages.length > 0 ? table(messageColumns, messages) : 'No messages yet.')
  else await say('Set ACCORD_API_KEY to see messages and failed jobs.')
  return code
}
