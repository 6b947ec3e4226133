import { describe, expect, it } from 'vitest'
import type { Past } from '../api/types'
import { Collected } from '../live/collected'
import { joined, withGaps } from './data'

const past: Past = {
  server: 's', from: '', to: '', step_seconds: 2, tier: 'raw', times: [100, 102], commands: [],
  series: { a: { mean: [1, null], min: [1, null], max: [1, null] }, b: { mean: [5, 6], min: [4, 6], max: [5, 9] } },
}

function live(...samples: [number, number][]): Collected {
  const c = new Collected(100)
  for (const [t, v] of samples) c.add(t, { a: v, c: v })
  return c
}

describe('joined', () => {
  it('puts what came since behind the history, once', () => {
    const lines = joined(past, live([100, 7], [102, 7], [104, 8]), { from: 0, to: 200 })
    expect(lines.times).toEqual([100, 102, 104])
    expect(lines.mean).toEqual({ a: [1, null, 8], b: [5, 6, null], c: [null, null, 8] })
  })
  it('has a band only where there is one', () => {
    const lines = joined(past, live(), { from: 0, to: 200 })
    expect(Object.keys(lines.low)).toEqual(['b'])
    expect(lines.high['b']).toEqual([5, 9])
  })
  it('keeps single samples from beside averages over long steps', () => {
    expect(joined({ ...past, step_seconds: 60 }, live([104, 8]), { from: 0, to: 200 }).times).toEqual([100, 102])
  })
  it('does without a history', () => {
    const lines = joined(undefined, live([90, 1], [104, 8], [106, 9]), { from: 100, to: 200 })
    expect(lines.times).toEqual([104, 106])
    expect(lines.mean['a']).toEqual([8, 9])
  })
})

it('leaves a gap where nobody looked', () => {
  const lines = withGaps({ times: [0, 2, 4, 60, 62], mean: { a: [1, 2, 3, 4, 5] }, low: {}, high: {} }, 2)
  expect(lines.mean['a']).toEqual([1, 2, 3, null, 4, 5])
  expect(lines.times.every((t, i, all) => i === 0 || t > (all[i - 1] ?? 0))).toBe(true)
})
