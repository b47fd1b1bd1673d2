import t from 'tap'
import { addDays, addHours, businessDate, daysBetween, isBusinessDate, systemClock } from '../../src/shared/clock.ts'

t.test('a business date is a day somewhere', async t => {
  const instant = new Date('2025-03-09T01:30:00Z')
  t.equal(businessDate(instant), '2025-03-09')
  t.equal(businessDate(instant, 'America/New_York'), '2025-03-08')
  t.equal(businessDate(instant, 'Asia/Tokyo'), '2025-03-09')
  for (const good of ['2024-02-29', '2025-12-31']) t.ok(isBusinessDate(good), good)
  for (const bad of ['2025-02-29', '2025-13-01', '20250101', '2025-1-1', '', 'today']) t.notOk(isBusinessDate(bad), bad)
})

t.test('days are counted on the calendar, hours on the clock', async t => {
  t.equal(addDays('2024-02-28', 2), '2024-03-01')
  t.equal(addDays('2025-01-01', -1), '2024-12-31')
  t.equal(daysBetween('2025-03-08', '2025-03-10'), 2)
  t.equal(daysBetween('2025-03-10', '2025-03-08'), -2)
  t.throws(() => addDays('never', 1), RangeError)
  t.equal(addHours(new Date('2025-03-09T23:30:00Z'), 1.5).toISOString(), '2025-03-10T01:00:00.000Z')
  t.ok(Math.abs(systemClock().getTime() - Date.now()) < 1000)
})
