/** Waits until the condition holds, looking again and again. Throws when it does not within the time. */
export const until = async (condition: () => Promise<boolean> | boolean, milliseconds = 15_000): Promise<void> => {
  const deadline = Date.now() + milliseconds
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it did not come true within ${milliseconds} ms: ${condition.toString()}`)
    await new Promise(done => {
      setTimeout(done, 10)
    })
  }
}
