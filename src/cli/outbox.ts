import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { OutboxItem } from '../exchange/schema.ts'
import { CliError } from './failure.ts'
import { saveAs } from './file.ts'
import { ask, askJson, hubOf, hubOptions, refusal, type Hub, type HubOptions } from './http.ts'
import { count, say, size, table, write, writeJson, type Column } from './output.ts'

type ListOptions = HubOptions & { json?: true }
type FetchOptions = ListOptions & { dir?: string; acknowledge?: true; dryRun?: boolean }

const listHelp = `
Exit codes: 0 done, 1 refused or failed, 2 wrong usage.

Example:
  $ accord-hub outbox list`

const fetchHelp = `
With --dir each message becomes a file <message>-<sets>.edi there, whole or not at all; without it all go to standard
output, oldest first. A message stays in the outbox until it is acknowledged: --acknowledge does so for each when it is
safely written. That says that you have it; that you could read it is what your 997 says.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage.

Examples:
  $ accord-hub outbox fetch --dir inbox --acknowledge
  $ accord-hub outbox fetch | accord-hub x12 json -`

/** What waits for the caller: its 997s and its partners' documents. */
export const registerOutbox = (parent: Command): void => {
  const outbox = parent.command('outbox').description('X12 that waits for you at the hub')
  hubOptions(outbox.command('list').description('list it, oldest first').option('--json', 'print one JSON object per message'))
    .addHelpText('after', listHelp)
    .action(list)
  hubOptions(
    outbox
      .command('fetch')
      .description('fetch it')
      .option('--dir <folder>', 'write files there instead of to standard output')
      .option('--acknowledge', 'take each out of the outbox when it is written')
      .option('--dry-run', 'say what would be fetched, and change nothing')
      .option('--json', 'print one JSON object per message written; needs --dir'),
  )
    .addHelpText('after', fetchHelp)
    .action(fetchAll)
}

/** All of it, page by page. What is acknowledged meanwhile does not disturb the paging: it goes by id. */
async function* waiting(hub: Hub): AsyncGenerator<OutboxItem> {
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page: { items: OutboxItem[]; nextCursor: string | null } = await askJson(hub, 'GET', '/api/edi/outbox', {
      query: { limit: '100', cursor },
    })
    yield* page.items
    cursor = page.nextCursor
  }
}

/** A message without sets is a TA1. */
const setsOf = ({ sets }: OutboxItem): string => [...new Set(sets)].join(', ') || 'TA1'

const columns: readonly Column<OutboxItem>[] = [
  { title: 'MESSAGE', of: item => item.messageId },
  { title: 'SETS', of: setsOf },
  { title: 'FROM', of: item => item.sender },
  { title: 'CONTROL', of: item => item.controlNumber },
  { title: 'SIZE', of: item => size(item.sizeBytes), right: true },
  { title: 'SINCE', of: item => `${item.createdAt.slice(0, 16)}Z${item.test ? '  test' : ''}` },
]

const list = async (options: ListOptions): Promise<void> => {
  const items: OutboxItem[] = []
  for await (const item of waiting(hubOf(options))) {
    if (options.json) await writeJson(item)
    else items.push(item)
  }
  if (!options.json) await say(...(items.length > 0 ? [table(columns, items)] : ['Nothing waits for you.']))
}

const fetchAll = async (options: FetchOptions): Promise<void> => {
  const { dir, acknowledge = false, dryRun = false, json = false } = options
  if (json && dir === undefined && !dryRun)
    throw new CliError('--json needs --dir: standard output is for the X12 itself.', { exitCode: 2 })
  if (dir !== undefined && !dryRun && !existsSync(dir))
    throw new CliError(`There is no folder ${dir}. Make it first.`, { exitCode: 2 })
  const hub = hubOf(options)
  let fetched = 0
  for await (const item of waiting(hub)) {
    const file = dir === undefined ? undefined : join(dir, fileName(item))
    if (!dryRun) await (file === undefined ? pipe(hub, item) : store(hub, item, file))
    if (acknowledge && !dryRun) await askJson<null>(hub, 'POST', `/api/edi/outbox/${item.messageId}/acknowledge`)
    fetched++
    if (json) await writeJson({ ...item, ...(file !== undefined && { file }), acknowledged: acknowledge && !dryRun, dryRun })
    else if (file !== undefined || dryRun) await say(`${item.messageId}  ${setsOf(item)}  ${file ?? 'standard output'}`)
  }
  if (json) return
  const done = dryRun
    ? 'would be fetched'
    : acknowledge
      ? 'fetched and acknowledged'
      : 'fetched; still in the outbox until acknowledged'
  console.error(fetched === 0 ? 'Nothing waits for you.' : `${count(fetched, 'message')} ${done}.`)
}

const fileName = ({ messageId, sets }: OutboxItem): string =>
  `${messageId}-${[...new Set(sets)].join('-').replaceAll(/[^\w-]/g, '') || 'ta1'}.edi`

const bytesOf = async (hub: Hub, { messageId }: OutboxItem) => {
  const answer = await ask(hub, 'GET', `/api/messages/${messageId}/bytes`, { headers: { accept: '*/*' } })
  if (answer.status >= 400) throw await refusal(hub, answer)
  return answer.body
}

const pipe = async (hub: Hub, item: OutboxItem): Promise<void> => {
  for await (const piece of await bytesOf(hub, item)) await write(piece as Buffer)
}

const store = async (hub: Hub, item: OutboxItem, file: string): Promise<void> => {
  await saveAs(file, await bytesOf(hub, item), bytes => {
    if (bytes !== item.sizeBytes)
      throw new CliError(`${item.messageId} came with ${bytes} bytes instead of ${item.sizeBytes}. Fetch it again.`)
  })
}
