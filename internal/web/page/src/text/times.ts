/** Times for people, in the browser's own time zone. */

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' })

/** Milliseconds since 1970 of a time as the API writes it; undefined for none, which includes Go's zero time. */
export function millis(text: string | null | undefined): number | undefined {
  if (!text) return undefined
  const t = Date.parse(text)
  return Number.isNaN(t) || t < 0 ? undefined : t
}

/** The time of day, with the day in front where it is not within 12 hours of now. */
export function moment(text: string | number | null | undefined, now: number = Date.now()): string {
  const t = typeof text === 'number' ? text : millis(text)
  if (t === undefined) return '–'
  return Math.abs(now - t) < 12 * 3600_000 ? clock.format(t) : day.format(t)
}

/** Everything there is to say of a time, for a title. */
export function fullMoment(text: string | number | null | undefined): string {
  const t = typeof text === 'number' ? text : millis(text)
  return t === undefined ? '' : whole.format(t)
}
