import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { checkDigit, gtin14, hasValidCheckDigit, isGln, isGtin, isSscc, makeSscc } from '../../src/documents/gs1.ts'

const vectors = '../shared/gs1/gs1_syntax_dictionary_lint_vectors.tsv'

t.test('the check digit agrees with the vectors of the GS1 syntax dictionary',
  { skip: existsSync(vectors) ? false : `no vectors at ${vectors}` }, t => {
  const rows = readFileSync(vectors, 'utf8').split('\n').map(line => line.split('\t')).filter(([linter]) =>
    linter === 'lint_csum')
  t.ok(rows.length > 10, `${rows.length} vectors`)
  for (const [, expected, key = ''] of rows) t.equal(hasValidCheckDigit(key), expected === 'PASS', `"${key}" ${expected}`)
  t.end()
})

t.test('known keys', t => {
  t.ok(isGtin('96385074'), 'GTIN-8')
  t.ok(isGtin('036000291452'), 'GTIN-12')
  t.ok(isGtin('4006381333931'), 'GTIN-13')
  t.ok(isGtin('10614141000415'), 'GTIN-14')
  t.notOk(isGtin('4006381333932'), 'a wrong check digit')
  t.notOk(isGtin('400638133393'), 'a digit too few')
  t.ok(isGln('0614141000012'), 'GLN')
  t.ok(isSscc('106141412345678908'), 'SSCC-18')
  t.notOk(isSscc('00106141412345678908'), 'with its application identifier it is not the key itself')
  t.equal(gtin14('036000291452'), '00036000291452')
  t.equal(gtin14('036000291453'), null)
  t.equal(checkDigit('03600029145'), 2)
  t.end()
})

t.test('an SSCC is made of the prefix, the extension digit and the serial', t => {
  t.equal(makeSscc('0614141', 1, 234567890), '106141412345678908')
  t.equal(makeSscc('0614141', 0, 0), '006141410000000005')
  t.equal(makeSscc('061414112345', 9, 9999), '906141411234599993')
  t.throws(() => makeSscc('0614141', 1, 1_000_000_000), /does not fit/)
  t.throws(() => makeSscc('0614141', 1, -1), RangeError)
  t.throws(() => makeSscc('061', 1, 1), /4 to 12 digits/)
  t.throws(() => makeSscc('0614141', 10, 1), /0 to 9/)
  fc.assert(fc.property(
    fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 4, maxLength: 12 }), fc.integer({ min: 0, max: 9 }),
    fc.integer({ min: 0, max: 9999 }),
    (prefix, extension, serial) => isSscc(makeSscc(prefix, extension, serial)),
  ))
  t.end()
})

t.test('a changed digit never passes', t => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 999_999_999 }), fc.integer({ min: 0, max: 17 }), fc.integer({ min: 1, max: 9 }),
    (serial, at, by) => {
    const sscc = makeSscc('0614141', 3, serial)
    const digits = [...sscc]
    digits[at] = String((Number(digits[at]) + by) % 10)
    return !isSscc(digits.join(''))
  }))
  t.pass('100 random changes')
  t.end()
})
