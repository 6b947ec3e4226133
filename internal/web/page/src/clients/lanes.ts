/** Who was there when: the sessions of an application as the number of its connections over time. */
import type { Range } from '../charts/data'
import { appOf, type ClientRow } from './rows'

export interface Lane {
  key: string
  server: string
  label: string
  /** The number of connections from a moment (Unix seconds) on, rising times, the first at the range's start. */
  steps: { time: number; online: number }[]
  most: number
  now: number
  /** Ends within the range, latest last. */
  ends: { time: number; reason: string }[]
}

/** lanes puts rows together, by application or each by itself, the latest active first. */
export function lanes(rows: readonly ClientRow[], by: 'app' | 'client', range: Range): Lane[] {
  const groups = new Map<string, ClientRow[]>()
  for (const r of rows) {
    const key = by === 'app' ? `${r.server} ${appOf(r)}` : r.key
    const group = groups.get(key)
    if (group) group.push(r)
    else groups.set(key, [r])
  }
  const all = [...groups].map(([key, group]) => lane(key, group, by, range))
  return all.sort((a, b) => b.now - a.now || lastEnd(b) - lastEnd(a))
}

const lastEnd = (l: Lane): number => l.ends.at(-1)?.time ?? 0

function lane(key: string, rows: ClientRow[], by: 'app' | 'client', range: Range): Lane {
  const first = rows[0]
  const changes: { time: number; by: number }[] = []
  const ends: Lane['ends'] = []
  for (const r of rows) {
    const from = (r.onlineSince ?? range.from * 1000) / 1000
    const last = r.offlineAt === undefined ? r.unknownSince : (r.lastSeen ?? r.offlineAt) // after that nobody knows
    const to = last === undefined ? undefined : last / 1000
    if (from > range.to || (to !== undefined && to < range.from)) continue
    changes.push({ time: Math.max(from, range.from), by: 1 })
    if (to === undefined || to > range.to) continue
    changes.push({ time: to, by: -1 })
    if (r.offlineAt !== undefined) ends.push({ time: to, reason: r.reason })
  }
  changes.sort((a, b) => a.time - b.time || b.by - a.by)
  let online = 0
  let most = 0
  const steps = [{ time: range.from, online: 0 }]
  for (const c of changes) {
    online += c.by
    most = Math.max(most, online)
    const last = steps.at(-1)
    if (last && last.time === c.time) last.online = online
    else steps.push({ time: c.time, online })
  }
  const label = first ? (by === 'app' ? appOf(first) : `${appOf(first)} ${first.addr}`) : ''
  return { key, server: first?.server ?? '', label, steps, most, now: online, ends: ends.sort((a, b) => a.time - b.time) }
}

/** outline draws a lane's steps as an SVG path into a box. */
export function outline(l: Lane, range: Range, width: number, height: number): string {
  if (l.most === 0) return ''
  const x = (t: number) => (((t - range.from) / (range.to - range.from)) * width).toFixed(1)
  const y = (n: number) => (height - (n / l.most) * (height - 2)).toFixed(1)
  const path = l.steps.map((s) => `H${x(s.time)}V${y(s.online)}`).join('')
  return `M0 ${height}${path}H${width}V${height}Z`
}
