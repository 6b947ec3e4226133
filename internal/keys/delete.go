package keys

import (
	"context"
	"fmt"

	"redistop/internal/server"
)

// Deleted is what became of keys that were to be deleted.
type Deleted struct {
	Keys int64 // that were there and are not any more
	Gone int64 // that were gone already
}

// Unlink deletes keys, a few at a time and each by itself, since on a cluster they need not lie
// together. The server frees their memory beside its other work. What was deleted before an error
// counts.
func Unlink(ctx context.Context, tool *server.Tool, names []string) (Deleted, error) {
	var d Deleted
	for len(names) > 0 {
		n := min(len(names), unlinkBatch)
		values, err := askEach(ctx, tool, names[:n], "UNLINK")
		for _, v := range values {
			if refusal := v.Err(); refusal != nil {
				err = refusal
			} else if v.Int > 0 {
				d.Keys++
			} else {
				d.Gone++
			}
		}
		if err != nil {
			return d, fmt.Errorf("delete keys: %w", err)
		}
		names = names[n:]
	}
	return d, nil
}

// unlinkBatch is how many keys are deleted between two looks at whether to go on.
const unlinkBatch = 32
