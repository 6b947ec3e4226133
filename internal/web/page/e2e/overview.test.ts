import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest'
import { launch, Seen } from './browser'
import { Client } from './client'
import { Program } from './program'
import { stage } from './stage'

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

it('shows what the servers themselves say, live', async () => {
  const seen = await Seen.open(browser, inject('site'), '/')
  const servers = { old: await Client.to(stage().old), new: await Client.to(stage().new) }
  for (const [name, server] of Object.entries(servers)) {
    const card = seen.page.getByTestId('card').and(seen.page.getByLabel(name, { exact: true }))
    const fact = async (title: string) => Number((await card.locator('dl div', { has: seen.page.getByText(title, { exact: true }) }).locator('dd').innerText()).replace(',', ''))
    // Ours on top: one for facts, one for PINGs, one for samples at times.
    await seen.until(`${name}'s clients`, async () => [await fact('clients'), await server.info('clients', 'connected_clients')],
      ([shown, real]) => shown! > 0 && real! - shown! >= 0 && real! - shown! <= 4)
    const counted = () => server.info('stats', 'total_commands_processed')
    const asked = async () => {
      const [from, at] = [await counted(), Date.now()]
      await new Promise((r) => setTimeout(r, 1000))
      return [Number(await card.locator('.rate b').innerText()), ((await counted()) - from) * 1000 / (Date.now() - at)]
    }
    // The server counts what redistop asks too.
    await seen.until(`${name}'s commands a second`, asked, ([shown, real]) => shown! > real! / 2 && shown! < real! * 2)
    await seen.until(`${name}'s version`, () => card.locator('.who').innerText(), (who) => /^(redis 7\.0|valkey 9)/.test(who))
    server.close()
  }
  const rate = seen.page.getByTestId('card').first().locator('.rate b')
  const before = await rate.innerText()
  await seen.until('the figure moves', () => rate.innerText(), (now) => now !== before)
  expect(await seen.page.title()).toMatch(/2 of 2 servers up/)
  await seen.close()
})

it('counts commands as the server does', async () => {
  const seen = await Seen.open(browser, inject('site'), '/servers/new/commands')
  const server = await Client.to(stage().new)
  const counted = async () => {
    const text = String(await server.send('INFO', 'commandstats'))
    return Number(/^cmdstat_get:calls=(\d+)/m.exec(text)?.[1])
  }
  await seen.row('get').first().waitFor()
  const before = await counted()
  const shown = await seen.until('the page has what was counted', async () => Number((await seen.cell('get', 'calls')).replaceAll(',', '')), (n) => n >= before)
  expect(shown).toBeLessThanOrEqual(await counted())
  server.close()
  await seen.close()
})

it('is sorted and filtered, and the address keeps it', async () => {
  const seen = await Seen.open(browser, inject('site'), '/?sort=named')
  const names = () => seen.page.getByTestId('card').locator('h2').allInnerTexts()
  await seen.until('both', names, (n) => n.join() === 'old,new')
  await seen.page.getByLabel('Filter').fill('valkey')
  await seen.until('one', names, (n) => n.join() === 'new')
  await seen.page.reload()
  await seen.until('one still', names, (n) => n.join() === 'new')
  expect(await seen.page.getByLabel('Filter').inputValue()).toBe('valkey')
  await seen.page.getByLabel('Filter').fill('')
  await seen.page.getByLabel('Order').selectOption('memory')
  expect(seen.param('sort')).toBe('memory')
  await seen.until('both', names, (n) => n.length === 2)
  await seen.close()
})

it('says that a server is down, and why, before all else', async () => {
  const program = await Program.start([`old=${stage().old}`, `doomed=${stage().doomed}`])
  onTestFinished(() => program.stop())
  const seen = await Seen.open(browser, program.url, '/')
  const icon = async () => (await seen.page.locator('link[rel=icon]').getAttribute('href'))!
  const card = seen.page.getByTestId('card').and(seen.page.getByLabel('doomed', { exact: true }))
  await seen.until('it is up', async () => Number(await card.locator('.rate b').innerText()), (n) => n >= 0)
  await seen.page.goto('/?sort=named')
  await seen.until('as named', () => seen.page.getByTestId('card').locator('h2').allInnerTexts(), (n) => n.join() === 'old,doomed')
  await seen.page.goto('/')
  const [tall] = await Promise.all([card.boundingBox(), card.getByText('commands/s').waitFor()])
  const server = await Client.to(stage().doomed)
  await server.send('SHUTDOWN', 'NOSAVE').catch(() => {}) // it closes the connection instead of an answer
  await seen.until('it is down', () => card.locator('.rate b').innerText(), (b) => b === 'down')
  expect(await card.locator('.message').innerText()).toMatch(/refused/)
  await card.getByText('commands/s').waitFor({ state: 'detached' })
  expect((await card.boundingBox())!.height, 'the others stay where they are').toBeLessThanOrEqual(tall!.height + 1)
  await seen.until('it comes first', () => seen.page.getByTestId('card').locator('h2').allInnerTexts(), (n) => n.join() === 'doomed,old')
  await seen.until('the title says it', () => seen.page.title(), (t) => /^\([1-9]\d*\) .*1 of 2/.test(t))
  await seen.until('the icon says it', icon, (href) => href === '/icon-critical.svg')
  expect((await fetch(new URL(await icon(), program.url))).headers.get('Content-Type')).toBe('image/svg+xml')
  await seen.page.getByRole('link', { name: /^Findings/ }).click()
  await seen.until('so do the findings', () => seen.page.getByTestId('away').innerText(), (t) => /down.*doomed.*refused/s.test(t))
  await seen.page.getByTestId('away').getByRole('link').click()
  await seen.until('its page says it', () => seen.page.locator('main .badge').innerText(), (b) => b === 'down')
  expect(await seen.page.title()).toMatch(/^\([1-9]\d*\) doomed/)
  await seen.close()
})

it('is dark or light, as the system or a person likes', async () => {
  const seen = await Seen.open(browser, inject('site'), '/')
  const ground = () => seen.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const toggle = seen.page.getByRole('button', { name: /^Theme/ })
  const dark = await ground()
  await seen.page.emulateMedia({ colorScheme: 'light' })
  const light = await ground()
  expect(light).not.toBe(dark)
  await toggle.click()
  expect(await ground()).toBe(dark)
  await seen.page.reload()
  await toggle.waitFor()
  expect(await ground()).toBe(dark)
  await toggle.click()
  await seen.page.emulateMedia({ colorScheme: 'dark' })
  expect(await ground()).toBe(light)
  await seen.close()
})
