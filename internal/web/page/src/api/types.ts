/**
 * The answers of the API. Those of openapi.json are generated (npm run types), so that a name that the program
 * does not send does not compile here.
 */
import type { components } from './schema'

type Schemas = components['schemas']

export type Observation = Schemas['Observation']
export type LastObservation = Schemas['LastObservation']
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
export type Probe = Schemas['Probe']
export type ChannelRow = Schemas['ChannelRow']
export type Usage = Schemas['Usage']
export type Severity = Finding['severity']
export type Problem = Schemas['Problem']

/** What the program is and may do. */
export type About = Schemas['About']
/** One server over a range of time. */
export type Past = Schemas['SnapshotRange']
export type Band = Schemas['Band']
/** The life of one connection. */
export type Session = Schemas['SessionRow']
export type SessionList = Schemas['SessionList']
export type Activity = Schemas['ActivityList']
export type ActivityRow = Schemas['ActivityGroupRow']
export type Change = Schemas['Change']
export type ChangeList = Schemas['ChangeList']
export type FindingList = Schemas['FindingList']
export type ClientList = Schemas['ClientList']
export type LiveLine = Schemas['LiveLine']
export type LiveLines = Schemas['LiveList']
/** What was done through the program. */
export type Audit = Schemas['AuditList']
export type AuditEntry = Schemas['AuditEntry']
export type LoginKind = About['login']
