import { byteRate, bytes, count, percent, ratio, usec, type Format } from '../text/numbers'

/** One line of a chart. paint is a colour of the theme: --line-1 to --line-8 */
export interface Line {
  name: string
  label: string
  paint: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8
  dashed?: boolean
}

export interface ChartSpec {
  id: string
  title: string
  about: string
  format: Format
  lines: Line[]
  /** The axis starts here at least, so that a flat line does not look like a storm. */
  least?: number
  /** The upper end of the axis at least. */
  most?: number
  /** Steps of the axis are powers of two. */
  binary?: boolean
}

/** The charts of a server, in the order in which one looks. A chart of which nothing is known is left out. */
export const charts: ChartSpec[] = [
  { id: 'commands', title: 'Commands', about: 'commands a second, without the observer’s own', format: count,
    lines: [{ name: 'commands_per_second', label: 'commands/s', paint: 1 }] },
  { id: 'latency', title: 'Latency', about: 'p99 over all commands inside the server, and of PINGs from here', format: usec,
    lines: [{ name: 'p99_usec', label: 'p99', paint: 1 }, { name: 'ping_p99_usec', label: 'PING p99', paint: 2 }, { name: 'ping_max_usec', label: 'PING max', paint: 3 }] },
  { id: 'cpu', title: 'CPU', about: 'of one core; the main thread runs the commands', format: percent, most: 0.1,
    lines: [{ name: 'main_thread', label: 'main thread', paint: 1 }, { name: 'cpu_total', label: 'all threads', paint: 2 }] },
  { id: 'memory', title: 'Memory', about: 'in use, held by the process, and the limit', format: bytes, binary: true,
    lines: [{ name: 'used_bytes', label: 'used', paint: 1 }, { name: 'rss_bytes', label: 'RSS', paint: 2 }, { name: 'max_bytes', label: 'maxmemory', paint: 4, dashed: true }] },
  { id: 'network', title: 'Network', about: 'bytes a second', format: byteRate, binary: true,
    lines: [{ name: 'input_bytes_per_second', label: 'in', paint: 1 }, { name: 'output_bytes_per_second', label: 'out', paint: 2 }] },
  { id: 'hits', title: 'Hit ratio', about: 'look-ups that found their key', format: ratio, most: 1,
    lines: [{ name: 'hit_ratio', label: 'hit ratio', paint: 1 }] },
  { id: 'clients', title: 'Clients', about: 'connections, and those that wait in a blocking command', format: count,
    lines: [{ name: 'clients', label: 'connected', paint: 1 }, { name: 'blocked', label: 'blocked', paint: 3 }] },
  { id: 'losses', title: 'Evictions, expirations, errors', about: 'a second', format: count, most: 1,
    lines: [{ name: 'evicted_per_second', label: 'evicted/s', paint: 3 }, { name: 'expired_per_second', label: 'expired/s', paint: 1 }, { name: 'errors_per_second', label: 'errors/s', paint: 4 }] },
  { id: 'keys', title: 'Keys', about: 'in all databases, and those with a time to live', format: count,
    lines: [{ name: 'keys', label: 'keys', paint: 1 }, { name: 'expires', label: 'with TTL', paint: 2 }] },
  { id: 'arrivals', title: 'New connections', about: 'a second', format: count, most: 1,
    lines: [{ name: 'new_per_second', label: 'new/s', paint: 1 }, { name: 'rejected_per_second', label: 'rejected/s', paint: 4 }] },
  { id: 'replication', title: 'Replica lag', about: 'bytes that the slowest replica is behind', format: bytes, binary: true,
    lines: [{ name: 'replica_lag_bytes', label: 'lag', paint: 1 }] },
]

/** The names of all series that the charts ask for. */
export const seriesNames: string[] = [...new Set(charts.flatMap((c) => c.lines.map((l) => l.name)))]

/** The most commands that are drawn beside each other. */
export const mostCommands = 8

/** The names of the series of a command. */
export const callsOf = (command: string): string => 'calls ' + command
export const usecOf = (command: string): string => 'usec ' + command

/** The charts of the busiest commands, the busiest given first. They stand by name, so that a line keeps its colour. */
export function commandCharts(commands: string[], label: (name: string) => string): ChartSpec[] {
  const lines = (series: (command: string) => string): Line[] =>
    commands.slice(0, mostCommands).sort().map((c, i) => ({ name: series(c), label: label(c), paint: (i + 1) as Line['paint'] }))
  return [
    { id: 'busiest', title: 'Busiest commands', about: 'calls a second', format: count, lines: lines(callsOf) },
    { id: 'per-call', title: 'Time per call', about: 'of the busiest commands, inside the server', format: usec, lines: lines(usecOf) },
  ]
}
