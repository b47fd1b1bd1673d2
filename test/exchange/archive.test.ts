import t from 'tap'
import { withOrganisation } from '../../src/db/client.ts'
import { archive, archivedChunks, chunkBytes, openArchive, pieces } from '../../src/exchange/archive.ts'
import { newId } from '../../src/shared/ids.ts'
import { testDatabase } from '../helpers/database.ts'
import { smallWorld } from '../helpers/world.ts'

const contents: Readonly<Record<string, Buffer>> = {
  'plain text': Buffer.from('ISA*00*~\r\nGS*'),
  'every byte': Buffer.from(Array.from({ length: 1024 }, (_, n) => n % 256)),
  'backslashes and what looks like an escape': Buffer.from('\\x41 \\\\ \\101 \\ \\n'),
  'what begins like hexadecimal': Buffer.from('\\x'),
  'two pieces, one of them with a byte of its own': Buffer.concat([Buffer.alloc(chunkBytes, 'A*~'), Buffer.from('\u00e9\\', 'latin1')]),
}

t.test('what is archived comes back byte for byte', async t => {
  const { db } = await testDatabase(t)
  const { id: { retailer: organisationId } } = await smallWorld(db)
  for (const [what, bytes] of Object.entries(contents)) {
    const id = newId('msg')
    await withOrganisation(db, organisationId, tx => archive(tx, { id, organisationId }, pieces(bytes)))
    const parts: Uint8Array[] = []
    for await (const part of archivedChunks(db, organisationId, id)) parts.push(part.bytes)
    t.ok(Buffer.concat(parts).equals(bytes), what)
    const from = Math.max(0, bytes.length - 5)
    t.ok(Buffer.from(await openArchive(db, organisationId, id).slice(from, bytes.length)).equals(bytes.subarray(from)), `${what}, the end of it`)
  }
})
