/**
 * Numbers as the terminal screen shows them (internal/tui/format.go), so that a figure looks the same wherever
 * it is read. A fact that is not known is "–", never 0.
 */

/** What stands for a fact that is not known. */
export const unknown = '–'

export type Figure = number | null | undefined
export type Format = (v: Figure) => string

function trimmed(v: number, scaled: boolean): string {
  const a = Math.abs(v)
  if (a === 0) return '0'
  if (a < 0.005) return '<0.01'
  if (!scaled && a < 999.5 && Number.isInteger(a)) return v.toFixed(0)
  if (a < 0.995) return v.toFixed(2)
  if (a < 9.995 && scaled) return v.toFixed(2)
  if (a < 9.95 || (a < 99.95 && scaled)) return v.toFixed(1)
  return v.toFixed(0)
}

function inUnits(v: number, step: number, units: readonly string[]): string {
  let i = 0
  while (Math.abs(v) >= step - step / 2000 && i < units.length - 1) {
    v /= step
    i++
  }
  return trimmed(v, i > 0) + (units[i] ?? '')
}

/** known writes a fact by f, and the sign for one that is not known. */
function known(f: (v: number) => string): Format {
  return (v) => (v === null || v === undefined || !Number.isFinite(v) ? unknown : f(v))
}

/** A number or a rate of things: 3.1, 42, 1.23k, 45.6M. */
export const count = known((v) => inUnits(v, 1000, ['', 'k', 'M', 'G', 'T', 'P']))

/** A counted number: exact to 99,999, compact above. */
export const whole = known((v) => (Math.abs(v) >= 100_000 ? count(v) : Math.round(v).toLocaleString('en-US')))

/** An amount of bytes: 512 B, 1.20 GiB. */
export const bytes = known((v) =>
  Math.abs(v) < 1023.5 ? `${Math.round(v)} B` : inUnits(v, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB', ' PiB']))

/** Bytes a second: 12.4 MiB/s. */
export const byteRate = known((v) => bytes(v) + '/s')

/** A time given in microseconds: 0.80 µs, 12 µs, 1.23 ms, 4.56 s, 2m03s. */
export const usec = known((v) => {
  if (v < 999.5) return trimmed(v, false) + ' µs'
  if (v < 999_500) return trimmed(v / 1e3, true) + ' ms'
  if (v < 99.95e6) return trimmed(v / 1e6, true) + ' s'
  return duration(v / 1e6)
})

/** A share, 1 being the whole: <.01 %, 0.03 %, 1.2 %, 38 %. */
export const percent = known((share) => {
  const p = share * 100
  if (p === 0) return '0 %'
  if (p < 0.005) return '<.01 %'
  if (p < 0.995) return p.toFixed(2) + ' %'
  if (p < 9.95) return p.toFixed(1) + ' %'
  return p.toFixed(0) + ' %'
})

/** percent with one more figure, for hit ratios: 99.7 %. */
export const ratio = known((share) => {
  const p = share * 100
  if (p > 99.9 && p < 100) return (Math.floor(p * 100) / 100).toFixed(2) + ' %'
  return (p === 0 || p === 100 ? p.toFixed(0) : p.toFixed(1)) + ' %'
})

/** A plain ratio: 1.32. */
export const plain = known((v) => v.toFixed(2))

const pad = (n: number, width: number): string => String(n).padStart(width, '0')

/** Seconds in their two largest units: 12s, 4m10s, 2h05m, 3d04h, 2y118d. */
export const duration = known((v) => {
  const s = Math.floor(v)
  if (s < 0) return '0s'
  if (s < 60) return `${s}s`
  if (s < 3600) return `${Math.floor(s / 60)}m${pad(s % 60, 2)}s`
  if (s < 86_400) return `${Math.floor(s / 3600)}h${pad(Math.floor((s % 3600) / 60), 2)}m`
  if (s < 366 * 86_400) return `${Math.floor(s / 86_400)}d${pad(Math.floor((s % 86_400) / 3600), 2)}h`
  return `${Math.floor(s / (365 * 86_400))}y${pad(Math.floor((s % (365 * 86_400)) / 86_400), 3)}d`
})

/** How long ago: "now", "3s ago", "4m10s ago". */
export const ago = known((seconds) => (seconds < 1 ? 'now' : duration(seconds) + ' ago'))

/** A rate with the half-width of its interval where it is estimated: "41.2k ±0.9k". */
export function estimated(v: Figure, error: Figure): string {
  return error ? `${count(v)} ±${count(error)}` : count(v)
}
