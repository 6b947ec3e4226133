/**
 * The answers of the API. Those of openapi.json are generated (npm run types), so that a name that the program
 * does not send does not compile here.
 */
import type { components } from './schema'

type Schemas = components['schemas']

export type Observation = Schemas['Observation']
export type LastObservation = { servers: Observation[] }
export type Snapshot = Schemas['Snapshot']
export type Finding = Schemas['Finding']
export type ServerFinding = Schemas['ServerFinding']
export type CommandRow = Schemas['CommandRow']
export type ClientGroup = Schemas['ClientGroup']
export type ConnectionRow = Schemas['ConnectionRow']
export type KeyRow = Schemas['KeyRow']
export type SlowRow = Schemas['SlowRow']
export type Messaging = Schemas['Messaging']
export type StreamRow = Schemas['StreamRow']
export type GroupRow = Schemas['GroupRow']
export type QueueRow = Schemas['QueueRow']
export type ChannelRow = Schemas['ChannelRow']
export type Usage = Schemas['Usage']
export type Severity = Finding['severity']
export type Problem = Schemas['Problem'] & { login?: LoginKind }
export type LoginKind = 'none' | 'token' | 'password'

/** What the program is and may do; GET /api/v1/about. */
export interface About {
  version: string
  page: boolean
  history: {
    state: 'on' | 'off' | 'failing'
    why?: string
    store?: string
    bytes?: number
    flush_seconds?: number
    kept?: { raw?: number; minute?: number; ten_minutes?: number; hour?: number }
  }
  actions: boolean
  login: LoginKind
  csrf?: string
  show_values: boolean
  interval_seconds: number
  publishing: boolean
}

/** One series over a range; null where nothing is known. */
export interface Band {
  mean: (number | null)[]
  min: (number | null)[]
  max: (number | null)[]
}

/** GET /api/v1/servers/{name}/snapshots */
export interface Past {
  server: string
  from: string
  to: string
  step_seconds: number
  tier: string
  times: number[]
  series: Record<string, Band>
  commands?: { name: string; calls_per_second: (number | null)[]; usec_per_call: (number | null)[] }[]
}

/** The life of one connection (stats.Session). */
export interface Session {
  server: string
  id: number
  run_id?: string
  addr: string
  ip?: string
  name?: string
  user?: string
  library?: string
  db: number
  internal?: boolean
  online_since: string
  last_interaction: string
  last_seen: string
  offline_at?: string
  reason?: string
  reason_likely?: boolean
  last_command?: string
  commands?: number
  commands_per_second?: number
  input_bytes?: number
  output_bytes?: number
}

export interface SessionList {
  sessions: Session[]
  matched: number
  next?: string
  short_lived?: { server: string; time: string; count: number }[]
  since?: string
  limits?: string[]
}

export interface ActivityRow {
  server: string
  by: 'name' | 'ip' | 'user'
  key: string
  online: number
  sessions: number
  first_seen: string
  last_spoke: string
  silent?: boolean
  hours: string[]
}

export interface Activity {
  within_seconds: number
  since?: string
  rows: ActivityRow[]
  silent: number
  limits?: string[]
}

export interface Change {
  time: string
  kind: string
  what: string
  before?: string
  after?: string
}

export interface ChangeList {
  server: string
  changes: Change[]
  since?: string
}

export interface LiveLine {
  n: number
  time: string
  client: string
  name?: string
  db: number
  command: string
  cut?: boolean
}

export interface LiveLines {
  /** Every command is seen until then; absent: only those in samples. */
  until?: string
  /** Why a guard ended it early. */
  stopped?: string
  next: number
  dropped?: number
  lines: LiveLine[]
}
