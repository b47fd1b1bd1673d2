/**
 * What segments, elements and codes are called. Reading never asks for this: a guide keeps the codes alone, and their meanings are looked
 * up in the schema files when somebody wants to see them.
 */
import type { Guide } from './compile.ts'
import { isDate, isTime } from './element.ts'
import { envelopeNames } from './envelope-names.ts'
import type { ElementEntry, SchemaFiles } from './guide.ts'
import { schemaFiles, standardVersions } from './standard.ts'

export interface DescribedElement {
  /** X12 data element number; of a composite, its identifier. */
  readonly reference: string
  readonly name: string
  /** ID, AN, DT, TM, R, N0…N9, B or `composite`. */
  readonly type: string
  readonly components: readonly DescribedElement[]
  /** Its codes, where they are not those of the dictionary. */
  readonly meanings?: Readonly<Record<string, string>>
}

export interface DescribedSegment {
  readonly name: string
  readonly elements: readonly DescribedElement[]
}

/** Names by the guide of a set, and by the dictionary of its version for what the guide does not have. */
export class Names {
  private readonly files: SchemaFiles
  private readonly segments = new Map<string, DescribedSegment | undefined>()

  constructor(version: string, guide?: Guide) {
    this.files = schemaFiles(shippedVersion(version))
    for (const use of guide?.uses ?? []) this.segments.set(use.id, use)
  }

  /** Undefined for a segment that neither the guide nor the version has. */
  segment(id: string): DescribedSegment | undefined {
    if (!this.segments.has(id)) this.segments.set(id, envelopeNames[id] ?? this.fromDictionary(id))
    return this.segments.get(id)
  }

  /** What a value means: the code's meaning, a date or time as people write it, a number with its implied decimals. Undefined when it says it itself. */
  meaning({ reference, type, meanings }: DescribedElement, value: string): string | undefined {
    const text = value.trim()
    if (type === 'ID' || type === 'AN') return (meanings ?? this.codes(reference))?.[text]
    if (type === 'DT' || type === 'TM') return calendar(type, text)
    const decimals = Number(/^N([1-9])$/.exec(type)?.[1] ?? 0)
    if (decimals === 0 || !/^-?\d+$/.test(text)) return undefined
    const digits = text.replace('-', '').padStart(decimals + 1, '0')
    return `${text.startsWith('-') ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
  }

  private codes(reference: string): Readonly<Record<string, string>> | undefined {
    const codes = this.files.elements[reference]?.codes
    return codes === undefined || Array.isArray(codes) ? undefined : codes as Readonly<Record<string, string>>
  }

  private fromDictionary(id: string): DescribedSegment | undefined {
    const file = this.files.segments[id]
    return file && { name: file.name, elements: file.elements.map(entry => this.element(entry)) }
  }

  private element(entry: ElementEntry): DescribedElement {
    const spec = typeof entry === 'string' ? { ref: entry } : entry
    const reference = spec.composite ?? spec.ref ?? ''
    const composite = this.files.composites[reference]
    if (composite) {
      return { reference, name: spec.name ?? composite.name, type: 'composite', components: composite.elements.map(part => this.element(part)) }
    }
    const element = this.files.elements[reference]
    return { reference, name: spec.name ?? element?.name ?? '', type: element?.type ?? 'AN', components: [] }
  }
}

/** 20240613 as 2024-06-13, 101530 as 10:15:30; undefined when there is no such day or time. */
function calendar(type: 'DT' | 'TM', text: string): string | undefined {
  const bytes = Buffer.from(text, 'latin1')
  if (!/^\d+$/.test(text)) return undefined
  if (type === 'DT') return text.length === 8 && isDate(bytes, 0, 8) ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : undefined
  return isTime(bytes, 0, bytes.length) ? (text.slice(0, 6).match(/../g) ?? []).join(':') : undefined
}

/** The shipped version whose names serve for a GS08: that very one, else the last before it, else the first. */
function shippedVersion(version: string): string {
  const before = standardVersions.filter(shipped => shipped <= version.slice(0, 6))
  return before.at(-1) ?? standardVersions[0] as string
}
