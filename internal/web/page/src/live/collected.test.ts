import { expect, it } from 'vitest'
import { Collected } from './collected'

it('joins figures of one moment and leaves unknown ones unknown', () => {
  const c = new Collected(100)
  c.add(10, { a: 1, b: undefined })
  c.add(12, { a: 2 })
  c.add(12, { b: 0 })
  c.add(11, { a: 9 })
  c.add(14, {})
  expect(c.times).toEqual([10, 12, 14])
  expect(c.columns).toEqual({ a: [1, 2, null], b: [null, 0, null] })
})

it('forgets the oldest', () => {
  const c = new Collected(8)
  for (let i = 0; i < 100; i++) c.add(i, { a: i })
  expect(c.times.length).toBeLessThanOrEqual(10)
  expect(c.times.at(-1)).toBe(99)
  expect(c.columns['a']).toEqual(c.times)
})

it('takes in what was before', () => {
  const c = new Collected(100)
  c.add(10, { a: 1, b: 2 })
  c.putBefore([6, 8, 10], 'a', [5, null, 9])
  c.putBefore([4], 'z', [7])
  expect(c.times).toEqual([4, 6, 8, 10])
  expect(c.columns).toEqual({ a: [null, 5, null, 1], b: [null, null, null, 2], z: [7, null, null, null] })
  const empty = new Collected(100)
  empty.putBefore([1, 2], 'a', [3, 4])
  expect(empty.columns).toEqual({ a: [3, 4] })
})
