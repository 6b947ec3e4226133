import { expect, it } from 'vitest'
import { filtered, named, readOrder, sorted, turned, writeOrder, type Column } from './table'

interface Row { name: string; rate?: number }
const columns: Column<Row>[] = [
  { key: 'name', title: 'Name', text: (r) => r.name, value: (r) => r.name },
  { key: 'rate', title: 'Rate', text: (r) => String(r.rate), value: (r) => r.rate, number: true },
]
const rows: Row[] = [{ name: 'b10', rate: 1 }, { name: 'b9' }, { name: 'A', rate: 3 }, { name: 'c', rate: 0 }]
const names = (r: readonly Row[]) => r.map((x) => x.name).join(' ')

it.each([
  ['name', 'A b9 b10 c'],
  ['-name', 'c b10 b9 A'],
  ['rate', 'c b10 A b9'],
  ['-rate', 'A b10 c b9'],
  ['nosuch', 'b10 b9 A c'],
])('in the order %s what is not known comes last', (order, want) => expect(names(sorted(rows, columns, readOrder(order)))).toBe(want))

it('turns an order at the second click', () => {
  const rate = columns[1]!
  const once = turned(readOrder('name'), rate)
  expect(writeOrder(once)).toBe('-rate')
  expect(writeOrder(turned(once, rate))).toBe('rate')
})

it('filters by all words', () => {
  expect(names(filtered(rows, ' B 1 ', (r) => r.name))).toBe('b10')
  expect(filtered(rows, '', (r) => r.name)).toBe(rows)
})

it('tells rows of one name apart', () => {
  expect(named([{ name: 'a' }, { name: 'b' }, { name: 'a' }], (r) => r.name).map((r) => r.key)).toEqual(['a', 'b', 'a #1'])
})
