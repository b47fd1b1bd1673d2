/**
 * Speed and memory of the engine: `npm run bench:x12 -- [--quick] [--rounds N]`, on files of purchase orders, ship notices and invoices. Every figure
 * stands beside its floor or its peer of the same run; the ratios count, not the times. A wrong result fails, being slow does not.
 */
import { parseArgs } from 'node:util'
import { table, type Row } from './report.ts'
import { mixedFile, smallOrders } from './x12/files.ts'
import { memory, schemas } from './x12/processes.ts'
import { peers, small, speed } from './x12/speed.ts'

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, rounds: { type: 'string' } } })
const quick = values.quick === true
const rounds = Number(values.rounds ?? (quick ? 5 : 11))

const large = mixedFile(quick ? 10e6 : 105e6)
const rows: Row[] = []
const part = async (name: string, run: () => Row[] | Promise<Row[]>): Promise<void> => {
  console.error(`… ${name}`)
  rows.push(...await run())
}
await part('speed', () => speed(large, rounds))
await part('small files', () => small(smallOrders(500), rounds))
await part('schemas', schemas)
await part('memory', () => memory(large))
await part('node-x12', () => peers(mixedFile(quick ? 1e6 : 10e6), quick ? 2 : 3))
console.log(table(rows))
