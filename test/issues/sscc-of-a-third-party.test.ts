import t from 'tap'
import { listExceptions } from '../../src/exceptions/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { smallWorld, type World } from '../helpers/world.ts'

const notice = (number: string, order: string, sscc: string): [string, ...string[]] => ['856',
  `BSN*00*${number}*20261121*0900*0001`, 'HL*1**S', 'TD1*CTN25*1', 'DTM*011*20261121', 'HL*2*1*O', `PRF*${order}`, 'HL*3*2*P', `MAN*GM*00${sscc}`,
  'HL*4*3*I', 'LIN*1*UP*012345678905', 'SN1*1*1*EA', 'CTT*4']

const findings = async (w: World, who: 'retailer' | 'manufacturer') =>
  (await listExceptions(w.ctxOf(who), { code: 'SHIPMENTS_SSCC_REUSED' })).items

t.test('an SSCC that was used for another buyer is noticed without naming that shipment to this one', async t => {
  const { db } = await testDatabase(t)
  const w = await smallWorld(db)
  const farm = w.ctxOf('farm')
  const from = w.identityOf('farm')
  const sscc = '107444440000000019'
  await send(farm, interchange({ from, to: w.identityOf('manufacturer'), control: 1 }, 'SH', [notice('SECRET-ASN', 'M-1', sscc)]))
  await workOff(db)
  await send(farm, interchange({ from, to: w.identityOf('retailer'), control: 1 }, 'SH', [notice('RETAIL-ASN', 'R-1', sscc), notice('RETAIL-ASN-2', 'R-1', sscc)]))
  await workOff(db)
  const seen = await findings(w, 'retailer')
  t.ok(seen.length >= 1, 'the reuse is an exception')
  t.notMatch(JSON.stringify(seen), /SECRET/, 'and the retailer does not learn what the farm sends to others')

  await send(farm, interchange({ from, to: w.identityOf('retailer'), control: 2 }, 'SH', [notice('RETAIL-ASN-3', 'R-1', sscc)]))
  await workOff(db)
  const later = (await findings(w, 'retailer')).filter(({ id }) => !seen.some(one => one.id === id))
  t.match(JSON.stringify(later), /RETAIL-ASN/, 'what it was sent itself is named')
  t.notMatch(JSON.stringify(later), /SECRET/)
})
