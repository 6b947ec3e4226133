/** The charts of a server: values at the crosshair, zoom, and what was before the program started anew. */
import type { Browser, Locator } from 'playwright-core'
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest'
import { launch, patience, Seen } from './browser'
import { Program } from './program'
import { stage } from './stage'

let browser: Browser
beforeAll(async () => {
  browser = await launch()
})
afterAll(() => browser.close())

const plot = (seen: Seen, id: string): Locator => seen.page.getByTestId(`chart-${id}`).getByRole('slider')
const at = (seen: Seen, id: string): Locator => seen.page.getByTestId(`chart-${id}`).locator('.at')

/** The middle of a chart's drawing, at a share of its width. */
async function place(chart: Locator, share: number): Promise<{ x: number; y: number }> {
  const box = (await chart.locator('.u-over').boundingBox())!
  return { x: box.x + box.width * share, y: box.y + box.height / 2 }
}

/** Whether anything but the grid is drawn: the colour of the first line is on the canvas. */
function drawn(chart: Locator): Promise<boolean> {
  return chart.evaluate((box) => {
    const canvas = box.querySelector('canvas')!
    const hex = getComputedStyle(box).getPropertyValue('--line-1').trim()
    const want = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16))
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3]! > 200 && want.every((c, k) => Math.abs(c - data[i + k]!) < 12)) return true
    }
    return false
  })
}

it('says the values at the crosshair, zooms, and comes back', async () => {
  const seen = await Seen.open(browser, inject('site'), '/servers/old')
  await seen.until('a line is drawn', () => drawn(plot(seen, 'commands')))

  // The latest samples are at the right edge of the quarter of an hour; it moves on, and the pointer follows.
  const pointed = async () => {
    const { x, y } = await place(plot(seen, 'commands'), 0.995)
    await seen.page.mouse.move(x, y)
    return [await at(seen, 'commands').innerText(), await at(seen, 'memory').innerText(), await seen.page.getByTestId('chart-memory').locator('.values b').first().innerText()]
  }
  await seen.until('the moment and its values are shown, of all charts', pointed,
    ([here, there, used]) => /\d\d:\d\d/.test(here!) && here === there && /MiB$/.test(used!))

  const from = await place(plot(seen, 'commands'), 0.5)
  const to = await place(plot(seen, 'commands'), 0.98)
  await seen.page.mouse.move(from.x, from.y)
  await seen.page.mouse.down()
  await seen.page.mouse.move(to.x, to.y, { steps: 5 })
  await seen.page.mouse.up()
  await seen.until('zoomed', () => Number(seen.param('to')) - Number(seen.param('from')), (s) => s > 300 && s < 600)
  const back = seen.page.getByRole('button', { name: 'Back to the whole' })
  await back.waitFor()
  await seen.page.goBack()
  await back.waitFor({ state: 'detached' })
  await seen.page.goForward()
  await back.waitFor()
  await seen.page.mouse.dblclick(from.x, from.y)
  await back.waitFor({ state: 'detached' })
  expect(seen.param('from')).toBeNull()
  await seen.close()
})

it('is read and left by the keyboard alone', async () => {
  const seen = await Seen.open(browser, inject('site'), '/servers/new?range=1h')
  await seen.until('a line is drawn', () => drawn(plot(seen, 'commands')))
  await plot(seen, 'commands').focus()
  const said = () => plot(seen, 'commands').getAttribute('aria-valuetext')
  await seen.page.keyboard.press('ArrowLeft')
  const later = await seen.until('a moment', said, (t) => /\d\d:\d\d.*commands\/s \d/.test(t ?? ''))
  await seen.page.keyboard.press('ArrowLeft')
  await seen.until('the one before', said, (t) => t !== later)
  expect(await at(seen, 'cpu').innerText()).toMatch(/\d\d:\d\d/)
  await seen.page.keyboard.press('Escape')
  await seen.until('nothing is pointed at', () => at(seen, 'commands').innerText(), (t) => t === '')
  await seen.close()
})

it('says in words and as a table what is drawn', async () => {
  const seen = await Seen.open(browser, inject('site'), '/servers/new')
  await seen.until('a line is drawn', () => drawn(plot(seen, 'memory')))
  const words = async () => {
    const id = await plot(seen, 'memory').getAttribute('aria-describedby')
    return (await seen.page.locator(`[id="${id}"]`).innerText()).trim()
  }
  expect(await words()).toMatch(/^Memory, \d\d:\d\d:\d\d to \d\d:\d\d:\d\d\. used: last [\d.]+ MiB, lowest [\d.]+ MiB, highest [\d.]+ MiB\. RSS: last /)
  await plot(seen, 'memory').focus()
  expect(await seen.page.locator('#words-memory').getAttribute('aria-live')).toBe('polite')
  expect(await seen.page.locator('#words-cpu').getAttribute('aria-live')).toBe('off')

  const toggle = seen.page.getByRole('button', { name: /table: Memory$/i })
  expect(await toggle.getAttribute('aria-expanded')).toBe('false')
  await toggle.focus()
  await seen.page.keyboard.press('Enter')
  const table = seen.page.getByRole('region', { name: 'Memory as a table' })
  expect((await table.locator('thead th').allInnerTexts()).slice(0, 3)).toEqual(['Time', 'used', 'RSS'])
  const latest = await seen.until('a row with values', () => table.locator('tbody tr').first().innerText(), (t) => /^\d\d:\d\d:\d\d\s+[\d.]+ MiB/.test(t))
  const head = await seen.page.getByTestId('chart-memory').locator('.values b').first().innerText()
  expect(Math.abs(parseFloat(latest.split(/\s+/)[1]!) - parseFloat(head)), `${latest} beside ${head}`).toBeLessThan(5)
  expect(await seen.barriers()).toEqual([])
  await toggle.click()
  await table.waitFor({ state: 'detached' })
  await seen.close()
})

it('never cuts the last label of the time axis', { timeout: 3 * patience }, async () => {
  const site = inject('site')
  const seen = await Seen.open(browser, site, '/servers/new')
  // A minute ends at the very edge of the drawing: one in which the server was watched already.
  const edge = await seen.until('a watched minute is over', async () => {
    const end = Math.floor(Date.now() / 60_000) * 60
    const kept = await (await fetch(`${site}/api/v1/servers/new/snapshots?from=${end - 20}&to=${end}&series=commands_per_second`)).json()
    return kept.series.commands_per_second?.mean.some((v: number | null) => v !== null) ? end : 0
  }, Boolean, 2 * patience + 30_000)
  await seen.page.goto(`/servers/new?from=${edge - 240}&to=${edge}`)
  await seen.until('a line is drawn', () => drawn(plot(seen, 'commands')))
  const ink = await plot(seen, 'commands').evaluate((box) => {
    const canvas = box.querySelector('canvas')!
    const over = box.querySelector('.u-over')!.getBoundingClientRect()
    const own = canvas.getBoundingClientRect()
    const scale = canvas.width / own.width
    const below = Math.ceil((over.bottom - own.top + 2) * scale)
    const { data, width, height } = canvas.getContext('2d')!.getImageData(0, below, canvas.width, canvas.height - below)
    const right = Math.floor((over.right - own.left) * scale)
    let [beyond, last] = [0, 0]
    for (let y = 0; y < height; y++) for (let x = right; x < width; x++) if (data[(y * width + x) * 4 + 3]! > 40) x === width - 1 ? last++ : beyond++
    return { beyond, last }
  })
  expect(ink.beyond, 'a label reaches beyond the drawing').toBeGreaterThan(0)
  expect(ink.last, 'and ends before the edge').toBe(0)
  await seen.close()
})

it('finds the program again, which still knows what was before', async () => {
  const program = await Program.start([`old=${stage().old}`])
  onTestFinished(() => program.stop())
  // What fails while it is away is what this is about.
  const seen = await Seen.open(browser, program.url, '/servers/old', { expected: /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_NETWORK_CHANGED/ })
  await seen.page.getByTestId('connection').getByText('live').waitFor()
  await seen.until('a line is drawn', () => drawn(plot(seen, 'commands')))
  const past = async () => {
    const answer = await fetch(program.url + '/api/v1/servers/old/snapshots?from=-1m&series=commands_per_second')
    return ((await answer.json()) as { series: Record<string, { mean: (number | null)[] }> }).series['commands_per_second']?.mean ?? []
  }
  await seen.until('there is something to remember', past, (values) => values.filter((v) => v !== null).length >= 3)
  const ended = Date.now() / 1000
  await program.end()
  await seen.page.getByTestId('lost').waitFor()
  expect(await seen.page.getByTestId('lost').innerText()).toMatch(/Connection lost, trying again/)
  const icon = () => seen.page.locator('link[rel=icon]').getAttribute('href')
  await seen.until('the tab says it', async () => `${await seen.page.title()} ${await icon()}`, (t) => /^\(not connected\).*icon-lost/.test(t))
  await seen.page.getByText('as of').waitFor()

  await program.again()
  await seen.page.getByTestId('lost').waitFor({ state: 'detached' })
  await seen.page.getByTestId('connection').getByText('live').waitFor()
  await seen.until('the tab says that too', async () => `${await seen.page.title()} ${await icon()}`, (t) => !/not connected|lost/.test(t))
  await seen.until('news comes', () => seen.page.getByText('as of').count(), (n) => n === 0)

  // Another page has nothing but what the program tells.
  await seen.page.goto(`/servers/old?from=${Math.floor(ended) - 60}&to=${Math.ceil(ended)}`)
  await seen.until('what was before is there', () => drawn(plot(seen, 'commands')))
  await seen.page.goto('/servers/old/changes')
  await seen.row('watching').nth(1).waitFor()
  await seen.close()
})
