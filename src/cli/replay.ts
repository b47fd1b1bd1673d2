import type { Command } from 'commander'
import type { MessageDetail } from '../exchange/schema.ts'
import { askJson, hubOf, hubOptions, type HubOptions } from './http.ts'
import { say, writeJson } from './output.ts'

type Options = HubOptions & { release?: true; dryRun?: boolean; json?: true }

const help = `
A quarantined message is judged and applied anew under the settings of now; what was applied already stays as it is.
An interchange whose control number was used before with other content stays held until it is released.

Exit codes:
  0  the hub will process it again
  1  refused: it is not yours, or has nothing to process again
  2  wrong usage

Examples:
  $ accord-hub replay msg_0199c0de000070008000000000000001
  $ accord-hub replay msg_0199c0de000070008000000000000001 --release`

export const registerReplay = (parent: Command): void => {
  hubOptions(
    parent
      .command('replay')
      .description('process a quarantined message again')
      .argument('<message>', 'its id, msg_…')
      .option('--release', 'let an interchange through whose control number was used before')
      .option('--dry-run', 'say in which state the message is, and change nothing')
      .option('--json', 'print JSON'),
  )
    .addHelpText('after', help)
    .action(replay)
}

const replay = async (messageId: string, options: Options): Promise<void> => {
  const hub = hubOf(options)
  const path = `/api/messages/${encodeURIComponent(messageId)}`
  const { processingState, errorDetail } = await askJson<MessageDetail>(hub, 'GET', path)
  if (!options.dryRun) await askJson<null>(hub, 'POST', `${path}/${options.release ? 'release' : 'replay'}`)
  if (options.json)
    return writeJson({
      messageId,
      processingState,
      errorDetail,
      dryRun: options.dryRun === true,
      release: options.release === true,
    })
  await say(
    options.dryRun
      ? `${messageId} is ${processingState}${errorDetail === null ? '' : `: ${errorDetail}`}. Nothing was changed.`
      : `${messageId} will be ${options.release ? 'let through and ' : ''}processed again.`,
  )
}
