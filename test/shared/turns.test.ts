import t from 'tap'
import { takeTurns } from '../../src/shared/turns.ts'

t.test('long work in steps lets others have their turn', async t => {
  let others = 0
  let working = true
  const other = (): void => {
    others += 1
    if (working) setImmediate(other)
  }
  setImmediate(other)
  const othersTurn = takeTurns()
  const until = performance.now() + 100
  while (performance.now() < until) await othersTurn()
  working = false
  t.ok(others >= 2, `${others} turns in 100 ms`)
})

t.test('short work is not held up', async t => {
  t.equal(takeTurns()(), undefined)
})
