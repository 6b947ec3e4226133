import { expect, it } from 'vitest'
import { bytes, count } from '../text/numbers'
import type { Lines } from './data'
import type { ChartSpec } from './list'
import { known, summary } from './summary'

const spec: ChartSpec = { id: 'x', title: 'Memory', about: '', format: bytes, lines: [{ name: 'used', label: 'used', paint: 1 }, { name: 'rss', label: 'RSS', paint: 2 }] }
const at = Date.UTC(2026, 0, 1) / 1000
const lines: Lines = {
  times: [at, at + 10, at + 20, at + 30], mean: { used: [99, 2048, null, 1024], rss: [null, null, null, null] },
  low: { used: [99, 1000, null, 1024] }, high: { used: [99, 4096, null, 1024] },
}
const range = { from: at + 5, to: at + 60 }

it('says the last value, the lowest and the highest of a range, with their unit', () => {
  expect(summary(spec, lines, range)).toMatch(/^Memory, .* to .*\. used: last 1\.00 KiB, lowest 1000 B, highest 4\.00 KiB\.$/)
  expect(summary(spec, lines, { from: at + 40, to: at + 60 })).toMatch(/Nothing is known\.$/)
})

it('has a row for each moment at which something is known, the latest first', () => {
  expect(known(spec, lines, range).map((r) => [r.from - at, r.values])).toEqual([
    [30, [{ mean: 1024, low: 1024, high: 1024 }, undefined]], [10, [{ mean: 2048, low: 1000, high: 4096 }, undefined]],
  ])
})

it('puts many moments together, and loses no extreme', () => {
  const times = Array.from({ length: 1000 }, (_, i) => at + i)
  const rows = known({ ...spec, format: count }, { times, mean: { used: times.map((_, i) => i) }, low: {}, high: {} }, { from: at, to: at + 1000 })
  expect(rows.length).toBeLessThanOrEqual(61)
  expect(rows.at(-1)?.values[0]?.low).toBe(0)
  expect(rows[0]?.values[0]?.high).toBe(999)
  expect(rows.length).toBeGreaterThan(50)
})
