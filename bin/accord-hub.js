#!/usr/bin/env node
// The command line runs from dist, which `npm start` and `npm run build` make; say so instead of failing in the loader.
import { existsSync } from 'node:fs'
const entry = new URL('../dist/cli/index.js', import.meta.url)
if (!existsSync(entry)) {
  console.error('The hub is not built yet: run `npm run build` (or `npm start`) once.')
  process.exit(2)
}
await import(entry.href)
