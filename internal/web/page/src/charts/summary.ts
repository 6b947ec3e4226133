/** What a chart says, in words and as rows of a table. */
import type { Column } from '../live/collected'
import { fullMoment, moment } from '../text/times'
import type { Lines, Range } from './data'
import type { ChartSpec } from './list'

/** The values of a line in a stretch of time. */
export interface Extent {
  mean: number
  low: number
  high: number
}

/** One row: a stretch of time, and what each line had in it; undefined where that is not known. */
export interface Row {
  from: number
  to: number
  values: (Extent | undefined)[]
}

/** About the most rows that anybody reads. */
const mostRows = 60

/** The places of the times in a range, the last one excluded. */
function within(times: number[], range: Range): [number, number] {
  const first = times.findIndex((t) => t >= range.from)
  if (first < 0) return [0, 0]
  const beyond = times.findIndex((t) => t > range.to)
  return [first, beyond < 0 ? times.length : beyond]
}

function extent(name: string, lines: Lines, from: number, to: number): Extent | undefined {
  const mean: Column = lines.mean[name] ?? []
  let [n, sum, low, high] = [0, 0, Infinity, -Infinity]
  for (let i = from; i < to; i++) {
    const v = mean[i]
    if (v === null || v === undefined) continue
    n++
    sum += v
    low = Math.min(low, lines.low[name]?.[i] ?? v)
    high = Math.max(high, lines.high[name]?.[i] ?? v)
  }
  return n === 0 ? undefined : { mean: sum / n, low, high }
}

/**
 * known is the values of a chart in a range, the latest first, in about 60 rows at most. Times at which nothing is known are
 * left out. What is put together follows from the clock, so that a row that was read stays as it is while time goes on.
 */
export function known(spec: ChartSpec, lines: Lines, range: Range): Row[] {
  const [first, end] = within(lines.times, range)
  const width = (range.to - range.from) / mostRows
  const part = (i: number) => Math.floor((lines.times[i] ?? 0) / width)
  const rows: Row[] = []
  for (let i = first, next: number; i < end; i = next) {
    for (next = i + 1; next < end && part(next) === part(i); ) next++
    const values = spec.lines.map((l) => extent(l.name, lines, i, next))
    if (values.some(Boolean)) rows.push({ from: lines.times[i] ?? 0, to: lines.times[next - 1] ?? 0, values })
  }
  return rows.reverse()
}

/** summary is a chart in words: of when, and of each line its last value, its lowest and its highest. */
export function summary(spec: ChartSpec, lines: Lines, range: Range): string {
  const [first, end] = within(lines.times, range)
  const said = spec.lines.flatMap((l) => {
    const all = extent(l.name, lines, first, end)
    const last = lines.mean[l.name]?.slice(first, end).findLast((v) => v !== null)
    return all && last !== undefined ? [`${l.label}: last ${spec.format(last)}, lowest ${spec.format(all.low)}, highest ${spec.format(all.high)}`] : []
  })
  const long = range.to - range.from >= 43_200
  const when = (t: number) => (long ? fullMoment(t * 1000) : moment(t * 1000))
  return `${spec.title}, ${when(range.from)} to ${when(range.to)}. ${said.length > 0 ? said.join('. ') : 'Nothing is known'}.`
}
