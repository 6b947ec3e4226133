/** Dark or light: the system's choice until somebody makes another, which this browser keeps. */

export type Choice = 'system' | 'dark' | 'light'
const place = 'redistop-theme'
const dark = matchMedia('(prefers-color-scheme: dark)')

class Theme {
  choice = $state<Choice>(kept())
  #system = $state<'dark' | 'light'>(dark.matches ? 'dark' : 'light')

  constructor() {
    dark.addEventListener('change', () => (this.#system = dark.matches ? 'dark' : 'light'))
    this.#apply()
  }

  get shown(): 'dark' | 'light' {
    return this.choice === 'system' ? this.#system : this.choice
  }

  next(): void {
    const order: Choice[] = ['system', 'dark', 'light']
    this.choice = order[(order.indexOf(this.choice) + 1) % order.length] ?? 'system'
    try {
      localStorage.setItem(place, this.choice)
    } catch {
      // A browser that keeps nothing: the choice lasts as long as the page.
    }
    this.#apply()
  }

  #apply(): void {
    if (this.choice === 'system') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = this.choice
  }
}

function kept(): Choice {
  try {
    const choice = localStorage.getItem(place)
    return choice === 'dark' || choice === 'light' ? choice : 'system'
  } catch {
    return 'system'
  }
}

export const theme = new Theme()
