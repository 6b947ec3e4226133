import { expect, it } from 'vitest'
import { shown } from './shown'

it.each([
  ['plain: ünï 世界 ✓', 'plain: ünï 世界 ✓'],
  ['a\x1b[31m\n\t', 'a\\x1b[31m\\n\\t'],
  ['user\u202egnp.exe', 'user\\u202egnp.exe'],
  ['\x9bA\ufeff', '\\x9bA\\ufeff'],
])('%j', (text, want) => expect(shown(text)).toBe(want))
