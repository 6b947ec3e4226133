/** Marks on the time axis: what changed, and when something began to hurt. */
import type { Change, Finding } from '../api/types'
import { millis } from '../text/times'

export interface Mark {
  /** Unix seconds. */
  time: number
  tone: 'change' | 'info' | 'warning' | 'critical' | 'resolved'
  text: string
}

export function ofChanges(changes: Change[]): Mark[] {
  return changes
    .filter((c) => c.kind !== 'finding') // the findings themselves are marked, with what they say
    .flatMap((c) => at(c.time, 'change', changeText(c)))
    .sort((a, b) => a.time - b.time)
}

export function ofFindings(findings: Finding[]): Mark[] {
  return findings
    .flatMap((f) => [...at(f.first_seen, f.severity, f.title), ...at(f.resolved, 'resolved', 'gone: ' + f.title)])
    .sort((a, b) => a.time - b.time)
}

function at(time: string | null | undefined, tone: Mark['tone'], text: string): Mark[] {
  const t = millis(time)
  return t === undefined ? [] : [{ time: t / 1000, tone, text }]
}

/** A change in one line: "maxmemory: 64mb → 128mb". */
export function changeText(c: Change): string {
  const now = c.after || '–'
  return c.before ? `${c.what}: ${c.before} → ${now}` : `${c.what}: ${now}`
}
