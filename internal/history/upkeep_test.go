package history

import (
	"context"
	"database/sql"
)

// Upkeep does what Run does after each writing.
func (s *Store) Upkeep(ctx context.Context) { s.keep(ctx) }

func (s *Store) inTransaction(ctx context.Context, write func(*writer) error) error {
	return s.db.transaction(ctx, func(tx *sql.Tx) error { return write(&writer{db: s.db, tx: tx}) })
}
