/** Business sums of a partner's guide: totals and counts that a set states about itself. They warn; a 997 knows nothing of them. */
import { finding } from './finding.ts'
import type { SumRule } from './guide.ts'
import { parsePath } from './overlay.ts'
import { isSegment, text } from './tree.ts'
import type { Finding, Loop, Segment } from './types.ts'

/** Findings for each rule that does not hold. A rule whose stated value is absent says nothing. */
export function judgeRules(root: Loop, rules: readonly SumRule[]): Finding[] {
  const findings: Finding[] = []
  for (const rule of rules) {
    const target = place(rule.equals)
    const stated = target && find(root, target.ids, 0)[0]
    const value = text(stated, target?.element ?? 0)
    if (!stated || !target || value === '') continue
    const expected = rule.sum === undefined ? count(root, rule.count ?? '') : sum(root, rule.sum)
    if (expected === undefined || sameDecimal(expected, value)) continue
    findings.push(finding('sum-mismatch', {
      offset: stated.offset, segmentPosition: stated.position, segmentId: stated.id, element: target.element, value,
    }, rule.sum === undefined ? { count: rule.count ?? '', expected } : { sum: rule.sum, expected }))
  }
  return findings
}

function place(path: string): { ids: readonly string[]; element: number } | undefined {
  const steps = parsePath(path)
  return steps && { ids: steps.map(step => step.id), element: steps[steps.length - 1]?.element ?? 0 }
}

/** The segments at a path: loops by their ids, then a segment. */
function find(loop: Loop, ids: readonly string[], depth: number): Segment[] {
  return loop.children.flatMap(child => {
    if (isSegment(child)) return depth === ids.length - 1 && child.id === ids[depth] ? [child] : []
    return depth < ids.length - 1 && child.id === ids[depth] ? find(child, ids, depth + 1) : []
  })
}

/** How many loops or segments there are at a path. */
function count(root: Loop, path: string): string | undefined {
  const ids = place(path)?.ids
  if (!ids) return undefined
  const visit = (loop: Loop, depth: number): number => loop.children.reduce((total, child) => {
    if (child.id !== ids[depth]) return total
    if (depth === ids.length - 1) return total + 1
    return isSegment(child) ? total : total + visit(child, depth + 1)
  }, 0)
  return String(visit(root, 0))
}

function sum(root: Loop, path: string): string | undefined {
  const at = place(path)
  if (!at) return undefined
  let total: Decimal = { units: 0n, scale: 0 }
  for (const segment of find(root, at.ids, 0)) {
    const value = decimal(text(segment, at.element))
    if (value) total = add(total, value)
  }
  return print(total)
}

// ---- Decimals, exact ---------------------------------------------------------------------------------------------

interface Decimal {
  readonly units: bigint
  /** Digits after the point. */
  readonly scale: number
}

function decimal(value: string): Decimal | undefined {
  const match = /^(-?)(\d*)\.?(\d*)$/.exec(value)
  if (!match || (match[2] === '' && match[3] === '')) return undefined
  return { units: BigInt(`${match[1]}${match[2]}${match[3]}`), scale: match[3]?.length ?? 0 }
}

function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return { units: a.units * 10n ** BigInt(scale - a.scale) + b.units * 10n ** BigInt(scale - b.scale), scale }
}

function sameDecimal(a: string, b: string): boolean {
  const [x, y] = [decimal(a), decimal(b)]
  return x !== undefined && y !== undefined && add(x, { units: -y.units, scale: y.scale }).units === 0n
}

function print({ units, scale }: Decimal): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/\.?0+$/, '')
  return units < 0n ? `-${text}` : text
}
