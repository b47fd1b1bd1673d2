import { mkdirSync, writeFileSync } from 'node:fs'
import { generatedSchemas } from './generated-schemas.ts'

/** `npm run schemas`: writes schemas/openapi.json and schemas/schema.graphql as the code says them now. */
mkdirSync(new URL('../../schemas/', import.meta.url), { recursive: true })
for (const [name, text] of Object.entries(await generatedSchemas())) {
  writeFileSync(new URL(`../../schemas/${name}`, import.meta.url), text)
  console.log(`schemas/${name}: ${text.length} characters`)
}
