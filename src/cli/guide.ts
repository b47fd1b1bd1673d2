import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { Option, type Command } from 'commander'
import type { GuidePreview } from '../exchange/schema.ts'
import type { Guide, GuideDifferences, GuideSummary } from '../guides/schema.ts'
import type { ExitCode } from './failure.ts'
import { unreadable, usageError } from './failure.ts'
import { overlayChain } from '../x12/guides.ts'
import { parseOverlay } from '../x12/overlay.ts'
import { askJson, hubOf, hubOptions, type HubOptions } from './http.ts'
import { count, printable, say, table, writeJson } from './output.ts'

type Options = HubOptions & { json?: true }
type StoreOptions = Options & { direction: 'in' | 'out'; partnership?: string; name?: string; x12Version?: string }
type PreviewOptions = Options & { days: string; most: string }

const help = `
store keeps a guide as a draft: nothing is judged by it. preview says what it would change of what was received and sent,
activate puts it in force and retires the one that was.

Exit codes:
  0  done; preview: nothing would change
  1  refused; preview: something would be judged otherwise
  2  wrong usage, or the file cannot be read

Examples:
  $ accord-hub x12 learn samples/ --base vics/856 --out asn.json
  $ accord-hub guide store asn.json
  $ accord-hub guide preview gde_0199c0de000070008000000000000001 --days 90
  $ accord-hub guide activate gde_0199c0de000070008000000000000001`

export const registerGuide = (parent: Command): void => {
  const guide = parent.command('guide').description('what your organisation wants of X12, in the hub')
  const command = (name: string, description: string): Command =>
    hubOptions(guide.command(name).description(description).option('--json', 'print JSON')).addHelpText('after', help)
  command('list', 'list your guides, and those of partners that are in force').action(list)
  command('store', 'store a guide as a draft')
    .argument('<file>', 'the guide, as x12 learn writes it')
    .addOption(new Option('--direction <way>', 'for what you are sent, or for what you send').choices(['in', 'out']).default('in'))
    .option('--partnership <id>', 'for one partnership; for all unless given')
    .option('--x12-version <version>', 'the version it is for, such as 004030; what it extends is of one unless given')
    .option('--name <name>', 'what to call it')
    .action(store)
  command('preview', 'say which stored sets a guide would judge otherwise')
    .argument('<guide>', 'its id, gde_…')
    .option('--days <count>', 'how far back', '30')
    .option('--most <count>', 'sets judged at most', '1000')
    .action(async (id: string, options: PreviewOptions) => {
      process.exitCode = await preview(id, options)
    })
  for (const [verb, description, done] of [
    ['activate', 'put a guide in force', 'in force'],
    ['retire', 'take a guide out of force', 'out of force'],
  ] as const)
    command(verb, description)
      .argument('<guide>', 'its id, gde_…')
      .action(async (id: string, options: Options) => {
        const changed = await askJson<Guide>(hubOf(options), 'POST', `${pathOf(id)}/${verb}`)
        if (options.json) return writeJson(changed)
        await say(`${printable(changed.name)} (${changed.set} of ${changed.x12Version}, revision ${changed.revision}) is ${done}.`)
      })
}

const pathOf = (id: string): string => `/api/guides/${encodeURIComponent(id)}`

const list = async (options: Options): Promise<void> => {
  const hub = hubOf(options)
  const guides: GuideSummary[] = []
  for (let cursor: string | undefined; ;) {
    const page: { items: GuideSummary[]; nextCursor: string | null } = await askJson(hub, 'GET', '/api/guides', {
      query: { limit: '200', cursor },
    })
    guides.push(...page.items)
    if (page.nextCursor === null) break
    cursor = page.nextCursor
  }
  if (options.json) return writeJson(guides)
  if (guides.length === 0) return say('There are no guides: what comes is judged by the standard and its industry.')
  await say(
    table(
      [
        { title: 'GUIDE', of: ({ id }) => id },
        { title: 'SET', of: ({ set }) => set },
        { title: 'VERSION', of: ({ x12Version }) => x12Version },
        { title: 'WAY', of: ({ direction }) => direction },
        { title: 'FOR', of: ({ partnershipId }) => partnershipId ?? 'all' },
        { title: 'REVISION', of: ({ revision }) => revision, right: true },
        { title: 'STATE', of: ({ state }) => state },
        { title: 'NAME', of: ({ name }) => name },
      ],
      guides,
    ),
  )
}

const store = async (file: string, options: StoreOptions): Promise<void> => {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw unreadable(file, error)
  })
  let overlay: unknown
  try {
    overlay = JSON.parse(text)
  } catch (error) {
    throw usageError(`${file} is no JSON: ${(error as Error).message}.`)
  }
  const { set, version } = overlayChain(parseOverlay(overlay))
  const body = JSON.stringify({
    direction: options.direction,
    set,
    x12Version: options.x12Version ?? version,
    overlay,
    ...(options.partnership && { partnershipId: options.partnership }),
    ...(options.name && { name: options.name }),
  })
  const hub = hubOf(options)
  const guide = await askJson<Guide>(hub, 'POST', '/api/guides', { body: Readable.from([body]), headers: { 'content-type': 'application/json' } })
  if (options.json) return writeJson(guide)
  const { items, comparedWith } = await askJson<GuideDifferences>(hub, 'GET', `${pathOf(guide.id)}/differences`)
  await say(
    `${guide.id} is a draft, revision ${guide.revision} of ${guide.set} ${guide.x12Version}.`,
    `It differs in ${count(items.length, 'place')} from ${comparedWith === null ? 'what it extends' : 'the one in force'}.`,
    `Next: accord-hub guide preview ${guide.id}`,
  )
}

const preview = async (id: string, options: PreviewOptions): Promise<ExitCode> => {
  const most = Number(options.most)
  if (!/^\d{1,3}$/.test(options.days) || !Number.isInteger(most) || most < 1) throw usageError('--days and --most are whole numbers.')
  const hub = hubOf(options)
  let judged = 0
  let different = 0
  let cursor: string | undefined
  do {
    const page: GuidePreview = await askJson(hub, 'GET', `${pathOf(id)}/preview`, {
      query: { days: options.days, limit: String(Math.min(200, most - judged)), cursor },
    })
    judged += page.judged
    different += page.items.length
    for (const item of page.items) {
      if (options.json) await writeJson(item)
      else
        await say(
          `${item.messageId} set ${item.ordinal}: ${item.outcomeNow} → ${item.outcomeThen}`,
          ...item.found.map(({ message }) => `  - ${printable(message)}`),
          ...item.gone.map(({ message }) => `  + no longer said: ${printable(message)}`),
        )
    }
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined && judged < most)
  const rest = cursor === undefined ? '' : '; there are more (--most)'
  if (!options.json) await say(`${count(judged, 'set')} judged both ways, ${different} of them otherwise${rest}.`)
  return different > 0 ? 1 : 0
}
