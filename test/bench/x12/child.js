// Run as a process of its own, so that what it costs is not mixed with what was measured before. Prints one line of JSON.
//   child.js bare                   nothing but Node
//   child.js stream ENGINE FILE TREE   the file read from the disk as a stream, with the engine at ENGINE
//   child.js schemas ENGINE         processor milliseconds to compile each set that is shipped, in a process that has just begun
import { createReadStream, readFileSync, readdirSync } from 'node:fs'
import { URL } from 'node:url'

const [what, engine, file, tree] = process.argv.slice(2)
const result = what === 'bare' ? {} : what === 'stream' ? await stream() : await schemas()
console.log(JSON.stringify({ ...result, peak: peak() }))

async function stream() {
  const { createReader } = await import(engine)
  const reader = createReader({ tree: tree === 'tree' })
  let accepted = 0
  const take = events => {
    for (const event of events) if (event.type === 'set' && event.result.outcome === 'A') accepted++
  }
  for await (const chunk of createReadStream(file)) take(reader.push(chunk))
  take(reader.end())
  return { accepted }
}

async function schemas() {
  const { standardGuide, standardVersions } = await import(engine)
  const folder = new URL('../../../schemas/x12/', import.meta.url)
  const names = new Set(standardVersions.flatMap(version => readdirSync(new URL(version, folder)))
    .flatMap(name => /^(\d{3})\.json$/.exec(name)?.[1] ?? []))
  const sets = []
  for (const version of standardVersions) {
    for (const name of names) {
      const begin = process.cpuUsage()
      const guide = standardGuide(version, name)
      const { user, system } = process.cpuUsage(begin)
      if (guide) sets.push({ name: `${version}/${name}`, milliseconds: (user + system) / 1e3 })
    }
  }
  return { sets }
}

// In megabytes: what Linux remembers of the process, elsewhere what Node knows.
function peak() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
  } catch {
    return process.resourceUsage().maxRSS / 1024
  }
}
