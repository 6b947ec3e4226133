import { describe, expect, it } from 'vitest'
import type { ConnectionRow, Session } from '../api/types'
import { lanes, outline } from './lanes'
import { appOf, isOnline, ofConnection, ofSession, Roster } from './rows'

const session = (s: Partial<Session>): Session => ({
  server: 'shop', state: 'online', id: 1, addr: '10.0.0.1:5', db: 0, online_since: '2026-01-01T00:00:10Z', last_interaction: '2026-01-01T00:00:20Z', last_seen: '2026-01-01T00:00:20Z', ...s,
})
const start = Date.parse('2026-01-01T00:00:00Z') / 1000

describe('rows', () => {
  it('know when a connection began and last spoke', () => {
    const c = { id: 7, addr: '[::1]:99', db: 0, age_seconds: 60, idle_seconds: 5, output_buffer_bytes: 0, query_buffer_bytes: 0, seen_at: '2026-01-01T00:01:00Z' } as ConnectionRow
    const row = ofConnection('shop', c, 0)
    expect([row.onlineSince, row.lastInteraction, row.ip]).toEqual([start * 1000, (start + 55) * 1000, '::1'])
  })
  it('are known by the best name there is', () => {
    expect(appOf(ofSession(session({ name: 'cart' })))).toBe('cart')
    expect(appOf(ofSession(session({ library: 'jedis-5', ip: '10.0.0.1' })))).toBe('jedis-5 from 10.0.0.1')
  })
  it('tell how busy a client is, and how well that is known', () => {
    const rate = (s: Partial<Session>) => [ofSession(session(s)).rate, ofSession(session(s)).error]
    expect(rate({ commands_per_second: 50 })).toEqual([50, undefined])
    expect(rate({ commands_per_second: 50, estimated: true, error: 7 })).toEqual([50, 7])
    expect(rate({ commands: 1000 })).toEqual([undefined, undefined])
  })
})

describe('a roster', () => {
  const rows = (...all: Partial<Session>[]) => all.map((s) => ofSession(session(s)))
  it('takes in who spoke, came and went', () => {
    const roster = new Roster(rows({ id: 1 }, { id: 2 }, { id: 3 }), 0)
    roster.hear(rows({ id: 2, last_interaction: '2026-01-01T00:00:30Z' }, { id: 3, offline_at: '2026-01-01T00:00:31Z' }, { id: 4 }), 0)
    expect(roster.all().map((r) => r.id)).toEqual([1, 2, 3, 4])
    expect(roster.all().map((r) => (r.lastInteraction ?? 0) / 1000 - start)).toEqual([20, 30, 20, 20])
    expect(roster.all().filter((r) => r.offlineAt !== undefined).map((r) => r.id)).toEqual([3])
  })
  it('asks back to what it was told last, and beyond', () => {
    const roster = new Roster([], 1_000_000)
    expect(roster.since(1_002_100)).toBe('-13s')
    roster.hear([], 1_060_000)
    expect(roster.since(1_061_000)).toBe('-11s')
    expect(roster.since(900_000)).toBe('-10s')
  })
})

it('nobody is online of a server that does not answer', () => {
  const rows = [session({ id: 1, name: 'cart', state: 'unknown', online_since: '2026-01-01T00:00:10Z', unknown_since: '2026-01-01T00:00:30Z' })].map(ofSession)
  expect(rows.filter(isOnline)).toEqual([])
  const [cart] = lanes(rows, 'app', { from: start, to: start + 60 })
  expect(cart).toMatchObject({ most: 1, now: 0, ends: [] })
  expect(cart?.steps.map((s) => [s.time - start, s.online])).toEqual([[0, 0], [10, 1], [30, 0]])
})

it('lanes count who was there', () => {
  const rows = [
    session({ id: 1, name: 'cart', online_since: '2025-12-31T00:00:00Z', last_seen: '2026-01-01T00:00:30Z', offline_at: '2026-01-01T00:00:55Z', reason: 'killed' }),
    session({ id: 2, name: 'cart', online_since: '2026-01-01T00:00:10Z' }),
    session({ id: 3, name: 'other', online_since: '2025-12-31T00:00:00Z', last_seen: '2025-12-31T00:10:00Z', offline_at: '2025-12-31T00:10:00Z' }),
  ].map(ofSession)
  const range = { from: start, to: start + 60 }
  const [cart, other] = lanes(rows, 'app', range)
  expect(cart).toMatchObject({ label: 'cart', most: 2, now: 1, ends: [{ time: start + 30, reason: 'killed' }] })
  expect(cart?.steps.map((s) => [s.time - start, s.online])).toEqual([[0, 1], [10, 2], [30, 1]])
  expect(other).toMatchObject({ most: 0, now: 0 })
  expect(outline(cart!, range, 60, 20)).toBe('M0 20H0.0V11.0H10.0V2.0H30.0V11.0H60V20Z')
  expect(lanes(rows, 'client', range)).toHaveLength(3)
})
