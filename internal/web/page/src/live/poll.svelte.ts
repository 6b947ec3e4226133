/** Asking again and again, with the latest answer to show and the reason why there is none. */
import { ApiError } from '../api/client'

/**
 * A Poll asks while its component is shown and the page is seen. What is asked follows from ask itself: when
 * something reactive that it reads changes, it asks at once and forgets the old answer unless keep says otherwise.
 */
export class Poll<T> {
  value = $state.raw<T | undefined>()
  error = $state.raw<ApiError | undefined>()
  /** An answer is awaited, and there is none yet to what is asked now. */
  waiting = $state(true)

  constructor(ask: (signal: AbortSignal) => Promise<T> | undefined, everyMillis: (latest: T | undefined) => number, keep: 'keep' | 'forget' = 'keep') {
    $effect(() => {
      const control = new AbortController()
      let timer: ReturnType<typeof setTimeout> | undefined
      const first = ask(control.signal)
      this.waiting = true
      if (keep === 'forget') this.value = undefined
      const turn = async (answer: Promise<T> | undefined) => {
        await this.#settle(answer, control.signal)
        if (control.signal.aborted) return
        timer = setTimeout(() => (document.hidden ? void turn(undefined) : void turn(ask(control.signal))), everyMillis(this.value))
      }
      void turn(first)
      return () => {
        control.abort()
        clearTimeout(timer)
      }
    })
  }

  async #settle(answer: Promise<T> | undefined, signal: AbortSignal): Promise<void> {
    if (!answer) return
    try {
      const value = await answer
      if (signal.aborted) return
      this.value = value
      this.error = undefined
    } catch (err) {
      if (signal.aborted) return
      this.error = err instanceof ApiError ? err : new ApiError(0, String(err))
    }
    this.waiting = false
  }
}
