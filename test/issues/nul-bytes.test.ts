import t from 'tap'
import { getMessage, listMessages, listOutbox } from '../../src/exchange/service.ts'
import { testDatabase } from '../helpers/database.ts'
import { interchange, send, workOff } from '../helpers/edi.ts'
import { smallWorld } from '../helpers/world.ts'

const hub = { qualifier: 'ZZ', id: 'ACCORDHUB', group: 'ACCORDHUB' }

t.test('NUL bytes, which the database takes in no text, are judged like any other character that is not allowed', async t => {
  const { db } = await testDatabase(t)
  const w = await smallWorld(db)
  const retailer = w.ctxOf('retailer')
  const good = (control: number) =>
    interchange({ from: w.identityOf('retailer'), to: hub, control }, 'PO', [
      ['850', `BEG*00*SA*N-${control}**20261120`, 'N1*VN*Meadow Farm*92*100234', 'PO1*1*1*EA*1**UP*722222000012', 'CTT*1'],
    ])
  const places: [string, (text: string) => string][] = [
    ['in an element', text => text.replace('Meadow Farm', 'Meadow\u0000Farm')],
    ['in ST02', text => text.replaceAll('*0001~', '*00\u00001~')],
    [
      'in GS06',
      text => text.replace(/GS\*PO\*NORTHGATE\*ACCORDHUB\*20261121\*0900\*/, 'GS*PO*NORTHGATE*ACCORDHUB*20261121*0900*\u0000'),
    ],
    ['in GS02', text => text.replace('GS*PO*NORTHGATE', 'GS*PO*NORTH\u0000GATE')],
    ['in ST01', text => text.replace('ST*850', 'ST*8\u00000')],
    ['in ISA06', text => text.replace('NORTHGATE      ', 'NORTH\u0000GATE     ')],
    ['in ISA13', text => text.replaceAll(/\*0000000(\d\d)\*/g, '*0000\u000000$1*').replace(/IEA\*1\*0000/, 'IEA*1*000\u0000')],
    ['before the ISA', text => `\u0000\u0000${text}`],
    ['between interchanges', text => `${text}\u0000junk\u0000`],
  ]
  for (const [index, [name, spoil]] of places.entries()) {
    const { messageId } = await send(retailer, spoil(good(index + 10)))
    await workOff(db)
    t.match((await getMessage(retailer, messageId)).processingState, /^(processed|quarantined)$/, name)
  }
  t.equal((await listMessages(retailer)).items.filter(message => message.direction === 'in').length, places.length)
  t.ok((await listOutbox(retailer)).items.length > 0)
})
