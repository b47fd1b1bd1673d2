import { Argument, Option, type Command } from 'commander'
import type { ShipmentSummary } from '../shipments/schema.ts'
import { CliError } from './failure.ts'
import { saveAs } from './file.ts'
import { ask, askJson, hubOf, hubOptions, refusal, type Hub, type HubOptions } from './http.ts'
import { say, size, write, writeJson } from './output.ts'

type What = 'labels' | 'packing-list' | 'bill-of-lading'
type Options = HubOptions & {
  zpl?: true
  size?: string
  dpi?: string
  package?: string
  paper?: string
  output?: string
  json?: true
}

const help = `
The shipment by its id, or by the number of its ship notice. The file gets the name that the hub gives it, in the working
directory, unless --output says another; --output - writes to standard output, for example to a printer.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage.

Examples:
  $ accord-hub print labels 4500000001-1
  $ accord-hub print labels 4500000001-1 --zpl --dpi 300 --output - | nc printer.example 9100
  $ accord-hub print bill-of-lading 4500000001-1 --paper a4`

/** GS1 labels, packing list and bill of lading of a shipment. */
export const registerPrint = (parent: Command): void => {
  hubOptions(
    parent
      .command('print')
      .description('labels, packing list or bill of lading of a shipment')
      .addArgument(new Argument('<what>').choices(['labels', 'packing-list', 'bill-of-lading']))
      .argument('<shipment>', 'its id, or the number of the ship notice')
      .option('--zpl', 'labels as ZPL for a label printer instead of PDF')
      .addOption(new Option('--size <size>', 'of the labels').choices(['4x6', 'a6', 'a5']))
      .addOption(new Option('--dpi <dots>', 'dots per inch of the label printer').choices(['203', '300']))
      .option('--package <name>', 'labels of this package and those on it only')
      .addOption(new Option('--paper <size>', 'of packing list and bill of lading').choices(['letter', 'a4']))
      .option('--output <file>', 'write there; - for standard output')
      .option('--json', 'print JSON: the file and its size'),
  )
    .addHelpText('after', help)
    .action(print)
}

const print = async (what: What, shipment: string, options: Options): Promise<void> => {
  if (options.output === '-' && options.json)
    throw new CliError('--json needs a file: standard output is for what is printed.', { exitCode: 2 })
  const hub = hubOf(options)
  const id = await idOf(hub, shipment)
  const query: Record<string, string | undefined> =
    what === 'labels'
      ? { format: options.zpl ? 'zpl' : 'pdf', size: options.size, dpi: options.dpi, package: options.package }
      : { paper: options.paper }
  const answer = await ask(hub, 'GET', `/api/shipments/${id}/${what}`, { query, headers: { accept: '*/*' } })
  if (answer.status >= 400) throw await refusal(hub, answer)
  if (options.output === '-') {
    for await (const piece of answer.body) await write(piece as Buffer)
    return
  }
  const [, name] = /filename="([a-z0-9.-]+)"/.exec(answer.headers['content-disposition'] ?? '') ?? []
  const file = options.output ?? name ?? `${what}.pdf`
  const sizeBytes = await saveAs(file, answer.body)
  if (options.json) await writeJson({ shipmentId: id, file, sizeBytes })
  else await say(`${file}  ${size(sizeBytes)}`)
}

const idOf = async (hub: Hub, shipment: string): Promise<string> => {
  if (/^shp_[0-9a-f]{32}$/.test(shipment)) return shipment
  const { items }: { items: ShipmentSummary[] } = await askJson(hub, 'GET', '/api/shipments', { query: { number: shipment } })
  const [found, other] = items
  if (!found) throw new CliError(`You have no shipment ${shipment}.`, { code: 'record/not-found' })
  if (other) throw new CliError(`Several shipments have the number ${shipment}; name one by its id: ${items.map(each => each.id).join(', ')}.`)
  return found.id
}
