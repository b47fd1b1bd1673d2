/** The stretch of input in memory: what has arrived and is not yet consumed. Chunks are used in place; only an unfinished tail is copied. */
export class InputWindow {
  bytes: Uint8Array = new Uint8Array(0)
  /** Bytes of `bytes` that hold input. */
  available = 0
  /** Index of the first byte not consumed. */
  at = 0
  /** Offset in the input of bytes[0]. */
  base: number
  private own: Uint8Array | null = null
  private borrowed = false

  constructor(base: number) {
    this.base = base
  }

  /** Make a chunk available after what is left. The chunk may be changed by its owner only after `settle`. */
  append(chunk: Uint8Array): void {
    if (this.at === this.available) {
      this.base += this.available
      // A view of the same plain class, whatever was given: the lexer's loop then sees one kind of array only.
      this.bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      this.available = chunk.byteLength
      this.at = 0
      this.borrowed = true
      return
    }
    const needed = this.available - this.at + chunk.byteLength
    if (this.borrowed || this.own === null || this.own.length < this.available + chunk.byteLength) this.makeRoom(needed)
    const own = this.own as Uint8Array
    own.set(chunk, this.available)
    this.available += chunk.byteLength
  }

  /** Let go of the last chunk: what is left of it is copied. */
  settle(): void {
    if (!this.borrowed) return
    if (this.at < this.available) {
      this.makeRoom(this.available - this.at)
    } else {
      this.base += this.available
      this.at = this.available = 0
      this.bytes = this.own ?? new Uint8Array(0)
      this.borrowed = false
    }
  }

  /** Move what is left to the front of a buffer of our own that has room for `needed` bytes in all. */
  private makeRoom(needed: number): void {
    const { bytes, at, available } = this
    let own = this.own
    if (own === null || own.length < needed) own = new Uint8Array(Math.max(1024, needed * 2))
    if (own === bytes) own.copyWithin(0, at, available)
    else own.set(bytes.subarray(at, available))
    this.own = this.bytes = own
    this.borrowed = false
    this.base += at
    this.available = available - at
    this.at = 0
  }
}
