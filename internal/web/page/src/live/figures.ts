/** The series of the charts, by the names that the history has for them, out of what comes live. */
import type { Observation, Snapshot } from '../api/types'
import { callsOf, mostCommands, usecOf } from '../charts/list'

type Figures = Record<string, number | null | undefined>

export function ofObservation(o: Observation): Figures {
  const up = o.state === 'up'
  if (o.stale) return { up: up ? 1 : 0 }
  return {
    up: up ? 1 : 0,
    commands_per_second: o.commands_per_second, p99_usec: o.p99_usec, main_thread: o.main_thread,
    input_bytes_per_second: o.input_bytes_per_second, output_bytes_per_second: o.output_bytes_per_second,
    hit_ratio: o.hit_ratio, evicted_per_second: o.evicted_per_second, errors_per_second: o.errors_per_second,
    used_bytes: o.used_bytes, max_bytes: o.max_bytes, rss_bytes: o.rss_bytes,
    clients: o.clients, blocked: o.blocked, keys: o.keys, observer_cpu_share: o.observer_cpu_share,
    findings_critical: o.findings.critical, findings_warning: o.findings.warning,
  }
}

/** Only what an Observation does not have. */
export function ofSnapshot(s: Snapshot): Figures {
  if (s.stale) return {}
  const t = s.throughput
  const busiest = (s.commands ?? []).slice(0, mostCommands)
  return {
    ...Object.fromEntries(busiest.flatMap((c) => [[callsOf(c.name), c.calls_per_second], [usecOf(c.name), c.usec_per_call]])),
    ping_p99_usec: s.latency?.p99_usec, ping_max_usec: s.latency?.max_usec,
    cpu_total: s.cpu.total, hits_per_second: t.hits_per_second, misses_per_second: t.misses_per_second,
    expired_per_second: t.expired_per_second, fragmentation_ratio: s.memory.fragmentation_ratio,
    new_per_second: s.connected.new_per_second, came_and_went: s.connected.came_and_went,
    rejected_per_second: s.connected.rejected_per_second, replicas: s.replication.connected_replicas,
    expires: s.keyspace?.reduce((n, row) => n + row.expires, 0),
  }
}
