/** Who may look, and who may do something. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { launch, Seen } from './browser'
import { Client } from './client'
import { Program } from './program'
import { stage } from './stage'

let browser: Browser
let program: Program
const token = 'a token for the tests of the page'

beforeAll(async () => {
  browser = await launch()
  program = await Program.start([`new=${stage().new}`, '--auth', '{folder}/auth', '--allow-actions', '--audit-log', '{folder}/audit.log'], { auth: token })
})
afterAll(async () => {
  await program.stop()
  await browser.close()
})

async function loggedIn(path: string, expected = /status of 401/): Promise<Seen> {
  const seen = await Seen.open(browser, program.url, path, { expected })
  await seen.page.getByLabel('Token').fill(token)
  await seen.page.getByRole('button', { name: 'Log in' }).click()
  await seen.page.getByRole('button', { name: 'Log out' }).waitFor()
  return seen
}

it('asks for the token, takes no other, and forgets who logs out', async () => {
  const seen = await Seen.open(browser, program.url, '/clients', { expected: /status of 401/ })
  await seen.page.getByLabel('Token').fill('not the token at all')
  await seen.page.getByRole('button', { name: 'Log in' }).click()
  await seen.page.getByRole('alert').getByText('Not logged in').waitFor()
  expect(await seen.barriers()).toEqual([])
  await seen.page.getByLabel('Token').fill(token)
  await seen.page.keyboard.press('Enter')
  await seen.row('shop').first().waitFor()
  await seen.page.reload()
  await seen.row('shop').first().waitFor()
  await seen.page.getByRole('button', { name: 'Log out' }).click()
  await seen.page.getByLabel('Token').waitFor()
  await seen.page.reload()
  await seen.page.getByLabel('Token').waitFor()
  await seen.close()
})

it('closes a connection after asking, and writes it down', async () => {
  const seen = await loggedIn('/clients?filter=victim')
  const victim = await Client.to(stage().new, 'victim')
  await seen.row(victim.addr).getByRole('button', { name: /Close the connection/ }).click()
  const dialog = seen.page.getByTestId('kill-dialog')
  await dialog.getByText(victim.addr).waitFor()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  expect(await victim.send('PING')).toBe('PONG')

  await seen.row(victim.addr).getByRole('button', { name: /Close the connection/ }).click()
  expect(await seen.barriers()).toEqual([])
  await dialog.getByRole('button', { name: 'Close it' }).click()
  await dialog.getByText('It is closed.').waitFor()
  await seen.until('it is closed', () => victim.open, (open) => !open)
  await dialog.getByRole('button', { name: 'Done' }).click()
  await seen.until('it is offline', () => seen.cell(victim.addr, 'State'), (s) => /^offline.*killed/.test(s))
  const log = await readFile(join(program.folder, 'audit.log'), 'utf8')
  expect(log.split('\n').filter((l) => l.includes('kill') && l.includes(victim.addr)).length).toBeGreaterThan(0)

  await seen.page.getByRole('link', { name: 'Audit log' }).click()
  await seen.row(victim.addr).waitFor()
  expect(await seen.row(victim.addr).count()).toBe(1)
  const what = ['Who', 'From', 'Action', 'Server', 'Outcome']
  expect(await Promise.all(what.map((title) => seen.cell(victim.addr, title)))).toEqual(['token', '127.0.0.1', 'kill', 'new', 'done'])
  await seen.row('refused').first().waitFor() // the logins of the test before
  expect(await seen.barriers()).toEqual([])
  await seen.close()
})

it('offers nothing that it may not do', async () => {
  const plain = await Program.start([`new=${stage().new}`])
  onTestFinished(() => plain.stop())
  const seen = await Seen.open(browser, plain.url, '/clients')
  await seen.row('shop').first().waitFor()
  expect(await seen.page.getByRole('link', { name: 'Audit log' }).count()).toBe(0)
  expect(await seen.page.getByRole('button', { name: /Close the connection/ }).count()).toBe(0)
  await seen.page.goto('/audit')
  await seen.page.getByText('Nothing was done yet').waitFor()
  await seen.close()
})

it('shows every command for as long as somebody asks', async () => {
  const seen = await loggedIn('/servers/new')
  await seen.page.getByRole('link', { name: 'Monitor' }).click()
  await seen.page.getByRole('spinbutton').fill('30')
  await seen.page.getByRole('button', { name: 'Start' }).click()
  const stop = seen.page.getByRole('button', { name: /^Stop/ })
  await stop.waitFor()
  await seen.row('shop').first().waitFor()
  await stop.click()
  await stop.waitFor({ state: 'detached' })
  expect(await seen.barriers()).toEqual([])
  await seen.close()
})

it('goes on after a restart, and asks again, saying why, where the program has forgotten', async () => {
  const seen = await loggedIn('/clients', /status of 401|ERR_CONNECTION|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_NETWORK_CHANGED/)
  const restarted = async () => {
    await program.end()
    await seen.page.getByTestId('lost').waitFor()
    await program.again()
  }
  // It listened on a port of the moment, for which nothing is kept.
  await restarted()
  await seen.page.getByText('Your session has ended: log in again.').waitFor({ timeout: 20_000 })
  expect(await seen.page.getByTestId('lost').count()).toBe(0)
  await seen.page.getByLabel('Token').fill(token)
  await seen.page.keyboard.press('Enter')
  await seen.row('shop').first().waitFor()
  // Now it has a port of its own, so it knows the browser again.
  await restarted()
  await seen.page.getByTestId('lost').waitFor({ state: 'detached' })
  await seen.row('shop').first().waitFor()
  expect(await seen.page.getByLabel('Token').count()).toBe(0)
  await seen.close()
})
