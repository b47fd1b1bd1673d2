import type { AllowanceCharge, InvoiceDocument, Tax } from '../documents/canonical.ts'
import { extendedAmount } from '../orders/rules.ts'
import { decimal, moneyText, sum, type Decimal } from '../shared/decimal.ts'

/** Where cents are rounded: each line, or only the total. A setting between partners; senders differ. */
export type Rounding = 'line' | 'total'

const cents = (amount: Decimal): Decimal => decimal(moneyText(amount))

/** SAC12 of what is settled outside the invoice: bill back, vendor's check, credit to the account, paid by the vendor. */
const settledElsewhere = new Set(['01', '03', '04', '05'])

/**
 * What allowances take off and charges add; informational ones, those without an amount and those settled elsewhere do not count.
 */
export const netCharges = (list: readonly AllowanceCharge[] | undefined): Decimal =>
  sum(
    (list ?? []).flatMap(({ indicator, amount, method }) =>
      amount === undefined || indicator === 'N' || (method !== undefined && settledElsewhere.has(method))
        ? []
        : [indicator === 'A' ? decimal(amount).negated() : decimal(amount)],
    ),
  )

const taxTotal = (taxes: readonly Tax[] | undefined): Decimal => sum((taxes ?? []).map(tax => tax.amount))

type Line = InvoiceDocument['lines'][number]

/** Quantity × price over its basis (IT105), to the cent. */
export const lineAmount = (line: Pick<Line, 'quantity' | 'price' | 'priceBasis'>): string =>
  moneyText(extendedAmount(line.quantity, line.price, line.priceBasis))

/** What the lines come to with their own charges, without taxes. */
const linesTotal = (lines: readonly Line[], rounding: Rounding): Decimal => {
  const exact = lines.map(line => extendedAmount(line.quantity, line.price, line.priceBasis))
  return cents(sum(rounding === 'line' ? exact.map(cents) : exact)).plus(
    sum(lines.map(line => netCharges(line.allowancesCharges))),
  )
}

/** The total of an invoice: lines + charges − allowances + taxes of lines and heading, with two decimals. */
export const invoiceTotal = (
  document: Pick<InvoiceDocument, 'lines' | 'allowancesCharges' | 'taxes'>,
  rounding: Rounding = 'line',
): string =>
  moneyText(
    linesTotal(document.lines, rounding)
      .plus(netCharges(document.allowancesCharges))
      .plus(taxTotal(document.taxes))
      .plus(sum(document.lines.map(line => taxTotal(line.taxes)))),
  )

/**
 * What the total of an invoice that arrived could rightly be. Senders round each line or only the total, and the taxes of the
 * heading are the sum of those of the lines for some and come on top of them for others.
 */
export const rightTotals = (document: Pick<InvoiceDocument, 'lines' | 'allowancesCharges' | 'taxes'>): string[] => {
  const ofHeading = taxTotal(document.taxes)
  const ofLines = sum(document.lines.map(line => taxTotal(line.taxes)))
  const taxes = ofHeading.isZero() || ofLines.isZero() ? [ofHeading.plus(ofLines)] : [ofHeading.plus(ofLines), ofHeading]
  const charges = netCharges(document.allowancesCharges)
  return [
    ...new Set(
      (['line', 'total'] as const).flatMap(rounding =>
        taxes.map(tax => moneyText(linesTotal(document.lines, rounding).plus(charges).plus(tax))),
      ),
    ),
  ]
}

/** Whether the stated total is a right one. Credits are stated above or below zero. */
export const totalIsRight = (
  document: Pick<InvoiceDocument, 'lines' | 'allowancesCharges' | 'taxes' | 'total' | 'type'>,
): boolean => {
  const stated = decimal(document.total)
  return rightTotals(document).some(right => stated.eq(right) || (isCredit(document) && stated.abs().eq(decimal(right).abs())))
}

/** BIG07 CR: money back. */
export const isCredit = (document: Pick<InvoiceDocument, 'type'>): boolean => document.type === 'CR'

/**
 * What a line that is invoiced or credited does to the invoiced quantity. Some senders write the quantities of a credit below
 * zero.
 */
export const invoicedMove = (document: Pick<InvoiceDocument, 'type'>, quantity: string): Decimal =>
  isCredit(document) ? decimal(quantity).abs().negated() : decimal(quantity)
