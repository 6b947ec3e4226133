/** The keys, and the help that lists them. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { launch, Seen } from './browser'

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

const path = (seen: Seen) => new URL(seen.page.url()).pathname

it('lists all keys at a press of ?, and turns them off', async () => {
  const seen = await Seen.open(browser, inject('site'), '/')
  await seen.page.getByTestId('card').first().waitFor()
  const help = seen.page.getByTestId('help')
  await seen.page.keyboard.press('?')
  await help.waitFor()
  expect(await help.locator('dt kbd').allInnerTexts()).toEqual(expect.arrayContaining(['?', 'o', '!', '/', 'x', '<', '>', '1 … 9']))
  expect(await seen.barriers()).toEqual([])
  await seen.page.keyboard.press('?')
  await help.waitFor({ state: 'hidden' })
  await seen.page.getByRole('button', { name: 'Keys and signs' }).click()
  await help.waitFor()

  await help.getByLabel('in use').uncheck()
  await seen.page.keyboard.press('Escape')
  await help.waitFor({ state: 'hidden' })
  await seen.page.keyboard.press('c')
  await seen.page.reload()
  await seen.page.getByTestId('card').first().waitFor()
  await seen.page.keyboard.press('c')
  expect(path(seen)).toBe('/')
  await seen.page.getByRole('button', { name: 'Keys and signs' }).click()
  await help.getByLabel('in use').check()
  await help.getByRole('button', { name: 'Close' }).click()
  await seen.page.keyboard.press('c')
  await seen.until('the clients', () => path(seen), (p) => p === '/clients')
  await seen.close()
})

it('goes from view to view, from tab to tab and from server to server', async () => {
  const seen = await Seen.open(browser, inject('site'), '/servers/old?range=1h')
  await seen.page.getByTestId('vitals').waitFor()
  const goes = async (key: string, to: string) => {
    await seen.page.keyboard.press(key)
    await seen.until(`${key} goes to ${to}`, () => path(seen), (p) => p === to)
  }
  await goes('n', '/servers/new')
  await goes('p', '/servers/old')
  expect(seen.param('range'), 'the range goes along').toBe('1h')
  await seen.page.keyboard.press('x')
  await seen.until('a longer range', () => seen.param('range'), (r) => r === '24h')
  await goes('2', '/servers/old/commands')
  await goes('!', '/servers/old/findings')
  await goes('u', '/servers/old/usage')
  await goes('e', '/servers/old/messaging')
  await goes('o', '/')
  await goes('!', '/findings')
  await goes('a', '/activity')
  await goes('c', '/clients')
  await seen.close()
})

it('sorts and filters a table, and leaves alone what is typed', async () => {
  const seen = await Seen.open(browser, inject('site'), '/servers/new/commands')
  await seen.row('get').first().waitFor()
  const sorted = () => seen.page.locator('main th[aria-sort]').first().innerText()
  await seen.page.keyboard.press('>')
  await seen.until('by the next column', sorted, (t) => t === 'of calls ↓')
  await seen.page.keyboard.press('<')
  await seen.page.keyboard.press('r')
  await seen.until('the other way round', sorted, (t) => t === 'calls/s ↑')

  await seen.page.keyboard.press('/')
  await seen.page.keyboard.type('x?o')
  await seen.until('in the address', () => seen.param('filter'), (f) => f === 'x?o')
  expect(path(seen)).toBe('/servers/new/commands')
  expect(await seen.page.getByTestId('help').isVisible()).toBe(false)
  await seen.page.getByLabel('Filter').fill('')
  await seen.page.keyboard.press('Escape')
  await seen.page.keyboard.press('o')
  await seen.until('the keys are back', () => path(seen), (p) => p === '/')
  await seen.close()
})
