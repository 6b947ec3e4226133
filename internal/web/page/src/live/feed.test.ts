import { expect, it } from 'vitest'
import { waitBefore } from './feed'

it('waits longer each time, within bounds', () => {
  const waits = Array.from({ length: 20 }, (_, i) => waitBefore(i, 0.5))
  expect(waits.slice(0, 6)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000])
  expect(Math.max(...waits)).toBe(30_000)
  expect(waitBefore(3, 0)).toBe(6000)
  expect(waitBefore(3, 1)).toBe(10_000)
})
