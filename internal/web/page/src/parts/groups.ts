/** What of consumer groups needs somebody. */
import type { GroupRow } from '../api/types'

type State = NonNullable<GroupRow['consumers']>[number]['state']

const weight: Partial<Record<State, number>> = { dead: 4, stuck: 2 }

/** How much a group needs somebody: 0 where it keeps up and nobody in it is stuck. */
export function trouble(g: GroupRow): number {
  const worst = Math.max(0, ...(g.consumers ?? []).map((c) => weight[c.state] ?? 0))
  return worst + (g.poison?.length ? 4 : 0) + (g.drain_never ? 3 : 0)
}
