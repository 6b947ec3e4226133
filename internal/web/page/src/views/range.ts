import type { Range } from '../charts/data'
import { route } from '../route.svelte'

/** The lengths of time that can be chosen, in seconds. */
export const lengths: Record<string, number> = { '15m': 900, '1h': 3600, '24h': 86_400, '7d': 604_800 }
const usual = '15m'

/** What the address says of the time: a length up to now, or a range that was zoomed to. */
export interface Chosen {
  length: string
  zoomed: Range | undefined
}

export function chosen(): Chosen {
  const from = Number(route.get('from'))
  const to = Number(route.get('to'))
  const length = route.get('range', usual)
  return {
    length: length in lengths ? length : usual,
    zoomed: from > 0 && to > from ? { from, to } : undefined,
  }
}

/** The range that is shown at a moment, in Unix seconds. */
export function rangeAt(c: Chosen, nowMillis: number): Range {
  if (c.zoomed) return c.zoomed
  const to = nowMillis / 1000
  return { from: to - (lengths[c.length] ?? 900), to }
}

export const zoomTo = (r: Range): void => route.set({ from: r.from.toFixed(0), to: r.to.toFixed(0) })
export const zoomOut = (): void => {
  if (route.get('from')) route.set({ from: '', to: '' })
}
export const choose = (length: string): void => route.set({ range: length === usual ? '' : length, from: '', to: '' })
