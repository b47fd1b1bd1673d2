const longestSearch = 10_000

/** The input with as much left out as can be, so that it still fails: halves first, then ever smaller stretches, down to bytes. */
export function minimised(bytes: Uint8Array, fails: (bytes: Uint8Array) => boolean): Uint8Array {
  const until = performance.now() + longestSearch
  let smallest = bytes
  for (let stretch = bytes.byteLength >> 1; stretch >= 1; stretch >>= 1) {
    for (let from = 0; from < smallest.byteLength && performance.now() < until;) {
      const shorter = Buffer.concat([smallest.subarray(0, from), smallest.subarray(from + stretch)])
      if (shorter.byteLength < smallest.byteLength && fails(shorter)) smallest = shorter
      else from += stretch
    }
  }
  return smallest
}
