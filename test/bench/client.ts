/**
 * What sends requests in the measurements, as a process of its own: so many connections, each with one request at a time, over plain
 * sockets, so that it takes little of the machine from the server. Bodies come from a text with `{n}` in it, which is numbered on.
 */
import { connect, type Socket } from 'node:net'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export type Load = {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** `{n}` stands for a number of nine digits that no other request has. */
  readonly body?: string
  readonly firstNumber?: number
  readonly status: number
}
export type LoadResult = { readonly requests: number; readonly seconds: number; readonly bytes: number }

/** Runs a load in its own process. */
export const load = (wanted: Load): Promise<LoadResult> => new Promise((resolve, reject) => {
  const child = fork(fileURLToPath(import.meta.url), { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  child.once('message', message => {
    const result = message as LoadResult | { error: string }
    if ('error' in result) reject(new Error(result.error))
    else resolve(result)
  })
  child.once('error', reject)
  child.once('exit', code => { reject(new Error(`the client ended with ${code}`)) })
  child.send(wanted)
})

const run = async (wanted: Load): Promise<LoadResult> => {
  const { port, connections, seconds, method, path, headers, body = '', status } = wanted
  let number = wanted.firstNumber ?? 0
  const head = [`${method} ${path} HTTP/1.1`, `host: localhost:${port}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join('\r\n')
  const length = Buffer.byteLength(body.replaceAll('{n}', '0'.repeat(9)))
  const request = (): string => (method === 'GET' ? `${head}\r\n\r\n`
    : `${head}\r\ncontent-length: ${length}\r\n\r\n${body.replaceAll('{n}', String(++number).padStart(9, '0'))}`)
  const begin = performance.now()
  const end = begin + seconds * 1000
  let requests = 0
  let bytes = 0
  await Promise.all(Array.from({ length: connections }, async () => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    while (performance.now() < end) {
      const answer = await exchange(socket, request())
      if (!answer.startsWith(`HTTP/1.1 ${status} `)) throw new Error(`expected ${status}, got ${answer.slice(0, 500)}`)
      requests++
      bytes += answer.length
    }
    socket.destroy()
  }))
  return { requests, bytes, seconds: (performance.now() - begin) / 1000 }
}

/** Sends a request and waits for the whole answer, which says its length. */
const exchange = (socket: Socket, request: string): Promise<string> => new Promise((resolve, reject) => {
  let text = ''
  let whole = Infinity
  const done = (): void => { socket.off('data', take).off('error', reject).off('close', lost) }
  const lost = (): void => { done(); reject(new Error('the server closed the connection')) }
  const take = (piece: Buffer): void => {
    text += piece.toString('latin1')
    if (whole === Infinity) {
      const head = text.indexOf('\r\n\r\n')
      if (head >= 0) whole = head + 4 + Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1])
    }
    if (text.length < whole) return
    done()
    resolve(text)
  }
  socket.on('data', take).once('error', reject).once('close', lost)
  socket.write(request, 'latin1')
})

if (process.send && process.argv[1] === fileURLToPath(import.meta.url))
  process.once('message', message => {
    run(message as Load)
      .catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }))
      .then(result => { process.send!(result, () => process.exit(0)) })
  })
