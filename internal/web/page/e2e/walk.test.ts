/** Every view, in both themes and on a telephone: nobody is kept out, nothing is cut off, nothing complains. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { launch, Seen } from './browser'

/** Where pictures of the views are left, if anywhere. */
const shots = process.env['REDISTOP_SHOTS']

let browser: Browser
beforeAll(async () => {
  if (shots) await mkdir(shots, { recursive: true })
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

/** What the themes and the sizes share is looked at once. */
const looks = {
  desk: { options: {}, themes: { dark: 'everything', light: 'colours' } },
  phone: { options: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 }, themes: { dark: 'structure' } },
} as const

describe.each(Object.entries(looks))('%s', (look, { options, themes }) => {
  let seen: Seen
  beforeAll(async () => {
    seen = await Seen.open(browser, inject('site'), '/', options)
  })
  afterAll(() => seen.close())

  it.each(views)('%s', async (name, path, there) => {
    await seen.page.goto(path)
    await seen.page.locator(there).first().waitFor()
    const { wide, room } = await seen.page.evaluate(() => ({ wide: document.documentElement.scrollWidth, room: innerWidth }))
    expect(wide, 'pixels of the page').toBeLessThanOrEqual(room)
    for (const [theme, what] of Object.entries(themes)) {
      await seen.page.emulateMedia({ colorScheme: theme as 'dark' | 'light' })
      if (shots) await seen.page.screenshot({ path: join(shots, `${name}-${look}-${theme}.png`) })
      expect(await seen.barriers(what), theme).toEqual([])
    }
  })
})
