/** Samples of one server that this browser has seen, in columns: what the charts show where the program keeps no history. */

export type Column = (number | null)[]

export class Collected {
  /** Unix seconds, rising. */
  times: number[] = []
  columns: Record<string, Column> = {}

  /** most bounds what is kept. */
  constructor(readonly most: number) {}

  /**
   * add takes in figures of one moment. Those of a moment that is known already are added to it; older ones
   * are left out.
   */
  add(time: number, figures: Record<string, number | null | undefined>): void {
    const last = this.times.at(-1)
    if (last !== undefined && time < last) return
    if (last === undefined || time > last) {
      this.times.push(time)
      for (const column of Object.values(this.columns)) column.push(null)
    }
    const at = this.times.length - 1
    for (const [name, value] of Object.entries(figures)) {
      if (value === undefined || value === null) continue
      const column = (this.columns[name] ??= new Array<number | null>(this.times.length).fill(null))
      column[at] = value
    }
    if (this.times.length > this.most + this.most / 4) this.#forget()
  }

  /** putBefore takes in older figures of one series; those of a time that is known already are left out. */
  putBefore(times: number[], name: string, values: Column): void {
    const first = this.times[0] ?? Infinity
    const older = times.filter((t) => t < first)
    if (older.length === 0) return
    const none = new Array<null>(older.length).fill(null)
    for (const column of Object.keys(this.columns)) this.columns[column] = [...none, ...(this.columns[column] ?? [])]
    const known = this.columns[name] ?? new Array<null>(older.length + this.times.length).fill(null)
    this.columns[name] = known.map((v, i) => (i < older.length ? (values[i] ?? null) : v))
    this.times = [...older, ...this.times]
  }

  #forget(): void {
    const surplus = this.times.length - this.most
    this.times = this.times.slice(surplus)
    for (const name of Object.keys(this.columns)) this.columns[name] = this.columns[name]?.slice(surplus) ?? []
  }

  /** The latest n values of a series, oldest first. */
  tail(name: string, n: number): Column {
    return this.columns[name]?.slice(-n) ?? []
  }
}
