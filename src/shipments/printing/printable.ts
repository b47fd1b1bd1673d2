import { readAs } from '../../db/client.ts'
import type { Context } from '../../db/context.ts'
import type { Party, ShipNoticeDocument } from '../../documents/canonical.ts'
import type { Address } from '../../partners/schema.ts'
import { DomainError } from '../../shared/errors.ts'
import { selectPartyLocations, selectPrintable, type PrintableRow } from '../queries.ts'
import { printedAddress, type LabelItem, type LabelLine, type PrintedAddress } from './label.ts'

/** A shipment with all that its papers and labels say, which is in more places than the ship notice itself. */
export type PrintableShipment = {
  readonly id: string
  readonly sellerId: string
  readonly sellerName: string
  readonly buyerName: string
  readonly state: 'shipped' | 'cancelled'
  readonly shipDate: string | null
  readonly estimatedDelivery: string | null
  readonly createdAt: Date
  readonly document: ShipNoticeDocument
  readonly lines: readonly PrintableLine[]
  readonly from: PrintedAddress
  /** Where what is of this order goes. */
  readonly toOf: (orderNumber: string | undefined) => PrintedAddress
}
export type PrintableLine = LabelLine & {
  readonly orderNumber: string
  readonly lineNumber: string | null
  readonly buyerItem: string | null
  readonly sellerItem: string | null
}

/**
 * Reads it in two statements.
 * @throws DomainError record/not-found, also when it is others'
 */
export const printableShipment = async (ctx: Context, id: string): Promise<PrintableShipment> => {
  const { organisationId } = ctx.actor
  const [row] = await readAs(ctx.db, organisationId, sql => selectPrintable(sql, id))
  if (!row) throw new DomainError('record/not-found', { kind: 'shipment', id })
  const { document } = row
  const parties = [...document.parties, ...document.orders.flatMap(order => order.parties)]
  const codes = [...new Set(parties.flatMap(party => party.id ?? []))]
  const locations = await readAs(ctx.db, organisationId, sql => selectPartyLocations(sql, row.buyerId, row.sellerId, codes))
  const withAddress = (party: Party | undefined, ownerId: string): Partial<Party> | undefined => {
    const location = locations.find(each => each.organisationId === ownerId && (each.code === party?.id || each.gln === party?.id))
    return location && party?.city === undefined ? { ...partyAddress(location.address), ...party, name: party?.name ?? location.name } : party
  }
  const shipFrom = document.parties.find(party => party.role === 'SF')
  return {
    ...row,
    lines: row.lines.map((line, index) => printableLine(line, document.lines[index])),
    from: printedAddress(withAddress(shipFrom, row.sellerId), row.sellerName),
    toOf: orderNumber => {
      const own = document.orders.find(order => order.number === orderNumber)?.parties.find(party => party.role === 'ST')
      return printedAddress(withAddress(own ?? document.parties.find(party => party.role === 'ST'), row.buyerId), row.buyerName)
    },
  }
}

/** The address of a location as a party of a document has it. */
export const partyAddress = ({ lines, ...rest }: Address): Pick<Party, 'address' | 'city' | 'region' | 'postalCode' | 'country'> => ({
  ...rest,
  ...(lines && lines.length > 0 && { address: lines }),
})

const printableLine = (line: PrintableRow['lines'][number], sent: ShipNoticeDocument['lines'][number] | undefined): PrintableLine => {
  const { item, ...rest } = line
  return {
    ...rest,
    description: sent?.description ?? item?.name ?? line.sellerItem ?? line.gtin ?? '',
    lotNumber: sent?.references?.find(reference => reference.qualifier === 'LT')?.value,
    expiryDate: sent?.dates?.find(event => event.qualifier === '036')?.date,
    item: (item satisfies LabelItem | null) ?? undefined,
  }
}
