import { request as requestHttp, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Command } from 'commander'
import { pipeline, Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { CliError, usageError } from './failure.ts'

/** Where the hub is and who asks. */
export type Hub = { readonly url: URL; readonly key: string | undefined }
export type HubOptions = { readonly url?: string; readonly key?: string }

/** The options that every command takes which talks to a hub. */
export const hubOptions = (command: Command): Command =>
  command
    .option('--url <address>', 'the hub; else ACCORD_URL, else http://localhost:4000')
    .option('--key <token>', 'an API key; better kept in ACCORD_API_KEY, since others may see a command line')

/** @throws CliError for an address that is none */
export const hubOf = (options: HubOptions): Hub => {
  const address = options.url ?? (process.env['ACCORD_URL'] || 'http://localhost:4000')
  if (!/^https?:\/\//.test(address) || !URL.canParse(address))
    throw usageError(`${address} is no address of a hub; it looks like http://localhost:4000.`)
  return { url: new URL(address), key: options.key ?? (process.env['ACCORD_API_KEY'] || undefined) }
}

export type Call = {
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Sent as it comes; `headers` say what it is. */
  readonly body?: Readable
  readonly headers?: Readonly<Record<string, string>>
}
type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: IncomingMessage }

/** How long nothing may be heard. A large import is worked on for a while before it is answered. */
const patienceMilliseconds = { GET: 60_000, POST: 900_000 } as const

/**
 * Asks the hub. The answer may come while the body is still being sent (a refusal does not wait for the rest); then the
 * sending ends there.
 * @throws CliError when the hub cannot be reached
 */
export const ask = (hub: Hub, method: 'GET' | 'POST', path: string, call: Call = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const base = hub.url.href.endsWith('/') ? hub.url.href : `${hub.url.href}/`
    const url = new URL(path.replace(/^\//, ''), base)
    for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) url.searchParams.set(name, value)
    let answered = false
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method,
      timeout: patienceMilliseconds[method],
      headers: { accept: 'application/json', ...(hub.key && { authorization: `Bearer ${hub.key}` }), ...call.headers },
    })
    request.on('response', body => {
      answered = true
      resolve({ status: body.statusCode ?? 0, headers: body.headers, body })
    })
    request.on('timeout', () => {
      request.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }))
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      // A file that cannot be read is told as such.
      if (!answered) reject(error.path === undefined ? unreachable(hub, error, call.body !== undefined) : error)
    })
    if (!call.body) return request.end()
    pipeline(
      yielding(call.body, () => answered),
      request,
      () => {}, // told by 'error' above
    )
  })

/**
 * The body until it is enough. Between two pieces the answer gets a chance to be read: a hub that refuses hangs up, and
 * writing on would mostly fail before its reason is heard.
 */
const yielding = (body: Readable, enough: () => boolean): Readable =>
  Readable.from(
    (async function* () {
      for await (const piece of body) {
        await setImmediate()
        if (enough()) return
        yield piece as Buffer
      }
    })(),
    { objectMode: false, highWaterMark: 1 },
  )

type SocketError = NodeJS.ErrnoException & { readonly errors?: readonly NodeJS.ErrnoException[] }

const unreachable = (hub: Hub, error: SocketError, sending: boolean): CliError => {
  const code = error.code ?? error.errors?.[0]?.code ?? error.message
  const sentence =
    sending && ['EPIPE', 'ECONNRESET'].includes(code)
      ? `The hub at ${hub.url.href} hung up while it was being sent to: what is sent may be over its limit, or it was stopped. ` +
        'Nothing was kept; try again.'
      : `The hub at ${hub.url.href} does not answer (${code}). Is it running, and is this its address (--url, ACCORD_URL)?`
  return new CliError(sentence, { code: 'hub/unreachable' })
}

/** The answer as JSON; null where there is none. @throws CliError with the hub's own sentence when it refuses */
export const askJson = async <T>(hub: Hub, method: 'GET' | 'POST', path: string, call: Call = {}): Promise<T> => {
  const answer = await ask(hub, method, path, call)
  if (answer.status >= 400) throw await refusal(hub, answer)
  const text = await textOf(answer)
  return (text ? parse(hub, text) : null) as T
}

export const textOf = async ({ body }: Answer): Promise<string> => {
  const pieces: Buffer[] = []
  for await (const piece of body) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString('utf8')
}

const parse = (hub: Hub, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new CliError(`What answers at ${hub.url.href} is not an Accord hub: it does not speak JSON.`, { code: 'hub/strange' })
  }
}

/** What a refusal says, with what to do about the usual ones. */
export const refusal = async (hub: Hub, answer: Answer): Promise<CliError> => {
  const text = await textOf(answer)
  const problem = (/json/.test(answer.headers['content-type'] ?? '') ? parse(hub, text) : {}) as {
    code?: string
    title?: string
    detail?: string
  }
  const code = problem.code ?? `http/${answer.status}`
  if (answer.status === 401)
    return new CliError(
      hub.key
        ? 'The hub does not know this API key, or it has expired or been revoked.'
        : 'The hub wants an API key: set ACCORD_API_KEY, or give --key.',
      { code },
    )
  return new CliError(problem.detail ?? problem.title ?? `The hub answers ${answer.status}.`, { code })
}
