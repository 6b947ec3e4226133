/** Clients as the page shows them, from sessions where the program remembers those, else from the connections of the moment. */
import type { ConnectionRow, Session } from '../api/types'
import { millis } from '../text/times'

/** One client, online or gone. Times are milliseconds since 1970. */
export interface ClientRow {
  key: string
  server: string
  id: number
  addr: string
  ip: string
  name: string
  user: string
  library: string
  db: number
  internal: boolean
  onlineSince: number | undefined
  lastInteraction: number | undefined
  /** When it was last seen online. */
  lastSeen: number | undefined
  /** When it was first missed: it went between lastSeen and this. */
  offlineAt: number | undefined
  /** Its server does not answer: when it was last known to be there. */
  unknownSince: number | undefined
  reason: string
  likely: boolean
  lastCommand: string
  commands: number | undefined
  rate: number | undefined
  /** The half-width of the interval of rate, where that is estimated. */
  error: number | undefined
  inputBytes: number | undefined
  outputBytes: number | undefined
}

export function ofConnection(server: string, c: ConnectionRow, seen: number): ClientRow {
  const at = millis(c.seen_at) ?? seen
  return {
    key: `${server} ${c.id}`, server, id: c.id, addr: c.addr, ip: withoutPort(c.addr), name: c.name ?? '', user: c.user ?? '', library: c.library ?? '', db: c.db,
    internal: c.own ?? false, onlineSince: at - c.age_seconds * 1000, lastInteraction: at - c.idle_seconds * 1000, lastSeen: at, offlineAt: undefined, unknownSince: undefined, reason: '', likely: false,
    lastCommand: c.last_command ?? '', commands: c.commands, rate: c.commands_per_second, error: c.estimated ? c.error : undefined,
    inputBytes: c.total_input_bytes, outputBytes: c.total_output_bytes,
  }
}

export function ofSession(s: Session): ClientRow {
  return {
    key: `${s.server} ${s.run_id ?? ''} ${s.id}`, server: s.server, id: s.id, addr: s.addr, ip: s.ip ?? '', name: s.name ?? '', user: s.user ?? '', library: s.library ?? '', db: s.db,
    internal: s.internal ?? false, onlineSince: millis(s.online_since), lastInteraction: millis(s.last_interaction), lastSeen: millis(s.last_seen), offlineAt: millis(s.offline_at), unknownSince: millis(s.unknown_since),
    reason: s.reason ?? '', likely: s.reason_likely ?? false, lastCommand: s.last_command ?? '', commands: s.commands,
    rate: s.commands_per_second, error: s.estimated ? s.error : undefined, inputBytes: s.input_bytes, outputBytes: s.output_bytes,
  }
}

/** It is connected, as far as its server tells at present. */
export const isOnline = (r: ClientRow): boolean => r.offlineAt === undefined && r.unknownSince === undefined

function withoutPort(addr: string): string {
  const at = addr.lastIndexOf(':')
  return at > 0 ? addr.slice(0, at).replace(/^\[|\]$/g, '') : addr
}

/** What an application is known by: its name, else its library, else where it comes from. */
export function appOf(r: ClientRow): string {
  return r.name || (r.library && `${r.library} from ${r.ip}`) || r.ip || r.addr || 'unix socket'
}

/** Everything of a row that a filter looks into. */
export const searched = (r: ClientRow): string => [r.server, r.id, r.addr, r.name, r.user, r.library, r.lastCommand, r.reason].join(' ')

/**
 * The clients that were asked for: all of them now and then, and in between those that came, spoke or went. The
 * order is that of the list.
 */
export class Roster {
  readonly #rows: Map<string, ClientRow>
  /** When what is known here was last told, in milliseconds since 1970. */
  #told: number

  constructor(rows: readonly ClientRow[], at: number) {
    this.#rows = new Map(rows.map((r) => [r.key, r]))
    this.#told = at
  }

  /** The time ago since which news are asked for at a moment, as the API takes it. Some seconds more, for who was told of late. */
  since(now: number): string {
    return `-${Math.ceil(Math.max(0, now - this.#told) / 1000) + beyondSeconds}s`
  }

  /** hear takes in news that were asked for at a moment. */
  hear(news: readonly ClientRow[], at: number): void {
    for (const r of news) this.#rows.set(r.key, r)
    this.#told = at
  }

  all(): ClientRow[] {
    return [...this.#rows.values()]
  }
}

const beyondSeconds = 10
