/** A redistop web of a test's own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stage } from './stage'

const listening = /web: (http:\/\/[^\s,]+),/

export class Program {
  url = ''
  #child: ChildProcess | undefined
  #said = ''

  private constructor(readonly args: string[], readonly folder: string) {}

  /**
   * start runs it on a free port and waits until it listens. It has a folder of its own for what it keeps, which
   * {folder} in an argument stands for; files are put there before it starts.
   */
  static async start(args: string[], files: Record<string, string> = {}): Promise<Program> {
    const folder = await mkdtemp(join(tmpdir(), 'redistop-page-'))
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 })
    const program = new Program(args.map((a) => a.replaceAll('{folder}', folder)), folder)
    await program.#run('127.0.0.1:0')
    return program
  }

  /** again starts it where it was, with what it has kept. */
  again(): Promise<void> {
    return this.#run(new URL(this.url).host)
  }

  async #run(listen: string): Promise<void> {
    this.#said = ''
    const child = spawn(stage().redistop, ['web', '--listen', listen, '--interval', '500ms', '--store', join(this.folder, 'history.db'), ...this.args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, XDG_CONFIG_HOME: this.folder, XDG_STATE_HOME: this.folder, OTEL_SDK_DISABLED: 'true' },
    })
    this.#child = child
    process.once('exit', () => child.kill('SIGKILL')) // nothing outlives the tests
    this.url = await new Promise<string>((resolve, reject) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text
        const url = listening.exec(this.#said)?.[1]
        if (url) resolve(url)
      })
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`redistop web ended with ${code}: ${this.#said}`)))
    })
  }

  /** end ends it as a person would, and waits. */
  async end(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }

  /** stop ends it and removes what it has kept. */
  async stop(): Promise<void> {
    await this.end()
    await rm(this.folder, { recursive: true, force: true })
  }
}
