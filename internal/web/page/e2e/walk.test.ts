/** Every view, in both themes and on a telephone: nobody is kept out, nothing is cut off, nothing complains. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { launch, Seen } from './browser'

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

/** Each view with what is there when it has what it shows. */
const views: [name: string, path: string, there: string][] = [
  ['overview', '/', '[data-testid=card] .worst b'],
  ['clients', '/clients', 'tbody tr:has-text("shop")'],
  ['clients-timeline', '/clients?as=apps', 'tbody tr:has-text("shop")'],
  ['activity', '/activity', 'tbody tr:has-text("shop")'],
  ['findings', '/findings', '[data-testid=finding]'],
  ['server', '/servers/new', '[data-testid=chart-commands] canvas'],
  ['server-commands', '/servers/new/commands', 'tbody tr:has-text("get")'],
  ['server-clients', '/servers/new/clients', 'tbody tr:has-text("shop")'],
  ['server-keys', '/servers/new/keys', 'tbody tr'],
  ['server-slow', '/servers/new/slow', 'tbody tr:has-text("KEYS")'],
  ['server-findings', '/servers/new/findings', '[data-testid=finding]'],
  ['server-changes', '/servers/new/changes', 'tbody tr'],
  ['server-memory', '/servers/new/memory', 'main h2, main dl, main table'],
  ['server-messaging', '/servers/new/messaging', 'tbody tr:has-text("orders")'],
  ['server-usage', '/servers/new/usage', 'main section'],
  ['missing', '/servers/nobody', 'main'],
]

/** Where pictures of the views are left, if anywhere. */
const shots = process.env['REDISTOP_SHOTS']

const looks = {
  dark: { colorScheme: 'dark' },
  light: { colorScheme: 'light' },
  phone: { colorScheme: 'dark', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
} as const

describe.each(Object.entries(looks))('%s', (look, options) => {
  it('lets everybody in', async () => {
    if (shots) await mkdir(shots, { recursive: true })
    const seen = await Seen.open(browser, inject('site'), '/', options)
    const wrong: string[] = []
    for (const [name, path, there] of views) {
      await seen.page.goto(path)
      await seen.page.locator(there).first().waitFor()
      if (shots) await seen.page.screenshot({ path: join(shots, `${name}-${look}.png`) })
      const { wide, room } = await seen.page.evaluate(() => ({ wide: document.documentElement.scrollWidth, room: innerWidth }))
      if (wide > room) wrong.push(`${name}: ${wide} pixels wide, ${room} to be seen`)
      wrong.push(...(await seen.barriers()).map((b) => `${name}: ${b}`))
    }
    expect(wrong).toEqual([])
    await seen.close()
  })
})
