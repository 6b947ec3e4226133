import { describe, expect, it } from 'vitest'
import { ago, bytes, count, duration, percent, ratio, usec, whole, type Format } from './numbers'

const cases: [string, Format, [number, string][]][] = [
  ['count', count, [[0, '0'], [0.0001, '<0.01'], [0.42, '0.42'], [0.998, '1.0'], [1, '1'], [3.14, '3.1'], [9.96, '10'], [42.4, '42'],
    [999, '999'], [999.6, '1.00k'], [1234, '1.23k'], [9996, '10.0k'], [123_456, '123k'], [999_600, '1.00M'], [7e18, '7000P']]],
  ['whole', whole, [[0, '0'], [999, '999'], [1000, '1,000'], [99_999, '99,999'], [100_000, '100k'], [-1234, '-1,234']]],
  ['bytes', bytes, [[0, '0 B'], [0.4, '0 B'], [17, '17 B'], [1023, '1023 B'], [1024, '1.00 KiB'], [1024 * 1024 - 1, '1.00 MiB'], [2 ** 30, '1.00 GiB']]],
  ['usec', usec, [[0, '0 µs'], [0.8, '0.80 µs'], [12, '12 µs'], [999.6, '1.00 ms'], [221_034, '221 ms'], [4_560_000, '4.56 s'], [123e6, '2m03s']]],
  ['percent', percent, [[0, '0 %'], [0.00001, '<.01 %'], [0.0003, '0.03 %'], [0.012, '1.2 %'], [0.0997, '10 %'], [3.2, '320 %']]],
  ['ratio', ratio, [[0, '0 %'], [0.973, '97.3 %'], [0.99995, '99.99 %'], [1, '100 %']]],
  ['duration', duration, [[-1, '0s'], [12, '12s'], [250, '4m10s'], [7500, '2h05m'], [76 * 3600, '3d04h'], [3 * 365 * 86_400, '3y000d']]],
  ['ago', ago, [[0.4, 'now'], [3.9, '3s ago']]],
]

describe('numbers are written as on the terminal', () => {
  for (const [name, format, table] of cases) {
    it.each(table)(name + ' of %s', (v, want) => expect(format(v)).toBe(want))
    it(name + ' says when it does not know', () => {
      for (const v of [null, undefined, NaN, Infinity]) expect(format(v)).toBe('–')
    })
  }
})
