/** Before all tests: traffic on the servers, and a program that watches it, which tests only look at. */
import type { TestProject } from 'vitest/node'
import { Program } from './program'
import { stage } from './stage'
import { Traffic } from './traffic'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the watching program is: its servers are called "old" and "new". */
    site: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const on = stage()
  const traffic = await Promise.all([on.old, on.new].map((addr) => Traffic.on(addr)))
  const program = await Program.start([`old=${on.old}`, `new=${on.new}`])
  project.provide('site', program.url)
  return async () => {
    await program.stop()
    for (const t of traffic) t.end()
  }
}
