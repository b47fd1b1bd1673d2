/** The control numbers seen in a group, to find one used twice. Numbers mostly count up by one: such a run costs nothing to keep. */
export class ControlNumbers {
  private first = -1
  private last = -1
  private readonly others = new Set<number | string>()

  /** Returns false when the number was there before. "0001" and "1" are different control numbers. */
  add(number: string): boolean {
    // A leading 1 keeps the leading zeros apart.
    const value = /^\d{1,9}$/.test(number) ? Number(`1${number}`) : number
    if (typeof value === 'number') {
      if (value >= this.first && value <= this.last) return false
      if (this.first < 0 || value === this.last + 1) {
        if (this.others.has(value)) return false
        if (this.first < 0) this.first = value
        this.last = value
        return true
      }
    }
    if (this.others.has(value)) return false
    this.others.add(value)
    return true
  }
}
