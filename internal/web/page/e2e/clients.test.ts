/** Who is there: a client that comes, speaks and goes, and the table and the timeline that say so. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { launch, Seen } from './browser'
import { Client } from './client'
import { Program } from './program'
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
  await seen.until('one was killed', () => seen.cell(killed.addr, 'State'), (s) => /^offline.*killed/.test(s))
  // By itself, and after the other: of two that end between two looks the server's counter of kills says not which.
  silent.close()
  await seen.until('one has gone, nobody knows why', () => seen.cell(silent.addr, 'State'), (s) => /^offline [^,]*$/.test(s))
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

it('asks with each look at the server who spoke, and for the whole list seldom', async () => {
  const speaker = await Client.to(stage().new, 'speaker')
  let said = 0
  const speaking = setInterval(() => void speaker.send('INCRBY', 'spoken', ++said).catch(() => {}), 20)
  const seen = await Seen.open(browser, inject('site'), '/clients?server=new&filter=speaker')
  await seen.row(speaker.addr).waitFor()
  const asked = { news: 0, all: 0 }
  const spoke: number[] = []
  seen.page.on('response', (r) => {
    if (!new URL(r.url()).pathname.endsWith('/sessions')) return
    if (!r.url().includes('moved=')) asked.all++
    else {
      asked.news++
      void r.json().then((l: { sessions: { addr: string; last_interaction: string }[] }) => {
        const one = l.sessions.find((s) => s.addr === speaker.addr)
        if (one) spoke.push(Date.parse(one.last_interaction))
      })
    }
  })
  await seen.until('there was news', () => asked.news, (n) => n >= 8)
  expect(asked.all, `${asked.news} times for news`).toBeLessThan(asked.news / 2)
  expect(spoke.at(-1)).toBeGreaterThan(spoke[0]!)
  await seen.until('it is shown as it was told', () => seen.cell(speaker.addr, 'Last interaction'), (s) => /^(now|[1-3]s ago)$/.test(s))
  await seen.until('how busy it is', async () => Number(await seen.cell(speaker.addr, 'commands/s')), (rate) => rate > 10)

  clearInterval(speaking)
  await seen.until('it does nothing', () => seen.cell(speaker.addr, 'commands/s'), (rate) => rate === '0')
  speaker.close()
  await seen.close()
})

it('shows the last columns whole in windows of every width, and those that matter at once', async () => {
  const program = await Program.start([`new=${stage().new}`, '--allow-actions', '--audit-log', '{folder}/audit.log'])
  const seen = await Seen.open(browser, program.url, '/clients?filter=a-client')
  const client = await Client.to(stage().new, 'a-client-whose-name-is-longer-than-it-should-be')
  await client.send('CLIENT', 'SETINFO', 'LIB-NAME', 'a-library(with-a-framework-4.5.6)')
  await client.send('CLIENT', 'SETINFO', 'LIB-VER', '12.34.56')
  await seen.row(client.addr).getByText('a-library').waitFor()
  for (const width of [390, 800, 1100, 1400, 1920]) {
    await seen.page.setViewportSize({ width, height: 900 })
    const edges = await seen.page.locator('main table').evaluate((table) => {
      const box = table.parentElement!
      const right = (e: Element | undefined) => e!.getBoundingClientRect().right
      const rate = right([...table.querySelectorAll('thead th')].find((h) => h.textContent!.includes('commands/s')))
      const covered = table.querySelector('tbody .pinned')!.getBoundingClientRect().left
      box.scrollLeft = box.scrollWidth
      const [before, close] = [...table.querySelectorAll('tbody tr:first-child > *')].slice(-2)
      const last = { before: right(before), from: close!.getBoundingClientRect().left, to: right(close) }
      box.scrollLeft = 0
      return { rate, covered, last, box: right(box), page: document.documentElement.scrollWidth }
    })
    if (width === 390) { // who it is stands whole at the left: its name, and under it its address
      const who = seen.page.locator('tbody th').first()
      expect(await who.locator('small').innerText()).toContain(client.addr)
      expect(await who.locator('small').evaluate((e) => e.scrollWidth - e.clientWidth)).toBe(0)
      expect((await who.boundingBox())!.x).toBeLessThan(60)
    }
    if (width >= 1100) expect(edges.rate, `at ${width}`).toBeLessThanOrEqual(edges.covered)
    expect(edges.last.before, `at ${width}`).toBeLessThanOrEqual(edges.last.from + 1)
    expect(edges.last.to, `at ${width}`).toBeLessThanOrEqual(edges.box + 1)
    expect(edges.page).toBeLessThanOrEqual(width)
  }
  client.close()
  await seen.close()
  await program.stop()
})

it('lists more than one answer holds, page by page', async () => {
  const there = await Promise.all(Array.from({ length: 25 }, (_, i) => Client.to(stage().new, `crowd-${i}`)))
  const seen = await Seen.open(browser, inject('site'), '/clients?server=new&filter=crowd')
  await seen.until('all of them', () => seen.page.locator('tbody tr').count(), (n) => n === 25)
  expect(await seen.page.getByTestId('more').count()).toBe(0)

  // As if an answer held ten.
  await seen.page.route('**/sessions?*', (route) => route.continue({ url: route.request().url().replace('limit=10000', 'limit=10') }))
  await seen.page.reload()
  const more = seen.page.getByTestId('more')
  await seen.until('the first ten', () => more.innerText(), (t) => t.startsWith('10 of 25 are listed, those that spoke last'))
  await more.getByRole('button', { name: 'List more' }).click()
  await seen.until('twenty', () => more.innerText(), (t) => t.startsWith('20 of 25'))
  await seen.until('rows', () => seen.page.locator('tbody tr').count(), (n) => n >= 20)
  await more.getByRole('button', { name: 'List more' }).click()
  await more.waitFor({ state: 'detached' })
  const names = await seen.page.locator('tbody tr td:nth-child(3)').allInnerTexts()
  expect(new Set(names).size, names.join()).toBe(25)
  // Another question begins anew.
  await seen.page.getByLabel('Filter').fill('crowd-')
  await seen.until('the first ten again', () => more.innerText(), (t) => t.startsWith('10 of 25'))
  for (const c of there) c.close()
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
  for (const path of ['/clients?', '/clients?as=apps&', '/activity?', '/servers/old/clients?', '/servers/new/clients?']) {
    await seen.page.goto(path + 'filter=onerror')
    await seen.row(hostileName).first().waitFor()
    expect(await seen.page.locator('main img').count()).toBe(0)
  }
  await seen.close()
})
