/** What TestPage has put up for these tests, and says in the environment: the program, a browser, and servers of its own. */

export interface Stage {
  /** The program redistop, as a path. */
  redistop: string
  chromium: string
  /** Addresses, host:port: an old and a new version, and one that a test may stop. */
  old: string
  new: string
  doomed: string
}

export function stage(): Stage {
  const said = process.env['REDISTOP_E2E']
  if (!said) throw new Error('REDISTOP_E2E is not set: run it by `make page-test`')
  return JSON.parse(said) as Stage
}
