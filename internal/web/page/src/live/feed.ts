/**
 * A feed of server-sent events that comes back by itself. The browser's own retry gives up at the first answer
 * that is not one (a proxy's 502, a 401), so the waiting is done here.
 */
import { address, get, type Query } from '../api/client'

export interface Listener {
  onEvent(name: string, data: string): void
  onOpen(): void
  /** Nothing comes; the next attempt is due in so many milliseconds. */
  onLost(retryMillis: number): void
}

const firstWait = 1000
const longestWait = 30_000

/** waitBefore is how long to wait before an attempt, the first being 0; random in part, so that many pages do not come at once. */
export function waitBefore(attempt: number, random: number): number {
  return Math.min(longestWait, firstWait * 2 ** Math.min(attempt, 10)) * (0.75 + random / 2)
}

export class Feed {
  #source: EventSource | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #attempt = 0
  #lastHeard = 0

  constructor(
    readonly listener: Listener,
    readonly query: Query = {},
    /** After this time without any event the connection counts as dead. */
    readonly silenceMillis = 60_000,
  ) {}

  start(): void {
    this.stop()
    this.#open()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#source?.close()
    this.#source = undefined
  }

  /** now tries at once instead of waiting. */
  now(): void {
    this.#attempt = 0
    this.start()
  }

  get open(): boolean {
    return this.#source !== undefined
  }

  #open(): void {
    const source = new EventSource(address('/events', this.query))
    this.#source = source
    this.#lastHeard = Date.now()
    source.onopen = () => {
      this.#attempt = 0
      this.listener.onOpen()
      this.#watchSilence(source)
    }
    source.onerror = () => this.#lose(source)
    source.addEventListener('observation', (event: MessageEvent<string>) => {
      this.#lastHeard = Date.now()
      this.listener.onEvent('observation', event.data)
    })
  }

  #watchSilence(source: EventSource): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (source !== this.#source) return
      if (Date.now() - this.#lastHeard > this.silenceMillis) this.#lose(source)
      else this.#watchSilence(source)
    }, this.silenceMillis / 4)
  }

  #lose(source: EventSource): void {
    if (source !== this.#source) return
    this.stop()
    const wait = waitBefore(this.#attempt++, Math.random())
    this.listener.onLost(wait)
    this.#timer = setTimeout(() => this.#open(), wait)
    // An EventSource does not tell a refusal from a broken line: a request that shows the difference asks for a login where one is due.
    get('/servers').catch(() => {})
  }
}
