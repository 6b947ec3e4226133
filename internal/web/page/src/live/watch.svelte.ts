/** What this page knows of the watched servers: the latest Observation of each, as the events bring them. */
import { SvelteMap } from 'svelte/reactivity'
import { aboutUnknown, ApiError, get, post, setCSRF, whenLoginIsNeeded } from '../api/client'
import type { About, LastObservation, LoginKind, Observation } from '../api/types'
import { Collected } from './collected'
import { Feed } from './feed'
import { ofObservation } from './figures'
import { isAway } from '../parts/states'
import { millis } from '../text/times'

/** About an hour of the usual interval of two seconds. */
const mostSamples = 1800

/** How long a page that nobody sees keeps its events: browsers allow six connections to a host over HTTP/1.1. */
const hiddenMillis = 60_000

type State = 'connecting' | 'live' | 'lost'

class Watch {
  about = $state.raw<About>(aboutUnknown)
  /** /about was answered, or does not exist. */
  ready = $state(false)
  state = $state<State>('connecting')
  /** Why nothing comes, and when it is tried again (ms since 1970). */
  retryAt = $state(0)
  needsLogin = $state(false)
  /** What a login takes; undefined where the program does not say. */
  loginKind = $state<LoginKind>()
  /** Milliseconds since 1970, once a second. */
  now = $state(Date.now())
  readonly servers = new SvelteMap<string, Observation>()
  /** Their names in the order in which they were given to the program; unlike servers it changes only with a new one. */
  names = $state.raw<string[]>([])
  readonly #collected = new Map<string, Collected>()
  readonly #feed: Feed
  #hidden: ReturnType<typeof setTimeout> | undefined

  constructor() {
    this.#feed = new Feed({
      onOpen: () => {
        // It may be another program by now, with other rights and another word against forgery.
        if (this.state === 'lost') void this.#ask()
        this.state = 'live'
      },
      onLost: (wait) => {
        this.state = 'lost'
        this.retryAt = Date.now() + wait
      },
      onEvent: (_, data) => this.#take(JSON.parse(data) as Observation),
    })
  }

  /** start begins to watch, and ends with the function that it returns. */
  start(): () => void {
    whenLoginIsNeeded((kind) => this.#askForLogin(kind))
    const clock = setInterval(() => (this.now = Date.now()), 1000)
    const seen = () => this.#whenSeen()
    document.addEventListener('visibilitychange', seen)
    void this.begin()
    return () => {
      clearInterval(clock)
      document.removeEventListener('visibilitychange', seen)
      this.#feed.stop()
    }
  }

  /** begin asks what the program is, then listens: at the start, and after a login. */
  async begin(): Promise<void> {
    if (!(await this.#ask())) return
    try {
      // Events come in the order in which servers were heard of; this is the order in which they were named.
      for (const o of (await get<LastObservation>('/last_observation')).servers) this.#take(o)
    } catch (err) {
      if (err instanceof ApiError && err.status === 401) return
    }
    this.needsLogin = false
    this.ready = true
    this.#feed.start()
  }

  /** How many things are critical: findings, and servers that do not answer. */
  get alarms(): number {
    return [...this.servers.values()].reduce((n, o) => n + o.findings.critical + (isAway(o.state) ? 1 : 0), 0)
  }

  /** A session is open, which can be ended. */
  get loggedIn(): boolean {
    return this.about.login !== 'none' && (this.about.csrf ?? '') !== ''
  }

  async logOut(): Promise<void> {
    await post('/logout', {}).catch(() => {})
    this.#askForLogin(this.about.login)
  }

  /** Asks what the program is; false where a login is needed first. */
  async #ask(): Promise<boolean> {
    try {
      this.about = { ...aboutUnknown, ...(await get<Partial<About>>('/about')) }
      setCSRF(this.about.csrf)
    } catch (err) {
      return !(err instanceof ApiError && err.status === 401)
    }
    return true
  }

  retryNow(): void {
    this.#feed.now()
  }

  /** What this browser has seen of a server. Read it when the server's Observation has changed. */
  collected(server: string): Collected {
    let c = this.#collected.get(server)
    if (!c) this.#collected.set(server, (c = new Collected(mostSamples)))
    return c
  }

  #askForLogin(kind: LoginKind | undefined): void {
    this.loginKind = kind
    this.needsLogin = true
    this.#feed.stop()
  }

  #take(o: Observation): void {
    if (!this.servers.has(o.server)) this.names = [...this.names, o.server]
    this.servers.set(o.server, o)
    const time = millis(o.time)
    if (time !== undefined) this.collected(o.server).add(time / 1000, ofObservation(o))
  }

  #whenSeen(): void {
    clearTimeout(this.#hidden)
    if (document.visibilityState === 'visible') {
      if (!this.#feed.open && !this.needsLogin && this.ready) this.#feed.now()
    } else if (this.about.history.state === 'on') {
      this.#hidden = setTimeout(() => this.#feed.stop(), hiddenMillis)
    }
  }
}

export const watch = new Watch()
