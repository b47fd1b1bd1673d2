import { createHash } from 'node:crypto'
import { InvalidArgumentError, type Command } from 'commander'
import type { InterchangeSummary, MessageDetail, MessageFinding, MessageSet } from '../exchange/schema.ts'
import type { ExitCode } from './failure.ts'
import { CliError } from './failure.ts'
import { askJson, hubOf, hubOptions, type Hub, type HubOptions } from './http.ts'
import { manyInputs, type Input } from './input.ts'
import { count, paint, printable, say, size, writeJson } from './output.ts'
import { judgeFile } from './x12/verdict.ts'

type Options = HubOptions & { wait?: true; timeout: number; dryRun?: boolean; json?: true }
type StoppedSet = Omit<MessageSet, 'findings'> & { readonly findings: readonly MessageFinding[] }
type Receipt = { messageId: string; duplicate: boolean; sizeBytes: number; sha256: string }

const help = `
The hub answers when the exact bytes are safe; the 997 comes back through your channel (see: accord-hub outbox fetch).
The same bytes again get the same message id, and nothing is done twice, so a send that failed can be repeated.
A folder sends every X12 file in it. A file that ends in .gz is sent compressed.

Exit codes:
  0  sent; with --wait: and every set accepted
  1  refused or failed; with --wait: or a set was rejected, held back or not processed in time
  2  wrong usage, or a file cannot be read

Examples:
  $ accord-hub send edi-samples/850/two-lines.edi
  $ accord-hub send outbox/ --wait
  $ accord-hub send - --json < order.edi`

const seconds = (text: string): number => {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.')
  return Number(text)
}

export const registerSend = (parent: Command): void => {
  hubOptions(
    parent
      .command('send')
      .description('send X12 files to the hub')
      .argument('<file...>', 'files or folders; - is standard input')
      .option('--wait', 'wait until each is processed, and say what came of it')
      .option('--timeout <seconds>', 'how long to wait', seconds, 300)
      .option('--dry-run', 'check the files here and ask the hub whether it would take them; send nothing')
      .option('--json', 'print one JSON object per file'),
  )
    .addHelpText('after', help)
    .action(async (names: string[], options: Options) => {
      process.exitCode = await sendAll(names, options)
    })
}

const sendAll = async (names: readonly string[], options: Options): Promise<ExitCode> => {
  const hub = hubOf(options)
  const inputs = await manyInputs(names)
  let worst: ExitCode = 0
  for (const input of inputs) {
    try {
      const good = await (options.dryRun ? tryOne(hub, input, options) : sendOne(hub, input, options))
      if (!good && worst === 0) worst = 1
    } catch (error) {
      // One bad file does not keep the others from going; a hub that is not there does.
      if (
        inputs.length === 1 ||
        !(error instanceof CliError) ||
        ['hub/unreachable', 'identity/unauthenticated'].includes(error.code ?? '')
      )
        throw error
      worst = 1
      if (options.json) await writeJson({ file: input.name, error: { code: error.code, message: error.message } })
      else console.error(`${input.name}: ${error.message}`)
    }
  }
  return worst
}

const sendOne = async (hub: Hub, input: Input, options: Options): Promise<boolean> => {
  const receipt = await askJson<Receipt>(hub, 'POST', '/api/edi', {
    body: input.open(),
    headers: {
      'content-type': 'application/edi-x12',
      ...(input.sizeBytes !== undefined && { 'content-length': String(input.sizeBytes) }),
      ...(input.name.endsWith('.gz') && { 'content-encoding': 'gzip' }),
    },
  })
  const message = options.wait ? await processed(hub, receipt.messageId, options.timeout) : undefined
  const stopped = message ? await stoppedSets(hub, message) : []
  if (options.json) await writeJson({ file: input.name, ...receipt, ...(message && { message, stoppedSets: stopped }) })
  else {
    const note = receipt.duplicate ? paint('yellow', 'received before; nothing is done twice') : size(receipt.sizeBytes)
    await say(`${receipt.messageId}  ${input.name}  ${note}`)
    if (message) await say(...outcomeOf(message), ...reasonsOf(message, stopped))
  }
  return !message || (succeeded(message) && stopped.length === 0)
}

/** Checks the file as the hub would, and that the hub would take it from this key, without sending it. */
const tryOne = async (hub: Hub, input: Input, options: Options): Promise<boolean> => {
  const hash = createHash('sha256')
  const { outcome, problem, setsAccepted, setsRejected } = await judgeFile(
    {
      ...input,
      open: () =>
        input
          .open()
          .on('data', (piece: Buffer) => hash.update(piece))
          .pause(),
    },
    {},
    () => {},
  )
  await askJson(hub, 'GET', '/api/edi/outbox', { query: { limit: '1' } })
  const sha256 = hash.digest('hex')
  if (options.json)
    await writeJson({ file: input.name, dryRun: true, outcome, ...(problem && { problem }), setsAccepted, setsRejected, sha256 })
  else
    await say(
      `${input.name}  would be sent: ` +
        (problem ?? `${count(setsAccepted + setsRejected, 'set')}, ${setsAccepted} good, ${setsRejected} with errors`),
    )
  return outcome === 'accepted'
}

/** The message when the hub is done with it. @throws CliError when that takes too long */
const processed = async (hub: Hub, messageId: string, timeoutSeconds: number): Promise<MessageDetail> => {
  const deadline = Date.now() + timeoutSeconds * 1000
  for (let pause = 50; ; pause = Math.min(pause * 1.5, 1000)) {
    const message = await askJson<MessageDetail>(hub, 'GET', `/api/messages/${messageId}`)
    if (message.processingState !== 'received' && message.processingState !== 'processing') return message
    if (Date.now() > deadline)
      throw new CliError(
        `${messageId} is safe with the hub but not processed after ${timeoutSeconds} s (state ${message.processingState}). ` +
          'Are its workers running?',
        { code: 'send/timeout' },
      )
    await new Promise(done => {
      setTimeout(done, pause)
    })
  }
}

const succeeded = ({ processingState, errorCode, interchanges }: MessageDetail): boolean =>
  processingState === 'processed' &&
  errorCode === null &&
  interchanges.every(({ state, rejectedSets }) => state === 'accepted' && rejectedSets === 0)

const lookedAt = 1000
const shown = 20

/** The sets that were rejected or held back, of the first thousand of the message: a file of that many is looked at otherwise. */
const stoppedSets = async (hub: Hub, { id }: MessageDetail): Promise<StoppedSet[]> => {
  const stopped: StoppedSet[] = []
  let cursor: string | null | undefined
  for (let seen = 0; seen < lookedAt && cursor !== null;) {
    const page: { items: StoppedSet[]; nextCursor: string | null } = await askJson(hub, 'GET', `/api/messages/${id}/sets`, {
      query: { limit: '200', cursor },
    })
    stopped.push(...page.items.filter(({ state }) => state === 'rejected' || state === 'quarantined'))
    seen += page.items.length
    cursor = page.nextCursor
  }
  return stopped
}

/** A line for each set that was stopped, with its reasons below, and where the rest can be read. */
const reasonsOf = ({ id, interchanges }: MessageDetail, stopped: readonly StoppedSet[]): string[] => {
  const lines = stopped.slice(0, shown).flatMap(({ set, controlNumber, state, errorCode, errorDetail, findings }) => [
    `  ${printable(`${set} ${controlNumber}`)} ${paint('red', state)}` +
      (errorCode === null ? '' : `: ${printable(errorDetail ?? errorCode)}`),
    ...findings
      .filter(({ severity }) => severity === 'error')
      .slice(0, shown)
      .map(({ message }) => `    ${printable(message)}`),
  ])
  const more = stopped.length > shown || interchanges.reduce((sum, { setCount }) => sum + setCount, 0) > lookedAt
  return more ? [...lines, `  More may have been stopped: GET /api/messages/${id}/sets lists every set.`] : lines
}

/** What came of each interchange, and in which message its 997 is. */
const outcomeOf = (message: MessageDetail): string[] => [
  `  ${message.processingState}${message.errorCode === null ? '' : `: ${printable(message.errorDetail ?? message.errorCode)}`}`,
  ...message.interchanges.map(
    interchange =>
      `  interchange ${printable(interchange.controlNumber)} ${coloured(interchange)}: ${interchange.acceptedSets} accepted, ` +
      `${interchange.rejectedSets} rejected${interchange.errorDetail ? ` (${printable(interchange.errorDetail)})` : ''}`,
  ),
  ...message.groups.map(
    group =>
      `  group ${printable(group.controlNumber)} (${printable(group.functionalId)}): ` +
      (group.acknowledgementMessageId === null
        ? 'no 997'
        : `answered ${group.outcome ?? ''}; its 997 is ${group.acknowledgementMessageId} in your outbox`),
  ),
]

const coloured = ({ state, rejectedSets }: InterchangeSummary): string =>
  state === 'accepted' && rejectedSets === 0 ? paint('green', state) : paint(state === 'accepted' ? 'yellow' : 'red', state)
