import { expect, it } from 'vitest'
import type { Observation } from '../api/types'
import { ageOf, rank, tone } from './states'

const at = Date.parse('2026-01-01T00:10:00Z')
const observation = (o: Partial<Observation>): Observation => ({
  server: 's', addr: 'a', number: 1, time: '2026-01-01T00:10:00Z', state: 'up', since: '2026-01-01T00:00:00Z', findings: { critical: 0, warning: 0, info: 0 }, ...o,
})

it.each([
  ['news', observation({}), false, undefined],
  ['a server that does not answer', observation({ state: 'down', stale: true }), false, 'down for 10m00s'],
  ['a lost connection', observation({}), true, 'as of now'],
  ['no news', observation({ time: '2026-01-01T00:09:00Z' }), false, 'as of 1m00s ago'],
])('how old: %s', (_, o, lost, want) => expect(ageOf(o, at, lost)).toBe(want))

it('puts what cannot be reached before what hurts, and that before what is well', () => {
  const well = observation({ findings: { critical: 0, warning: 0, info: 9 } })
  const warned = observation({ findings: { critical: 0, warning: 1, info: 0 } })
  const hurt = observation({ findings: { critical: 1, warning: 0, info: 0 } })
  const down = observation({ state: 'down' })
  expect([well, warned, hurt, down].map(tone)).toEqual(['good', 'warning', 'critical', 'critical'])
  expect([well, hurt, warned, down].sort((a, b) => rank(b, at) - rank(a, at))).toEqual([down, hurt, warned, well])
  const late = observation({ state: 'stalled', since: '2026-01-01T00:09:57Z' })
  expect([rank(late, at), rank(late, at + 3000)], 'late by a moment it keeps its place').toEqual([rank(well, at), rank(down, at)])
})
