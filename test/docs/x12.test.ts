import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { compiled } from '../cli/run.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(join(repository, 'docs/x12.md'), 'utf8')
const blocks = [...page.matchAll(/```(\w*)\n([\s\S]*?)```\n/g)].map(([, language = '', body = '']) => ({ language, body }))

// What the page shows is what is installed, so it needs the compiled hub.
t.test('docs/x12.md from top to bottom, in an empty folder', { skip: compiled ? false : 'only with the compiled hub: npm test' }, async t => {
  const folder = t.testdir()
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true })
  symlinkSync(repository, join(folder, 'node_modules/accord-hub'))
  symlinkSync('../accord-hub/bin/accord-hub.js', join(folder, 'node_modules/.bin/accord-hub'))
  const PATH = [dirname(process.execPath), process.env['PATH']].join(':')
  let printed = ''
  for (const { language, body } of blocks) {
    if (language === 'sh') {
      const { stdout, stderr } = spawnSync('sh', ['-c', body], { cwd: folder, encoding: 'utf8', env: { PATH, HOME: folder, npm_config_offline: 'true' } })
      printed = stdout
      t.notMatch(stderr, /Error|something went wrong/i, body)
    } else if (language === 'js') {
      const name = /^\/\/ (\S+\.mjs)\n/.exec(body)?.[1]
      if (name === undefined) t.fail(`a program without a name: ${body}`)
      else writeFileSync(join(folder, name), body)
    } else if (language === 'text') {
      t.equal(printed.trimEnd(), body.trimEnd(), 'prints what the page says')
    }
  }
  t.ok(blocks.filter(({ language }) => language === 'text').length > 10, 'there is something to hold it to')
})
