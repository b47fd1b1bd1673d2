import fc from 'fast-check'
import t from 'tap'
import { decimal, decimalPattern, decimalText, isDecimal, moneyText, sum } from '../../src/shared/decimal.ts'

t.test('decimals are exact', async t => {
  t.equal(decimalText(sum(['0.1', '0.2'])), '0.3')
  t.equal(decimalText(sum([])), '0')
  t.equal(decimalText(decimal('123456789012345678.0123456789').times('10')), '1234567890123456780.123456789')
  t.equal(moneyText('12.345'), '12.35')
  t.equal(moneyText('-12.345'), '-12.35')
  t.equal(moneyText('7', 0), '7')
  for (const [given, text] of [['12.50', '12.5'], ['-0', '0'], ['-0.00', '0'], ['100', '100'], ['0.0000001', '0.0000001'], ['.5', '0.5'], ['+7.', '7'], [' 3 ', '3']] as const)
    t.equal(decimalText(given), text)
  for (const nonsense of ['', '1e3', '0x10', 'NaN', 'Infinity', '1,5', '--1', '.', '1 2']) t.throws(() => decimal(nonsense), RangeError, nonsense)
  t.throws(() => decimal(Number.NaN), RangeError)
})

t.test('the plain form is what the edge takes, and what is given out', async t => {
  for (const good of ['0', '-1', '12.5', '123456789012345678', '0.0123456789']) t.ok(isDecimal(good), good)
  for (const bad of ['', '+1', '.5', '5.', '1e3', '1234567890123456789', '0.01234567890', ' 1']) t.notOk(isDecimal(bad), bad)
  fc.assert(fc.property(fc.stringMatching(new RegExp(decimalPattern)), text => isDecimal(decimalText(text)) && decimal(decimalText(text)).equals(text)))
})
