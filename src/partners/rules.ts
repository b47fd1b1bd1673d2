import { buyerDocuments, sellerDocuments, type Channel, type Page, type Partnership } from './schema.ts'

/** How an organisation is told of a document when nothing else is agreed: it looks in the portal. */
const portalChannel = { channel: 'portal', x12Version: '004010', guide: null, checkLevel: 'partner', ackAs: 'auto', ackDetail: 'set' } as const

/** The channel by which one side of the partnership receives a document (an X12 set id such as '855'). */
export const channelOf = (partnership: Pick<Partnership, 'channels'>, organisationId: string, document: string): Channel =>
  partnership.channels.find(channel => channel.organisationId === organisationId && channel.document === document)
    ?? { organisationId, document, ...portalChannel }

/** Whether one side of a partnership ever receives this document. */
export const receives = (partnership: Pick<Partnership, 'buyerId'>, organisationId: string, document: string): boolean =>
  (organisationId === partnership.buyerId ? buyerDocuments : sellerDocuments).some(each => each === document)

/** The other side. Throws when the organisation is on neither, which is a bug: nobody else gets to see a partnership. */
export const counterpartOf = (partnership: Pick<Partnership, 'id' | 'buyerId' | 'sellerId'>, organisationId: string): string => {
  if (organisationId === partnership.buyerId) return partnership.sellerId
  if (organisationId === partnership.sellerId) return partnership.buyerId
  throw new Error(`${organisationId} is not a side of partnership ${partnership.id}`)
}

/** The largest page of a list. */
export const maxPageSize = 200

/** How many rows a page holds: what was asked for, between 1 and 200; 50 when nothing was. */
export const pageSize = (limit: number | undefined): number => Math.min(Math.max(limit ?? 50, 1), maxPageSize)

/** Makes a page of the rows read, one more than its size: the one too many says that there is a next page. */
export const pageOf = <T extends { readonly id: string }>(rows: readonly T[], size: number): Page<T> => {
  const items = rows.slice(0, size)
  return { items, nextCursor: rows.length > size ? items.at(-1)?.id ?? null : null }
}
