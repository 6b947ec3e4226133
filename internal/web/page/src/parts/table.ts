/** The columns of a table and the order of its rows. */
import type { Snippet } from 'svelte'

export interface Column<Row> {
  key: string
  title: string
  /** What the column says, for whoever points at its title. */
  about?: string
  /** What it is sorted by; undefined where it is not known, which comes last in either order. A column without it cannot be sorted by. */
  value?: (row: Row) => string | number | undefined
  /** What stands in the cell. */
  text: (row: Row) => string
  /** Numbers stand at the right, and the largest come first. */
  number?: boolean
  /** Something else than plain text in the cell. */
  cell?: Snippet<[Row]>
  /** A second, smaller line under it in a narrow window, where the columns that tell it are out of sight. */
  under?: ((row: Row) => string) | undefined
  /** The row's name: a header cell. */
  head?: boolean
  /** Takes the room that others leave. */
  wide?: boolean
  /** Comes last in a narrow window, where it is scrolled to. */
  spare?: boolean
  /** Long text in it is cut early. */
  tight?: boolean
  /** Stays in sight when the table is wider than the page. */
  pinned?: boolean
}

/** An order as it stands in the address: "rate", or "-rate" for the largest first. */
export interface Order {
  key: string
  falling: boolean
}

export function readOrder(text: string): Order {
  return text.startsWith('-') ? { key: text.slice(1), falling: true } : { key: text, falling: false }
}

export const writeOrder = (o: Order): string => (o.falling ? '-' : '') + o.key

/** What a click on a column's title makes of an order: the column's first order, then the other. */
export function turned<Row>(order: Order, column: Column<Row>): Order {
  if (order.key !== column.key) return { key: column.key, falling: column.number ?? false }
  return { key: column.key, falling: !order.falling }
}

const words = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/** The rows in an order; the same rows where no column has it. Rows that are equal stay as they came. */
export function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: Order): readonly Row[] {
  const value = columns.find((c) => c.key === order.key)?.value
  if (!value) return rows
  const sign = order.falling ? -1 : 1
  return rows
    .map((row) => ({ row, v: value(row) }))
    .sort((a, b) => {
      if (a.v === undefined || b.v === undefined) return (a.v === undefined ? 1 : 0) - (b.v === undefined ? 1 : 0)
      if (typeof a.v === 'number' && typeof b.v === 'number') return sign * (a.v - b.v)
      return sign * words.compare(String(a.v), String(b.v))
    })
    .map(({ row }) => row)
}

/** The rows in which every word of a filter stands somewhere. */
export function filtered<Row>(rows: readonly Row[], filter: string, texts: (row: Row) => string): readonly Row[] {
  const wanted = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (wanted.length === 0) return rows
  return rows.filter((row) => {
    const text = texts(row).toLowerCase()
    return wanted.every((w) => text.includes(w))
  })
}

/** The rows with names that differ, as a list in the page needs them: a server may send one twice. */
export function named<Row>(rows: readonly Row[], id: (row: Row) => string | number): { key: string; row: Row }[] {
  const seen = new Map<string, number>()
  return rows.map((row) => {
    const name = String(id(row))
    const n = seen.get(name) ?? 0
    seen.set(name, n + 1)
    return { key: n === 0 ? name : `${name} #${n}`, row }
  })
}
