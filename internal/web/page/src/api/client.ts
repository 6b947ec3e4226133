/** Requests to the API. Whoever asks gets the answer or an ApiError; a 401 is told to the page as well. */
import type { About, LoginKind, Problem } from './types'

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint: string = '',
    /** What a person has to give, where a login is asked for. */
    readonly login?: LoginKind,
  ) {
    super(message)
  }

  /** The program has no such route or thing: it is older, or was started without it. */
  get absent(): boolean {
    return this.status === 404
  }
}

/** A value of a query: several for a parameter that repeats. */
export type Query = Record<string, string | number | boolean | readonly string[] | undefined>

export function address(path: string, query: Query = {}): string {
  const q = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue
    if (Array.isArray(value)) for (const v of value) q.append(name, v)
    else q.set(name, String(value))
  }
  const text = q.toString()
  return '/api/v1' + path + (text ? '?' + text : '')
}

/** The path of something of one server. */
export const ofServer = (name: string, what: string): string => `/servers/${encodeURIComponent(name)}/${what}`

let onLogin: (kind: LoginKind | undefined) => void = () => {}

/** whenLoginIsNeeded says what to do when an answer asks for a login. */
export function whenLoginIsNeeded(then: (kind: LoginKind | undefined) => void): void {
  onLogin = then
}

async function refusal(answer: Response): Promise<ApiError> {
  let problem: Partial<Problem> = {}
  if (answer.headers.get('Content-Type')?.includes('json')) {
    problem = (await answer.json().catch(() => ({}))) as Partial<Problem>
  }
  return new ApiError(answer.status, problem.detail ?? problem.title ?? `the program answered ${answer.status}`, problem.hint ?? '', problem.login)
}

async function request<T>(url: string, init: RequestInit): Promise<T> {
  let answer: Response
  try {
    answer = await fetch(url, { credentials: 'same-origin', ...init })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError(0, 'redistop web cannot be reached')
  }
  if (!answer.ok) {
    const refused = await refusal(answer)
    if (answer.status === 401 && !url.endsWith('/login')) onLogin(refused.login)
    throw refused
  }
  return (await answer.json()) as T
}

export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return request<T>(address(path, query), { headers: { Accept: 'application/json' }, ...(signal ? { signal } : {}) })
}

let csrf = ''

/** setCSRF remembers the word that shows an action comes from this page. */
export function setCSRF(word: string | undefined): void {
  csrf = word ?? ''
}

export function post<T>(path: string, body: unknown): Promise<T> {
  return request<T>(address(path), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Redistop-CSRF': csrf },
    body: JSON.stringify(body),
  })
}

/** What a program that does not tell about itself can do. */
export const aboutUnknown: About = {
  version: '', page: true, history: { state: 'off' }, actions: false, login: 'none', show_values: false, interval_seconds: 2, publishing: false,
}
