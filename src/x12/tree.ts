/** Small readers and builders of segment trees, for those who map them to documents and back. */
import type { ElementValue, Loop, Segment } from './types.ts'

export function isSegment(node: Segment | Loop): node is Segment {
  return 'elements' in node
}

/** The segments of that id directly in the loop, in document order. */
export function segments(loop: Loop, id: string): Segment[] {
  return loop.children.filter((child): child is Segment => isSegment(child) && child.id === id)
}

/** The first segment of that id directly in the loop. */
export function first(loop: Loop, id: string): Segment | undefined {
  return loop.children.find((child): child is Segment => isSegment(child) && child.id === id)
}

/** The loops of that id directly in the loop, in document order. HL loops are siblings; HL02 tells who hangs on whom. */
export function loops(loop: Loop, id: string): Loop[] {
  return loop.children.filter((child): child is Loop => !isSegment(child) && child.id === id)
}

/** Every segment of the tree in document order. */
export function* allSegments(loop: Loop): Generator<Segment> {
  for (const child of loop.children) {
    if (isSegment(child)) yield child
    else yield* allSegments(child)
  }
}

/** Element `n` (1-based) as text without the blanks around it; '' when absent. Of a repeated or composite element, the first part. */
export function text(segment: Segment | undefined, n: number): string {
  return component(segment, n, 1)
}

/** Component `c` (1-based) of element `n`; of a repeated element, of its first repetition. '' when absent. */
export function component(segment: Segment | undefined, n: number, c: number): string {
  const value = segment?.elements[n - 1]
  if (value === undefined) return ''
  const one = repeats(value)[0] ?? ''
  return (typeof one === 'string' ? (c === 1 ? one : '') : one[c - 1] ?? '').trim()
}

/** The repetitions of an element; a single one when it is not repeated. */
export function repeats(value: ElementValue): readonly (string | readonly string[])[] {
  return typeof value === 'object' && 'repeats' in value ? value.repeats : [value]
}

/** Build a segment to be written. Empty trailing elements are dropped. Positions and offsets are not known before it is written. */
export function segment(id: string, ...elements: readonly (ElementValue | undefined)[]): Segment {
  const values = elements.map(value => value ?? '')
  while (values.length > 0 && values[values.length - 1] === '') values.pop()
  return { id, position: 0, offset: 0, elements: values }
}

/** Build a loop to be written; absent children may be given as undefined. */
export function loop(id: string, ...children: readonly (Segment | Loop | undefined)[]): Loop {
  return { id, children: children.filter(child => child !== undefined) }
}
