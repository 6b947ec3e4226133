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
    internal: c.own ?? false, onlineSince: at - c.age_seconds * 1000, lastInteraction: at - c.idle_seconds * 1000, lastSeen: at, offlineAt: undefined, reason: '', likely: false,
    lastCommand: c.last_command ?? '', commands: c.commands, rate: c.commands_per_second, error: c.estimated ? c.error : undefined,
    inputBytes: c.total_input_bytes, outputBytes: c.total_output_bytes,
  }
}

export function ofSession(s: Session): ClientRow {
  return {
    key: `${s.server} ${s.run_id ?? ''} ${s.id}`, server: s.server, id: s.id, addr: s.addr, ip: s.ip ?? '', name: s.name ?? '', user: s.user ?? '', library: s.library ?? '', db: s.db,
    internal: s.internal ?? false, onlineSince: millis(s.online_since), lastInteraction: millis(s.last_interaction), lastSeen: millis(s.last_seen), offlineAt: millis(s.offline_at),
    reason: s.reason ?? '', likely: s.reason_likely ?? false, lastCommand: s.last_command ?? '', commands: s.commands,
    rate: undefined, error: undefined, inputBytes: s.input_bytes, outputBytes: s.output_bytes,
  }
}

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

interface Look {
  commands: number
  at: number
  rate: number | undefined
}

/**
 * Rates of those that only count their commands: between two looks at the same client. It belongs to one view.
 */
export class Rates {
  #before = new Map<string, Look>()

  /** of completes rows that were seen at a moment, in milliseconds. */
  of(rows: ClientRow[], at: number): ClientRow[] {
    const now = new Map<string, Look>()
    const known = rows.map((r) => {
      if (r.rate !== undefined || r.commands === undefined || r.offlineAt !== undefined) return r
      const last = this.#before.get(r.key)
      const elapsed = last ? (at - last.at) / 1000 : 0
      const rate = last && elapsed >= 1 ? Math.max(0, (r.commands - last.commands) / elapsed) : last?.rate
      now.set(r.key, last && elapsed < 1 ? last : { commands: r.commands, at, rate })
      return { ...r, rate }
    })
    this.#before = now
    return known
  }
}
