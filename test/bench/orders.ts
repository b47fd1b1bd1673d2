import type { BenchWorld } from './cluster.ts'

/** X12 as a retailer sends it: 850s of so many lines, all items known and all prices as agreed. Everything is invented. */
export type OrderFile = { readonly orders: number; readonly lines: number; readonly seller: 'manufacturer' | 'farm'; readonly control: number }

const ordersPerPiece = 100

/** One interchange of one group, in pieces of about 170 kB. */
export function* orderFile(world: BenchWorld, { orders, lines, seller, control }: OrderFile): Generator<Buffer> {
  const number = String(control).padStart(9, '0')
  const to = seller === 'manufacturer' ? world.identityOf('manufacturer').group : 'ACCORDHUB'
  yield Buffer.from(`ISA*00*          *00*          *ZZ*NORTHGATE      *ZZ*ACCORDHUB      *261121*0900*U*00401*${number}*0*P*>~`
    + `GS*PO*NORTHGATE*${to}*20261121*0900*${control}*X*004010~`)
  for (let from = 1; from <= orders; from += ordersPerPiece) {
    const parts: string[] = []
    for (let n = from; n < from + ordersPerPiece && n <= orders; n++) parts.push(purchaseOrder(world, seller, lines, control, n))
    yield Buffer.from(parts.join(''))
  }
  yield Buffer.from(`GE*${orders}*${control}~IEA*1*${number}~`)
}

const purchaseOrder = (world: BenchWorld, seller: OrderFile['seller'], lines: number, control: number, n: number): string => {
  const st = String(n).padStart(4, '0')
  const items = world.catalogue[seller]
  const body = [
    `BEG*00*SA*${control}-${st}**20261120~`, 'REF*DP*0042~', 'FOB*PP~', 'ITD*01*3*2**30**31~', 'DTM*010*20261130~', 'TD5****M*COMMON CARRIER~',
    ...(seller === 'farm' ? ['N1*VN*MEADOW FARM*92*100234~'] : []), 'N1*BY*NORTHGATE STORES*92*HQ~', 'N1*ST*NORTHGATE DC EAST*92*DC01~',
    'N3*315 FIFTH AVENUE SOUTH~', 'N4*SEATTLE*WA*98104*US~',
  ]
  for (let line = 1; line <= lines; line++) {
    const item = items[(n * lines + line) % items.length]!
    body.push(`PO1*${line}*${12 * line + (n % 7)}*EA*${item.price}**UP*${item.upc}*VN*${item.sellerItem}*IN*${item.buyerItem}~`,
      `PID*F****HARDWARE ITEM NUMBER ${line}, BOXED~`, 'PO4*24*1*EA~')
  }
  return `ST*850*${st}~${body.join('')}CTT*${lines}~SE*${body.length + 3}*${st}~`
}

/** How many orders of so many lines make so many megabytes. */
export const ordersIn = (world: BenchWorld, megabytes: number, lines: number, seller: OrderFile['seller']): number =>
  Math.round(megabytes * 1e6 / purchaseOrder(world, seller, lines, 1, 5000).length)
