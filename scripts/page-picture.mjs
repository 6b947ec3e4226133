// Drives the traffic of a small shop at a server of its own, and takes pictures of the page of redistop web that
// watches it. scripts/page-pictures starts both and says where they are.
//
//   node page-picture.mjs HOST:PORT http://HOST:PORT SECONDS FOLDER CHROMIUM
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const [server, site, seconds, folder, executablePath] = process.argv.slice(2)
const [host, port] = server.split(':')
const any = (n) => Math.floor(Math.random() * n)
const sockets = new Set()

/** A connection that sends and does not care for replies. */
function client(name) {
  const socket = connect(Number(port), host)
  socket.on('data', () => {}).on('error', () => {}).on('close', () => sockets.delete(socket))
  sockets.add(socket)
  const send = (...words) => socket.write(`*${words.length}\r\n` + words.map((w) => `$${Buffer.byteLength(String(w))}\r\n${w}\r\n`).join(''))
  send('CLIENT', 'SETNAME', name)
  return { send, end: () => socket.destroy() }
}

const began = Date.now()
/** Business goes up and down, in waves of a minute and a half, from 0.3 to 1. */
const business = () => 0.65 + 0.35 * Math.sin((Date.now() - began) / 14_000)

/** Clients of one application, each of which does something so many times a second when business is best. */
function application(name, clients, rate, what) {
  for (let i = 0; i < clients; i++) {
    const c = client(name)
    setInterval(() => {
      for (let n = rate * 0.05 * business() + Math.random(); n >= 1; n--) c.send(...what())
    }, 50)
  }
}

application('web', 8, 180, () => [['GET', `page:${any(9000)}`], ['SET', `page:${any(9000)}`, 'x'.repeat(600 + any(2000)), 'EX', 60 + any(120)], ['HGETALL', `user:${any(3000)}`], ['GET', `page:${any(20_000)}`]][any(4)])
application('cart', 4, 90, () => [['HSET', `cart:${any(2000)}`, `sku${any(20)}`, any(9)], ['HGET', `cart:${any(2000)}`, 'sku1'], ['EXPIRE', `cart:${any(2000)}`, 600]][any(3)])
application('search', 2, 60, () => [['ZADD', 'popular', any(1000), `item${any(3000)}`], ['ZREVRANGE', 'popular', 0, 20]][any(2)])
application('mailer', 2, 25, () => [['LPUSH', 'queue:mail', `mail ${any(1e6)}`], ['RPOP', 'queue:mail']][any(2)])
const orders = client('orders')
setInterval(() => orders.send('XADD', 'orders', 'MAXLEN', '~', 5000, '*', 'total', any(500)), 120)

// Now and then somebody looks for keys in the way that holds everybody up, and many come at once.
const admin = client('admin-panel')
setInterval(() => admin.send('KEYS', 'user:*'), 23_000)
setInterval(() => {
  const crowd = Array.from({ length: 25 }, () => client('import'))
  for (const c of crowd) c.send('SET', `import:${any(500)}`, 'x'.repeat(4000), 'EX', 30)
  setTimeout(() => crowd.forEach((c) => c.end()), 15_000)
}, 55_000)
setTimeout(() => admin.send('CONFIG', 'SET', 'maxmemory', '24mb'), seconds * 550)

await sleep(seconds * 1000)
const end = Date.now() / 1000 // the browser takes time from the traffic while it starts
const { chromium } = createRequire(new URL('../internal/web/page/package.json', import.meta.url))('playwright-core')
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
for (const colorScheme of ['dark', 'light']) {
  const page = await browser.newPage({ viewport: { width: 1240, height: 860 }, colorScheme })
  await page.goto(`${site}/servers/shop?from=${(end - seconds + 5).toFixed(0)}&to=${end.toFixed(0)}`)
  await page.locator('[data-testid=chart-commands] canvas').waitFor()
  await sleep(1500) // until the answers for all charts are drawn
  await page.screenshot({ path: join(folder, `web-${colorScheme}.png`) })
}
await browser.close()
for (const s of sockets) s.destroy()
process.exit(0)
