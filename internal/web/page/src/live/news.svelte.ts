/** Asking whenever there is news of a server. */
import { untrack } from 'svelte'
import { watch } from './watch.svelte'

/** The shortest pause between two questions. Dear answers get longer ones: at most half of the time is spent on them. */
const pauseMillis = 400

/**
 * onNews calls ask each time that one of these servers was heard of, while the page is seen: once at a time, and
 * once more where there was news meanwhile. It ends with its component.
 */
export function onNews(names: () => readonly string[], ask: () => Promise<void>): void {
  let busy = false
  let missed = false
  let over = false

  async function turn(): Promise<void> {
    missed = busy
    if (busy || over || document.hidden) return
    busy = true
    const began = Date.now()
    await ask()
    setTimeout(() => {
      busy = false
      if (missed) void turn()
    }, Math.max(pauseMillis, Date.now() - began))
  }

  $effect(() => {
    for (const name of names()) void watch.servers.get(name)
    untrack(() => void turn())
  })
  $effect(() => () => {
    over = true
  })
}
