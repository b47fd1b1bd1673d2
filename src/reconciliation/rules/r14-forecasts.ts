import { findingKey, type Finding } from '../../exceptions/finding.ts'
import type { Evidence } from '../../exceptions/schema.ts'
import { isPackUnit, unitFactor } from '../../items/units.ts'
import { decimal, decimalText, Decimal, moneyText } from '../../shared/decimal.ts'
import { evidenceOf } from '../evidence.ts'
import type { ForecastCell, ForecastValue } from '../facts.ts'
import type { PolicyBook } from '../policy.ts'
import { difference, exceeds, percentText } from '../tolerance.ts'

/**
 * R14 with FC_DIFF: abs(buyer − seller) / max(buyer, seller), for each item × location × bucket × purpose that both sides
 * have forecast. A number that one side has not given is not zero, and no difference.
 */
export const forecastDifferences = (cells: readonly ForecastCell[], policies: PolicyBook, today: string): Finding[] =>
  cells.flatMap((cell): Finding[] => {
    const { percent, cases, match, policy } = policies.settingsFor('R14', {
      partnershipId: cell.partnershipId,
      partnershipItemId: cell.item?.id ?? null,
      date: today,
    })
    const { buyer, seller, item } = cell
    const factor = unitFactor(seller.unit, buyer.unit, item ?? undefined)
    const place = cell.location === '' ? '' : ` at ${cell.location}`
    const what = `${cell.product}${place}, ${cell.bucketStart} to ${cell.bucketEnd}`
    const shared = {
      rule: 'R14',
      organisationId: cell.buyerId,
      counterpartId: cell.sellerId,
      partnershipId: cell.partnershipId,
      subjectKind: 'forecast' as const,
      // The later of the two publications: the one that made the difference.
      subjectId: buyer.forecastId > seller.forecastId ? buyer.forecastId : seller.forecastId,
    }
    const keyOf = (code: string) =>
      findingKey(
        'R14',
        code,
        cell.partnershipId,
        cell.purpose,
        cell.type,
        cell.product,
        cell.location,
        cell.bucketStart,
        cell.bucketEnd,
      )
    if (!factor)
      return [
        {
          ...shared,
          code: 'FC_UNIT',
          key: keyOf('FC_UNIT'),
          severity: 'warning',
          summary: `${what}: the buyer forecasts in ${buyer.unit}, the seller in ${seller.unit}; how many one is of the other is not known.`,
          compared: { expected: buyer.unit, actual: seller.unit, difference: null, tolerance: { policy } },
          evidence: [evidence('buyer', buyer, 'unit', buyer.unit), evidence('seller', seller, 'unit', seller.unit)],
        },
      ]
    const ours = decimal(buyer.quantity)
    const theirs = decimal(seller.quantity).times(factor)
    const gap = difference(ours, theirs, Decimal.max(ours.abs(), theirs.abs()))
    const oneCase = isPackUnit(buyer.unit) ? decimal(1) : decimal(item?.packQuantity ?? '1')
    const absolute = decimalText(decimal(cases).times(oneCase))
    if (!exceeds(gap, { percent, absolute, match })) return []
    const purpose = cell.purpose === 'ORDER_FORECAST' ? 'order forecast' : 'sales forecast'
    return [
      {
        ...shared,
        code: 'FC_DIFF',
        key: keyOf('FC_DIFF'),
        severity: 'warning',
        summary:
          `${what}: the buyer's ${purpose} is ${decimalText(ours)} ${buyer.unit}, the seller's ${decimalText(theirs)}` +
          `${gap.percent ? `, ${percentText(gap.percent)} % apart` : ''}.`,
        compared: {
          expected: decimalText(ours),
          actual: decimalText(theirs),
          difference: decimalText(gap.value),
          ...(gap.percent && { percent: percentText(gap.percent) }),
          unit: buyer.unit,
          tolerance: { percent, absolute, match, policy },
        },
        evidence: [evidence('buyer', buyer, 'quantity', buyer.quantity), evidence('seller', seller, 'quantity', seller.quantity)],
        ...money(cell, gap.value),
      },
    ]
  })

/** What the difference is worth at the item's price, when it has one. */
const money = (cell: ForecastCell, quantity: Decimal) => {
  const { item, buyer } = cell
  if (!item || item.price === null || item.currency === null) return {}
  const units = unitFactor(buyer.unit, item.unit, item)
  return units ? { moneyAtRisk: moneyText(quantity.abs().times(units).times(decimal(item.price))), currency: item.currency } : {}
}

const evidence = (side: 'buyer' | 'seller', value: ForecastValue, field: string, text: string): Evidence =>
  evidenceOf(
    {
      side,
      documentKind: 'forecast',
      documentId: value.forecastId,
      source: value.source,
      segment: 'FST',
      element: 1,
      at: value.at,
      field: `points.${field}`,
    },
    text,
  )
