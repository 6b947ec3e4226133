/** Applications at work on a server: what the pages that only show things have to show. */
import { Client } from './client'

/** A name as an attacker would choose it; CLIENT SETNAME takes no spaces. */
export const hostileName = '<img/src=x/onerror=alert(1)>'
/** The same for keys, which may hold anything: a colour for a terminal, and a mark that turns text around. */
export const hostileKey = '<img src=x onerror=alert(2)>\u001b[31m\u202e'

/** Traffic is the clients of one server, until it is ended. */
export class Traffic {
  readonly #clients: Client[] = []
  readonly #timers: NodeJS.Timeout[] = []

  static async on(addr: string): Promise<Traffic> {
    const t = new Traffic()
    await t.#fill(addr)
    await t.#shop(addr)
    await t.#orders(addr)
    await t.#reports(addr)
    return t
  }

  end(): void {
    for (const timer of this.#timers) clearInterval(timer)
    for (const c of this.#clients) c.close()
  }

  async #client(addr: string, name: string): Promise<Client> {
    const c = await Client.to(addr, name)
    this.#clients.push(c)
    return c
  }

  /** every does something at a steady pace; what fails because the end has come is nobody's concern. */
  #every(millis: number, what: () => Promise<unknown>[]): void {
    this.#timers.push(setInterval(() => void Promise.allSettled(what()), millis))
  }

  async #fill(addr: string): Promise<void> {
    const c = await this.#client(addr, 'setup')
    await c.send('EVAL', "for i = 1, ARGV[1] do redis.call('SET', 'session:' .. i, i) end", 0, 100_000)
    await c.send('CONFIG', 'SET', 'slowlog-log-slower-than', 1000)
    c.close()
  }

  /** An application that asks for what is there, and for what is not. */
  async #shop(addr: string): Promise<void> {
    const c = await this.#client(addr, 'shop')
    let i = 0
    this.#every(100, () => Array.from({ length: 20 }, () => c.send('GET', `session:${++i % 125_000}`)))
    await this.#client(addr, hostileName)
  }

  /** A stream that one consumer reads and another leaves lying; a queue; a channel. */
  async #orders(addr: string): Promise<void> {
    const maker = await this.#client(addr, 'orders')
    const keys = ['orders', hostileKey]
    for (const key of keys) await maker.send('XGROUP', 'CREATE', key, 'billing', '0', 'MKSTREAM')
    this.#every(250, () => [...keys.map((k) => maker.send('XADD', k, 'MAXLEN', '~', 1000, '*', 'total', 12)), maker.send('LPUSH', 'mails', 'one'), maker.send('PUBLISH', 'prices', 'up')])
    const consumer = await this.#client(addr, 'billing')
    this.#every(300, () => keys.map(async (k) => {
      const got = await consumer.send('XREADGROUP', 'GROUP', 'billing', 'first', 'COUNT', 5, 'STREAMS', k, '>')
      const entries = Array.isArray(got) ? ((got[0] as [string, [string, unknown][]])[1]) : []
      for (const [id] of entries.slice(1)) await consumer.send('XACK', k, 'billing', id)
    }))
    const mailer = await this.#client(addr, 'mailer')
    this.#every(400, () => [mailer.send('BRPOP', 'mails', 1)])
    await (await this.#client(addr, 'ticker')).send('SUBSCRIBE', 'prices')
  }

  /** Who looks through all keys again and again, and finds few. */
  async #reports(addr: string): Promise<void> {
    const c = await this.#client(addr, 'reports')
    const patterns = ['report:*', hostileKey + '*']
    let i = 0
    this.#every(500, () => [c.send('KEYS', patterns[++i % 2]!)])
  }
}
