/** What the charts draw: the program's history and what has come live since, as one set of columns over time. */
import type { Band, Past } from '../api/types'
import type { Collected, Column } from '../live/collected'
import { callsOf, usecOf } from './list'

export interface Range {
  /** Unix seconds. */
  from: number
  to: number
}

/** Lines by the names of their series, over common times. low and high are absent where they would be the line itself. */
export interface Lines {
  times: number[]
  mean: Record<string, Column>
  low: Record<string, Column>
  high: Record<string, Column>
}

export const nothing: Lines = { times: [], mean: {}, low: {}, high: {} }

/** A step of the history that is so long that single live samples do not belong beside it. */
const coarse = 15

/** joined is the history with what has come since, or what has come alone. */
export function joined(past: Past | undefined, live: Collected, range: Range): Lines {
  const fine = past === undefined || past.times.length === 0 || past.step_seconds < coarse
  const known = past?.times.at(-1) ?? -Infinity
  const begin = Math.max(known, range.from)
  const skip = live.times.findIndex((t) => t > begin)
  const tail = fine && skip >= 0 ? live.times.slice(skip) : []
  const lines: Lines = { times: [...(past?.times ?? []), ...tail], mean: {}, low: {}, high: {} }
  const kept = allSeries(past)
  for (const name of new Set([...Object.keys(kept), ...Object.keys(live.columns)])) {
    const band = kept[name]
    const then = band?.mean ?? empty(past)
    const now = tail.length > 0 ? (live.columns[name]?.slice(skip) ?? new Array<null>(tail.length).fill(null)) : []
    lines.mean[name] = [...then, ...now]
    if (band && isBand(band.min, band.max)) {
      lines.low[name] = [...band.min, ...now]
      lines.high[name] = [...band.max, ...now]
    }
  }
  return withGaps(lines, past?.step_seconds ?? 0)
}

/** The series of an answer with those of its commands. */
function allSeries(past: Past | undefined): Record<string, Band> {
  const all = { ...past?.series }
  for (const c of past?.commands ?? []) {
    all[callsOf(c.name)] = { mean: c.calls_per_second, min: c.calls_per_second, max: c.calls_per_second }
    all[usecOf(c.name)] = { mean: c.usec_per_call, min: c.usec_per_call, max: c.usec_per_call }
  }
  return all
}

const empty = (past: Past | undefined): Column => new Array<null>(past?.times.length ?? 0).fill(null)

const isBand = (low: Column, high: Column): boolean => low.some((v, i) => v !== null && v !== high[i])

/** withGaps puts a moment at which nothing is known where nobody looked for long, so that no line crosses it. */
export function withGaps(lines: Lines, step: number): Lines {
  const longest = Math.max(3 * step, 4 * usualStep(lines.times), 10)
  const at: number[] = []
  for (let i = 1; i < lines.times.length; i++) {
    if ((lines.times[i] ?? 0) - (lines.times[i - 1] ?? 0) > longest) at.push(i)
  }
  if (at.length === 0) return lines
  const opened = (column: Column): Column => at.reduceRight((c, i) => c.toSpliced(i, 0, null), column)
  const all = (columns: Record<string, Column>) => Object.fromEntries(Object.entries(columns).map(([n, c]) => [n, opened(c)]))
  return {
    times: at.reduceRight((t, i) => t.toSpliced(i, 0, (t[i - 1] ?? 0) + longest / 3), lines.times),
    mean: all(lines.mean),
    low: all(lines.low),
    high: all(lines.high),
  }
}

/** The median of the latest steps. */
function usualStep(times: number[]): number {
  const steps = times.slice(-30).map((t, i, all) => t - (all[i - 1] ?? t)).slice(1).sort((a, b) => a - b)
  return steps[Math.floor(steps.length / 2)] ?? 0
}
