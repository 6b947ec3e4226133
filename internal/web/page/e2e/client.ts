/**
 * A connection to a server that does what a test says and nothing more: it sends no CLIENT SETINFO, does not come
 * back, and can have any name.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export type Reply = string | number | null | Reply[]

/** What a reply's bytes say, and where the next one begins; undefined where they are not all there. */
function parsed(b: Buffer, at: number): [value: Reply | Error, next: number] | undefined {
  const end = b.indexOf('\r\n', at)
  if (end < 0) return undefined
  const text = b.toString('utf8', at + 1, end)
  const next = end + 2
  switch (b.toString('latin1', at, at + 1)) {
    case '+': return [text, next]
    case '-': return [new Error(text), next]
    case ':': return [Number(text), next]
    case '$': {
      const length = Number(text)
      if (length < 0) return [null, next]
      return b.length < next + length + 2 ? undefined : [b.toString('utf8', next, next + length), next + length + 2]
    }
    case '*': {
      const values: Reply[] = []
      let place = next
      for (let i = 0; i < Number(text); i++) {
        const part = parsed(b, place)
        if (!part) return undefined
        if (part[0] instanceof Error) return [part[0], part[1]]
        values.push(part[0])
        place = part[1]
      }
      return [values, place]
    }
    default: throw new Error('unknown reply: ' + b.toString('latin1', at, end))
  }
}

export class Client {
  readonly #socket: Socket
  readonly #waiting: { resolve: (r: Reply) => void; reject: (e: Error) => void }[] = []
  #read = Buffer.alloc(0)

  /** The address that the server knows it by. */
  readonly addr: string

  private constructor(socket: Socket) {
    this.#socket = socket
    this.addr = `${socket.localAddress}:${socket.localPort}`
    socket.on('data', (data) => this.#take(data))
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => {
      for (const w of this.#waiting.splice(0)) w.reject(new Error('the connection is closed'))
    })
  }

  static async to(addr: string, name = ''): Promise<Client> {
    const [host, port] = addr.split(':')
    const socket = connect(Number(port), host)
    await once(socket, 'connect')
    const client = new Client(socket)
    if (name) await client.send('CLIENT', 'SETNAME', name)
    return client
  }

  get open(): boolean {
    return !this.#socket.destroyed
  }

  send(...args: (string | number)[]): Promise<Reply> {
    const words = args.map((a) => Buffer.from(String(a)))
    return new Promise((resolve, reject) => {
      if (!this.open) return reject(new Error('the connection is closed'))
      this.#waiting.push({ resolve, reject })
      this.#socket.write(Buffer.concat([
        Buffer.from(`*${words.length}\r\n`), ...words.flatMap((w) => [Buffer.from(`$${w.length}\r\n`), w, Buffer.from('\r\n')]),
      ]))
    })
  }

  /** A number that INFO says: info('memory', 'used_memory'). */
  async info(section: string, field: string): Promise<number> {
    const text = String(await this.send('INFO', section))
    const line = text.split('\r\n').find((l) => l.startsWith(field + ':'))
    if (!line) throw new Error(`INFO ${section} has no ${field}`)
    return Number(line.slice(field.length + 1))
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(data: Buffer): void {
    this.#read = Buffer.concat([this.#read, data])
    let at = 0
    for (let found = parsed(this.#read, at); found; found = parsed(this.#read, at)) {
      const [value, next] = found
      at = next
      const w = this.#waiting.shift()
      if (value instanceof Error) w?.reject(value)
      else w?.resolve(value)
    }
    this.#read = this.#read.subarray(at)
  }
}
