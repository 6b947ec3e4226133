/** The views that say what goes on: findings, applications, messages, uses. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { launch, Seen } from './browser'
import { hostileKey, hostileName } from './traffic'

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

/** How hostileKey is shown. */
const shownKey = hostileKey.replace('\u001b', '\\x1b').replace('\u202e', '\\u202e')

it('names who calls KEYS', async () => {
  const seen = await Seen.open(browser, inject('site'), '/findings')
  const finding = seen.page.getByTestId('finding').filter({ has: seen.page.locator('.title', { hasText: /KEYS.*blocks/ }) }).first()
  await finding.locator('summary').click()
  await finding.getByText('name reports').first().waitFor()
  expect(await finding.getByText('What to do').count()).toBe(1)
  expect(await finding.getByText('rule blocking-command').count()).toBe(1)
  await seen.page.getByLabel('Filter').fill('blocking-command')
  await seen.until('the others are left out', () => seen.page.getByTestId('finding').locator('.title').allInnerTexts(), (t) => t.length > 0 && t.every((x) => x.includes('block')))
  await finding.getByRole('link', { name: /all findings of/ }).click()
  await seen.page.getByRole('heading', { level: 1 }).getByText(/old|new/).waitFor()
  await seen.close()
})

it('lists applications by name, with the hours in which they spoke', async () => {
  const seen = await Seen.open(browser, inject('site'), '/activity?server=new')
  for (const name of ['shop', 'orders', 'billing', 'mailer', 'reports', hostileName]) await seen.row(name).first().waitFor()
  // Where the hour has just turned it may have spoken in the last one too.
  await seen.until('this hour is marked', () => seen.row('shop').getByRole('img').locator('rect').last().getAttribute('class'), (c) => (c ?? '').includes('yes'))
  expect(await seen.cell('shop', 'State')).toBe('spoke within the hour')
  expect(await seen.cell('shop', 'online')).toBe('1')
  await seen.page.getByRole('button', { name: 'Address' }).click()
  await seen.row('127.0.0.1').waitFor()
  expect(seen.param('by')).toBe('ip')
  await seen.close()
})

it('shows streams with their groups, queues and channels', async () => {
  const seen = await Seen.open(browser, inject('site'), '/servers/new/messaging')
  await seen.row('orders').first().waitFor()
  await seen.row(shownKey).first().waitFor()
  const group = seen.page.locator('section.group', { hasText: 'billing reads orders' })
  const fact = async (title: string) => Number((await group.locator('dl div', { hasText: title }).first().locator('dd').innerText()).replace(',', ''))
  await seen.until('entries wait for an answer', () => fact('pending'), (n) => n > 0)
  await group.getByRole('row', { name: /first/ }).waitFor()
  await seen.row('mails').first().waitFor()
  await seen.row('prices').first().waitFor()
  expect(await seen.page.locator('main img').count()).toBe(0)
  await seen.close()
})

it('says what a server is used for', async () => {
  const seen = await Seen.open(browser, inject('site'), '/servers/old')
  await seen.page.getByRole('link', { name: 'Used for' }).click()
  await seen.page.locator('section', { hasText: 'session:*' }).first().waitFor()
  await seen.close()
})

it('shows slow commands and keys without what they would do to a reader', async () => {
  const seen = await Seen.open(browser, inject('site'), '/servers/old/slow')
  await seen.row('KEYS').first().waitFor()
  expect(await seen.cell('KEYS', 'Client')).toBe('reports')
  await seen.page.goto('/servers/new/keys')
  await seen.row(shownKey).first().waitFor()
  expect(await seen.page.locator('main img').count()).toBe(0)
  expect(await seen.page.locator('main').innerText()).not.toMatch(/[\u001b\u202e]/)
  await seen.close()
})
