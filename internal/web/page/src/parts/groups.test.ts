import { expect, it } from 'vitest'
import type { GroupRow } from '../api/types'
import { trouble } from './groups'

type Consumer = NonNullable<GroupRow['consumers']>[number]
const group = (states: Consumer['state'][], more: Partial<GroupRow> = {}) =>
  ({ name: 'g', pending: 0, consumers: states.map((state) => ({ name: state, pending: 1, idle_seconds: 0, state })), ...more }) as GroupRow

it('orders groups by who needs somebody', () => {
  expect(trouble(group(['active', 'idle']))).toBe(0)
  expect(trouble(group([]))).toBe(0)
  const rising = [group(['active', 'stuck']), group(['active'], { drain_never: true }), group(['dead', 'stuck']), group(['dead'], { drain_never: true })]
  expect(rising.map(trouble)).toEqual([...rising.map(trouble)].sort((a, b) => a - b))
  expect(new Set(rising.map(trouble)).size).toBe(4)
})
