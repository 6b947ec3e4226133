import type { Observation } from '../api/types'
import { ago, duration } from '../text/numbers'
import { millis } from '../text/times'

/** Whether a server in this state does not answer. */
export const isAway = (state: Observation['state']): boolean => state === 'down' || state === 'denied' || state === 'stalled'

/** How a server's card looks: the worst of its state and its findings. */
export function tone(o: Observation): 'good' | 'warning' | 'critical' | 'new' {
  if (o.state === 'connecting') return 'new'
  if (isAway(o.state) || o.findings.critical > 0) return 'critical'
  if (o.state !== 'up' || o.findings.warning > 0) return 'warning'
  return 'good'
}

/** The class of a state's badge. */
export function needsWords(state: string): string {
  return state === 'up' ? 'good' : state === 'connecting' ? 'dim' : state === 'loading' || state === 'busy' ? 'warning' : 'critical'
}

/** A server that keeps one waiting for less than this long keeps its place. */
const patienceMillis = 5000

/**
 * How urgent a server is: the colour of its card, and above all others those that do not answer. No finer, and one that is
 * late by a moment does not count, so that cards stay where they are looked for.
 */
export function rank(o: Observation, now: number): number {
  const answers: Observation = { ...o, state: 'up' }
  if (isAway(o.state)) return now - (millis(o.since) ?? 0) > patienceMillis ? 4 : rank(answers, now)
  return { good: 0, new: 1, warning: 2, critical: 3 }[tone(o)]
}

/** After this many seconds without news of a server what is shown of it counts as old. */
const oldAfter = 30

/** How old the facts of a server are, in words; undefined while they are news. lost: nothing comes from the program. */
export function ageOf(o: Observation, now: number, lost: boolean): string | undefined {
  const age = (now - (millis(o.time) ?? now)) / 1000
  if (lost || age > oldAfter) return `as of ${ago(age)}`
  if (!o.stale) return undefined
  const since = millis(o.since)
  return since === undefined ? o.state : `${o.state} for ${duration((now - since) / 1000)}`
}
