import type { Command } from 'commander'
import { registerAck } from './ack.ts'
import { registerDiff } from './diff.ts'
import { registerJson } from './json.ts'
import { registerLearn } from './learn.ts'
import { registerValidate } from './validate.ts'

/** What works on X12 files alone, without a hub. */
export const registerX12 = (parent: Command): void => {
  const x12 = parent.command('x12').description('check, acknowledge and read X12 files; no hub is needed')
  registerValidate(x12)
  registerAck(x12)
  registerJson(x12)
  registerLearn(x12)
  registerDiff(x12)
}
