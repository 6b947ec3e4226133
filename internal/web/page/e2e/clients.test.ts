/** Who is there: a client that comes, speaks and goes, and the table and the timeline that say so. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { launch, Seen } from './browser'
import { Client } from './client'
import { stage } from './stage'
import { hostileName } from './traffic'

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

it.each(['old', 'new'] as const)('sees a client of %s come, speak and go', async (server) => {
  const seen = await Seen.open(browser, inject('site'), `/clients?filter=visitor-${server}`)
  await seen.page.getByText('No client matches').waitFor()

  const silent = await Client.to(stage()[server], `visitor-${server}-silent`)
  const killed = await Client.to(stage()[server], `visitor-${server}-killed`)
  await seen.row(silent.addr).waitFor()
  expect(await seen.cell(silent.addr, 'Name')).toBe(`visitor-${server}-silent`)
  expect(await seen.cell(silent.addr, 'Server')).toBe(server)
  expect(await seen.cell(silent.addr, 'State')).toBe('online')
  expect(await seen.cell(silent.addr, 'User')).toBe('default')

  // How long ago it was is shown; the moment is in the title.
  const interaction = async () => Date.parse((await seen.cellTitle(silent.addr, 'Last interaction')).replaceAll('\u202f', ' '))
  await seen.until('it is silent', () => seen.cell(silent.addr, 'Last interaction'), (s) => /^([2-9]|\d\d)s ago$/.test(s))
  const before = await interaction()
  await silent.send('GET', 'nothing')
  await seen.until('it has spoken', interaction, (at) => at > before + 1000)
  await seen.until('what it said', () => seen.cell(silent.addr, 'Last command'), (c) => c === 'get')

  const admin = await Client.to(stage()[server])
  await admin.send('CLIENT', 'KILL', 'ADDR', killed.addr)
  await seen.until('one was killed', () => seen.cell(killed.addr, 'State'), (s) => /^gone.*killed/.test(s))
  // By itself, and after the other: of two that end between two looks the server's counter of kills says not which.
  silent.close()
  await seen.until('one has gone, nobody knows why', () => seen.cell(silent.addr, 'State'), (s) => /^gone [^,]*$/.test(s))
  expect(await seen.row(silent.addr).getAttribute('class')).toContain('faded')

  await seen.page.getByRole('button', { name: 'of clients' }).click()
  const lane = seen.page.getByRole('row', { name: new RegExp(`visitor-${server}-killed`) })
  await lane.getByText('killed').last().waitFor()
  expect(await lane.getByRole('img').getAttribute('aria-label')).toBe('0 online now, at most 1, 1 went')
  const { d, bad } = await lane.locator('svg').evaluate((svg) => ({ d: svg.querySelector('path')!.getAttribute('d'), bad: svg.querySelectorAll('line.bad').length }))
  expect(d).toMatch(/\d/)
  expect(bad).toBe(1)
  admin.close()
  await seen.close()
})

it('sorts by a click and by the keyboard, and the address keeps order and filter', async () => {
  const seen = await Seen.open(browser, inject('site'), '/clients?server=old&state=online')
  await seen.row('shop').first().waitFor()
  const addresses = () => seen.page.locator('tbody th').allInnerTexts()
  const names = async () => (await seen.page.locator('tbody tr td:nth-child(3)').allInnerTexts()).filter((n) => !/^visitor|^–$/.test(n))
  const sorted = (falling: boolean) => (shown: string[]) => {
    const right = [...shown].sort((a, b) => a.localeCompare(b))
    return shown.length > 3 && shown.join() === (falling ? right.reverse() : right).join()
  }
  const title = seen.page.getByRole('button', { name: /^Name/ })
  await title.click()
  expect(seen.param('sort')).toBe('name')
  await seen.until('by name', names, sorted(false))
  expect(await seen.page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending')

  // From the field of the filter by Tab alone to the title of a column.
  await seen.page.getByLabel('Filter').focus()
  for (let i = 0; i < 30 && !(await title.evaluate((b) => b === document.activeElement)); i++) await seen.page.keyboard.press('Tab')
  await seen.page.keyboard.press('Enter')
  expect(seen.param('sort')).toBe('-name')
  await seen.until('by name, falling', names, sorted(true))

  await seen.page.getByLabel('Filter').fill('shop')
  await seen.until('in the address', () => seen.param('filter'), (f) => f === 'shop')
  await seen.until('one is left', addresses, (a) => a.length === 1)
  await seen.page.reload()
  await seen.until('one is left', addresses, (a) => a.length === 1)
  expect(await seen.page.getByLabel('Filter').inputValue()).toBe('shop')
  expect(seen.param('sort')).toBe('-name')
  await seen.page.goBack()
  await seen.until('the order before', () => seen.param('sort'), (s) => s === 'name')
  await seen.close()
})

it('shows a hostile name as what it is: text', async () => {
  const seen = await Seen.open(browser, inject('site'), '/clients')
  for (const path of ['/clients', '/clients?as=apps', '/activity', '/servers/old/clients', '/servers/new/clients']) {
    await seen.page.goto(path)
    await seen.row(hostileName).first().waitFor()
    expect(await seen.page.locator('main img').count()).toBe(0)
  }
  await seen.close()
})
