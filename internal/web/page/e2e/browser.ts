/** A browser, and pages whose every complaint is written down. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import { chromium, type Browser, type BrowserContextOptions, type Locator, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { stage } from './stage'

export const patience = 30_000

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: stage().chromium, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
}

interface Axe {
  run(options: RunOptions): Promise<AxeResults>
}

export interface Look extends BrowserContextOptions {
  /** Complaints that belong to what the test does: a program that is away, a login that is asked for. */
  expected?: RegExp
}

/** Seen is a page and what it did that no page should. */
export class Seen {
  readonly #wrong: string[] = []

  private constructor(readonly page: Page, readonly base: string, expected: RegExp | undefined) {
    const wrong = (what: string) => {
      const own = what.includes('willReadFrequently') // a test has looked at what is drawn
      if (!own && !expected?.test(what)) this.#wrong.push(what)
    }
    page.on('console', (m) => {
      if (m.type() === 'error' || m.type() === 'warning') wrong(`console: ${m.text()} (${m.location().url})`)
    })
    page.on('pageerror', (err) => wrong(`error: ${err.stack ?? err.message}`))
    page.on('dialog', (d) => {
      wrong(`dialog: ${d.message()}`)
      void d.dismiss()
    })
    page.on('request', (r) => {
      if (new URL(r.url()).origin !== new URL(base).origin) wrong(`request to elsewhere: ${r.url()}`)
    })
    page.on('response', (r) => {
      if (r.status() >= 500) wrong(`status ${r.status()}: ${r.url()}`)
    })
  }

  static async open(browser: Browser, base: string, path: string, { expected, ...options }: Look = {}): Promise<Seen> {
    const context = await browser.newContext({ baseURL: base, viewport: { width: 1400, height: 900 }, colorScheme: 'dark', ...options })
    context.setDefaultTimeout(patience)
    await context.addInitScript(() => {
      // The policy's refusals reach the console of the page, which is listened to.
      addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))
    })
    const page = await context.newPage()
    const seen = new Seen(page, base, expected)
    await page.goto(path)
    return seen
  }

  /** close ends the page; nothing it should not have done may have been seen. */
  async close(): Promise<void> {
    await this.page.context().close()
    expect(this.#wrong).toEqual([])
  }

  /** The parameters of the address. */
  param(name: string): string | null {
    return new URL(this.page.url()).searchParams.get(name)
  }

  /** until waits for what a test says to be true of the page. */
  async until<T>(what: string, look: () => Promise<T> | T, is: (value: T) => boolean = Boolean, wait = patience): Promise<T> {
    let last: T | undefined
    for (const deadline = Date.now() + wait; Date.now() < deadline; await new Promise((r) => setTimeout(r, 100))) {
      last = await look()
      if (is(last)) return last
    }
    throw new Error(`not in ${wait / 1000} s: ${what}; at last ${JSON.stringify(last)}`)
  }

  /** A row of a table that holds this text, and its cell under a title. */
  row(text: string) {
    return this.page.locator('tbody tr', { hasText: text })
  }

  async cell(text: string, title: string): Promise<string> {
    return (await (await this.#cell(text, title)).innerText()).trim()
  }

  /** What a cell says when it is pointed at. */
  async cellTitle(text: string, title: string): Promise<string> {
    return (await (await this.#cell(text, title)).locator('[title]').first().getAttribute('title')) ?? ''
  }

  async #cell(text: string, title: string): Promise<Locator> {
    const titles = await this.page.locator('thead').first().locator('th').allInnerTexts()
    const at = titles.findIndex((t) => t.replace(/ [↑↓]$/, '') === title)
    if (at < 0) throw new Error(`no column ${title} in ${titles.join('|')}`)
    return this.row(text).first().locator('th,td').nth(at)
  }

  /** What axe says that matters, each with where it is: of everything, of colours alone, or of all but colours. */
  async barriers(of: 'everything' | 'colours' | 'structure' = 'everything'): Promise<string[]> {
    const options: RunOptions = { resultTypes: ['violations'] }
    if (of === 'colours') options.runOnly = ['color-contrast', 'link-in-text-block']
    if (of === 'structure') options.rules = { 'color-contrast': { enabled: false } }
    await this.page.evaluate(await axeSource())
    const found = await this.page.evaluate((o) => (globalThis as unknown as { axe: Axe }).axe.run(o), options)
    return found.violations
      .filter((v) => v.impact === 'serious' || v.impact === 'critical')
      .map((v) => `${v.id} (${v.impact}): ${v.nodes.slice(0, 3).map((n) => n.html + ' ' + (n.failureSummary ?? '')).join(' | ')}`)
  }
}

let source: Promise<string> | undefined

function axeSource(): Promise<string> {
  source ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  return source
}
