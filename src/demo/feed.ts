import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { samplesFolder, type Seeded } from './world.ts'

/** edi-samples/feed.json: which file is sent by whom, in this order. */
type Step = { readonly file: string; readonly as: string; readonly note: string }

export type Client = <T>(as: string, path: string, call?: Call) => Promise<{ status: number; body: T }>

type Call = { readonly method?: string; readonly body?: string | Uint8Array; readonly type?: string }

/** Calls the hub's API as one of the demo organisations, as any partner would. (`fetch` refuses some ports that a hub may have.) */
export const clientOf =
  (url: string, keys: Seeded['keys']): Client =>
  <T>(as: string, path: string, { method, body, type = 'application/json' }: Call = {}) =>
    new Promise<{ status: number; body: T }>((resolve, reject) => {
      const call = request(`${url}${path}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          authorization: `Bearer ${keys[as]?.token ?? ''}`,
          ...(body !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
        },
      })
      call.on('error', reject)
      call.on('response', response => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(pieces).toString('latin1')
          const json = response.headers['content-type']?.includes('json') ?? false
          resolve({ status: response.statusCode ?? 0, body: (json ? JSON.parse(Buffer.concat(pieces).toString()) : text) as T })
        })
      })
      call.end(body)
    })

type Message = {
  processingState: string
  errorCode: string | null
  errorDetail: string | null
  ackOutcome: string | null
  interchanges: { acceptedSets: number; rejectedSets: number; state: string; noteCode: string }[]
}

export type FeedTotals = { files: number; accepted: number; rejected: number; held: number; refused: number }

/** Sends every sample through POST /api/edi and says, a line each, what came of it. */
export const feedSamples = async (client: Client, say: (line: string) => void): Promise<FeedTotals> => {
  const steps = JSON.parse(readFileSync(new URL('feed.json', samplesFolder), 'utf8')) as Step[]
  const totals: FeedTotals = { files: 0, accepted: 0, rejected: 0, held: 0, refused: 0 }
  for (const [index, { file, as }] of steps.entries()) {
    const place = `${String(index + 1).padStart(3)}/${steps.length}  ${file.padEnd(44)}`
    totals.files += 1
    const sent = await client<{ messageId?: string; code?: string; duplicate?: boolean; detail?: string }>(as, '/api/edi', {
      body: readFileSync(new URL(file, samplesFolder)),
      type: 'application/edi-x12',
    })
    if (sent.status !== 202 || !sent.body.messageId) {
      totals.refused += 1
      say(`${place}refused: ${sent.status} ${sent.body.code ?? ''}`)
      continue
    }
    if (sent.body.duplicate) {
      say(`${place}received before: the same answer, nothing twice`)
      continue
    }
    const message = await settled(client, as, sent.body.messageId)
    say(`${place}${outcome(message, totals)}`)
  }
  return totals
}

const outcome = (message: Message, totals: FeedTotals): string => {
  const accepted = message.interchanges.reduce((sum, each) => sum + (each.state === 'accepted' ? each.acceptedSets : 0), 0)
  const sets = message.interchanges.reduce((sum, each) => sum + each.acceptedSets + each.rejectedSets, 0)
  if (message.processingState === 'quarantined' || message.processingState === 'duplicate') {
    totals.held += sets
    return `${message.processingState}: ${message.errorCode ?? 'received before'}`
  }
  totals.accepted += accepted
  totals.rejected += sets - accepted
  const notes = message.interchanges.filter(({ noteCode }) => noteCode !== '000').map(({ noteCode }) => `TA1 ${noteCode}`)
  return [
    `${accepted} of ${sets} set${sets === 1 ? '' : 's'} accepted`,
    ...(message.ackOutcome ? [`997 ${message.ackOutcome}`] : []),
    ...notes,
  ].join(', ')
}

const patienceMilliseconds = 60_000

/** Waits until the hub is done with a message. */
export const settled = async (client: Client, as: string, messageId: string): Promise<Message> => {
  for (const deadline = Date.now() + patienceMilliseconds; ;) {
    const { body } = await client<Message>(as, `/api/messages/${messageId}`)
    if (!['received', 'processing'].includes(body.processingState)) return body
    if (Date.now() > deadline) throw new Error(`message ${messageId} is still ${body.processingState} after a minute`)
    await new Promise(resolve => {
      setTimeout(resolve, 20)
    })
  }
}
