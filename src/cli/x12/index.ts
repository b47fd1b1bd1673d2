import type { Command } from 'commander'
import { registerAck } from './ack.ts'
import { registerDiff } from './diff.ts'
import { registerInspect } from './inspect.ts'
import { registerJson } from './json.ts'
import { registerLearn } from './learn.ts'
import { registerQuery } from './query.ts'
import { registerSplit } from './split.ts'
import { registerValidate } from './validate.ts'
import { registerWrite } from './write.ts'

/** What works on X12 files alone, without a hub. */
export const registerX12 = (parent: Command): void => {
  const x12 = parent.command('x12').description('check, acknowledge and read X12 files; no hub is needed')
  registerValidate(x12)
  registerInspect(x12)
  registerAck(x12)
  registerJson(x12)
  registerWrite(x12)
  registerQuery(x12)
  registerSplit(x12)
  registerLearn(x12)
  registerDiff(x12)
}
