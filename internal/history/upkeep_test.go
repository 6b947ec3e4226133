package history

import "context"

// Upkeep does what Run does after each writing.
func (s *Store) Upkeep(ctx context.Context) { s.keep(ctx) }
