/** A stream of random numbers that a seed and an index fix, so that every input can be made again by itself. */
export class Random {
  private state: number

  constructor(seed: number, index = 0) {
    this.state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)
    for (let i = 0; i < 3; i++) this.next()
  }

  /** Any 32 bits (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return this.next() % limit
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0
  }
}
