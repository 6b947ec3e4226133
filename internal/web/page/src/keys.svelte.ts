/**
 * The keys of the page: what they do and what the help says of them is one table. Where the terminal screen has the
 * same thing to do it has the same key.
 */
import { watch } from './live/watch.svelte'
import { route, serverURL } from './route.svelte'
import { theme } from './theme.svelte'

export interface Binding {
  keys: string[]
  /** What the help shows, where that is not the keys themselves. */
  label?: string
  group: string
  help: string
  /** What it does; false where there is nothing here to do it to, and the browser may have the key. Without it the key belongs to what has the focus. */
  do?: (key: string) => boolean | void
}

export const bindings: Binding[] = [
  { keys: ['?'], group: 'Everywhere', help: 'these keys, and what the signs mean', do: () => keys.toggleHelp() },
  { keys: ['o'], group: 'Everywhere', help: 'overview of all servers', do: () => go('/') },
  { keys: ['c'], group: 'Everywhere', help: 'clients: of this server, else of all', do: () => view('clients', '/clients') },
  { keys: ['a'], group: 'Everywhere', help: 'activity: who spoke, who went silent', do: () => go('/activity') },
  { keys: ['!'], group: 'Everywhere', help: 'findings: of this server, else of all', do: () => view('findings', '/findings') },
  { keys: ['T'], group: 'Everywhere', help: 'theme: as the system, dark, light', do: () => theme.next() },
  { keys: ['Escape'], label: 'Esc', group: 'Everywhere', help: 'close; leave the filter; the whole chart again' },

  { keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'], label: '1 … 9', group: 'A server', help: 'a tab by its place', do: (key) => tab(Number(key) - 1) },
  { keys: ['n'], group: 'A server', help: 'the next server', do: () => neighbour(1) },
  { keys: ['p'], group: 'A server', help: 'the server before', do: () => neighbour(-1) },
  { keys: ['e'], group: 'A server', help: 'messages: streams, queues, channels', do: () => ofServer('messaging') },
  { keys: ['u'], group: 'A server', help: 'what it is used for', do: () => ofServer('usage') },
  { keys: ['x'], group: 'A server', help: 'time range: the next longer one, then the shortest', do: nextRange },

  { keys: ['/'], group: 'A table', help: 'filter', do: focusFilter },
  { keys: ['<', ','], group: 'A table', help: 'sort by the column to the left', do: () => sortBy(-1) },
  { keys: ['>', '.'], group: 'A table', help: 'sort by the column to the right', do: () => sortBy(1) },
  { keys: ['r'], group: 'A table', help: 'reverse the order', do: () => sortBy(0) },

  { keys: ['ArrowLeft', 'ArrowRight'], label: '← →', group: 'A chart that has the focus', help: 'a moment back, forward; PgUp, PgDn: twenty' },
  { keys: ['Home', 'End'], group: 'A chart that has the focus', help: 'the first moment, the last' },
]

/** The server that the page is of. */
const server = () => (route.parts[0] === 'servers' ? route.parts[1] : undefined)

/** Another view is read from its beginning. */
function go(url: string): void {
  route.go(url)
  scrollTo(0, 0)
}

/** A range of time goes along from server to server and from tab to tab. */
export const timeQuery = () => ['range', 'from', 'to'].map((p) => (route.get(p) ? `${p}=${encodeURIComponent(route.get(p))}` : '')).filter(Boolean).join('&')

function ofServer(name: string): boolean {
  const s = server()
  if (s !== undefined) go(serverURL(s, name, timeQuery()))
  return s !== undefined
}

function view(name: string, otherwise: string): void {
  if (!ofServer(name)) go(otherwise)
}

const shown = <E extends HTMLElement>(selector: string) => [...document.querySelectorAll<E>(`main ${selector}`)]

function tab(place: number): boolean {
  const link = shown('.tabs a')[place]
  link?.click()
  return link !== undefined
}

function neighbour(by: number): boolean {
  const at = watch.names.indexOf(server() ?? '')
  const next = watch.names.at((at + by) % watch.names.length)
  if (at < 0 || next === undefined) return false
  go(serverURL(next, route.parts[2] ?? '', timeQuery()))
  return true
}

function nextRange(): boolean {
  const choices = shown('[aria-label="Time range"] button')
  const at = choices.findIndex((b) => b.getAttribute('aria-pressed') === 'true')
  choices[(at + 1) % choices.length]?.click()
  return choices.length > 0
}

function focusFilter(): boolean {
  const field = shown<HTMLInputElement>('input[type=search]')[0]
  field?.focus()
  field?.select()
  return field !== undefined
}

/** sortBy orders the first table by a column beside the one that it is ordered by. */
function sortBy(step: number): boolean {
  const titles = [...(shown('table')[0]?.querySelectorAll<HTMLElement>('thead th') ?? [])].filter((th) => th.querySelector('button'))
  const at = titles.findIndex((th) => th.hasAttribute('aria-sort'))
  const next = at < 0 ? 0 : at + step
  titles[next]?.querySelector('button')?.click()
  return titles[next] !== undefined
}

const place = 'redistop-keys'

class Keys {
  /** Whether single keys do anything: who speaks to the browser turns them off. */
  on = $state(kept())
  helpOpen = $state(false)

  toggleHelp(): void {
    this.helpOpen = !this.helpOpen
  }

  turn(on: boolean): void {
    this.on = on
    try {
      localStorage.setItem(place, on ? 'on' : 'off')
    } catch {
      // A browser that keeps nothing: the choice lasts as long as the page.
    }
  }

  press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    const at = event.target instanceof HTMLElement ? event.target : document.body
    if (at.matches('input:not([type=checkbox]), select, textarea, [contenteditable]')) {
      // In a filter that is empty Escape gives the keys back; in one that is not the browser empties it first.
      if (event.key === 'Escape' && at instanceof HTMLInputElement && at.value === '') at.blur()
      return
    }
    if (!this.on || watch.needsLogin) return
    if (document.querySelector('dialog[open]') && !(this.helpOpen && event.key === '?')) return
    const binding = bindings.find((b) => b.do && b.keys.includes(event.key))
    if (binding?.do && binding.do(event.key) !== false) event.preventDefault()
  }
}

function kept(): boolean {
  try {
    return localStorage.getItem(place) !== 'off'
  } catch {
    return true
  }
}

export const keys = new Keys()
