/** The address bar is the state: what is shown, filtered, sorted, and of when. */

interface Place {
  path: string
  query: URLSearchParams
}

const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) })

class Route {
  #place = $state.raw<Place>(here())

  constructor() {
    addEventListener('popstate', () => (this.#place = here()))
  }

  get path(): string {
    return this.#place.path
  }

  /** The path in parts, decoded: ["servers", "127.0.0.1:6379", "commands"]. */
  get parts(): string[] {
    return this.#place.path.split('/').filter(Boolean).map(decoded)
  }

  get(name: string, otherwise = ''): string {
    return this.#place.query.get(name) ?? otherwise
  }

  all(name: string): string[] {
    return this.#place.query.getAll(name)
  }

  /** go shows another place, which the back button leaves again. */
  go(url: string): void {
    history.pushState(null, '', url)
    this.#place = here()
  }

  /**
   * set changes parameters of this place; an empty value takes one away. Typing in a filter replaces the
   * entry of the history, a choice makes one.
   */
  set(changes: Record<string, string | string[]>, how: 'push' | 'replace' = 'push'): void {
    const query = new URLSearchParams(this.#place.query)
    for (const [name, value] of Object.entries(changes)) {
      query.delete(name)
      for (const v of Array.isArray(value) ? value : [value]) if (v !== '') query.append(name, v)
    }
    const text = query.toString()
    const url = this.#place.path + (text ? '?' + text : '')
    if (how === 'push') history.pushState(null, '', url)
    else history.replaceState(null, '', url)
    this.#place = here()
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export const route = new Route()

/** The page of one server. */
export function serverURL(name: string, tab = '', query = ''): string {
  return '/servers/' + encodeURIComponent(name) + (tab ? '/' + tab : '') + (query ? '?' + query : '')
}

/** followLinks makes plain clicks on links within the page change the place instead of loading it anew. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const link = (event.target as Element).closest('a')
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
  if (link.getAttribute('href')?.startsWith('#') || !isPage(link.pathname)) return
  event.preventDefault()
  route.go(link.pathname + link.search)
  scrollTo(0, 0)
}

function isPage(path: string): boolean {
  return path === '/' || /^\/(servers\/|clients$|activity$|findings$|audit$)/.test(path)
}
