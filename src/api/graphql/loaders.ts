import { exceptionsBySubjectIds } from '../../exceptions/service.ts'
import { invoicesByOrderIds } from '../../invoices/service.ts'
import { changesByOrderIds, linesByOrderIds, ordersByIds, responsesByOrderIds } from '../../orders/service.ts'
import { organisationsByIds } from '../../partners/service.ts'
import { receiptsByOrderIds } from '../../receipts/service.ts'
import { shipmentsByIds, shipmentsByOrderIds } from '../../shipments/service.ts'

/** The look-ups that a level of a query shares: one call of a service for all its records. */
export const organisationLoader = organisationsByIds
export const orderLoader = ordersByIds
export const linesLoader = linesByOrderIds
export const changesLoader = changesByOrderIds
export const responsesLoader = responsesByOrderIds
export const shipmentLoader = shipmentsByIds
export const shipmentsOfOrderLoader = shipmentsByOrderIds
export const receiptsOfOrderLoader = receiptsByOrderIds
export const invoicesOfOrderLoader = invoicesByOrderIds
export const subjectExceptionsLoader = exceptionsBySubjectIds
