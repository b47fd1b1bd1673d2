/** Files made for tests and measurements. Everything in them is invented. */

const isa = (control: number) =>
  `ISA*00*          *00*          *01*006927180      *ZZ*SELLERCO       *240613*1015*U*00401*${String(control).padStart(9, '0')}*0*P*>~`

/** One interchange of `orders` purchase orders (004010) of `lines` lines each. */
export function purchaseOrders(orders: number, lines: number): Uint8Array {
  const parts = [isa(1), 'GS*PO*006927180*SELLERCO*20240613*1015*1*X*004010~']
  for (let o = 1; o <= orders; o++) {
    const control = String(o).padStart(4, '0')
    const body = [
      `ST*850*${control}~`,
      `BEG*00*SA*PO${String(100000 + o)}**20240613~`,
      'REF*DP*0042~', 'FOB*PP~', 'ITD*01*3*2**30**31~', `DTM*010*20240${(o % 9) + 1}18~`, 'TD5****M*COMMON CARRIER~',
      'N1*BY*RIVERSIDE STORES*9*0069271800042~', 'N1*ST*RIVERSIDE DC 4*92*0042~', 'N3*315 FIFTH AVENUE SOUTH~', 'N4*SEATTLE*WA*98104*US~',
    ]
    for (let n = 1; n <= lines; n++) {
      body.push(
        `PO1*${n}*${12 * n + (o % 7)}*EA*${(n * 1.75 + 3).toFixed(2)}**UP*0475590${String(10000 + n)}*VN*SKU-${1000 + n}*IN*0217-00${580 + n}~`,
        `PID*F****HARDWARE ITEM NUMBER ${n}, BOXED~`,
        'PO4*24*1*EA~',
      )
    }
    body.push(`CTT*${lines}*${lines * 12}~`)
    body.push(`SE*${body.length + 1}*${control}~`)
    parts.push(...body)
  }
  parts.push(`GE*${orders}*1~`, 'IEA*1*000000001~')
  return Buffer.from(parts.join(''), 'latin1')
}
