package messaging

import (
	"fmt"
	"testing"
	"time"

	"redistop/internal/redistest"
)

// A search goes on from call to call until all databases were walked, tells how far it is, and begins anew
// when it is time to.
func TestSearchGoesOnFromCallToCall(t *testing.T) {
	redistest.EachVersion(t, func(t *testing.T, s *redistest.Server) {
		for db, n := range []int{0: 6000, 3: 200, 9: 1} {
			if n == 0 {
				continue
			}
			script := fmt.Sprintf("redis.call('select',%d) for i=1,%d do redis.call('set','page:'..i,i,'EX',1000) end redis.call('xadd','events:%d','*','a','b')", db, n, db)
			if _, err := s.CLI("EVAL", script, "0"); err != nil {
				t.Fatal(err)
			}
		}
		w := open(t, s)
		share, calls := -1.0, 0
		for done := false; !done; calls++ {
			var err error
			if done, err = w.Search(t.Context(), time.Now().Add(200*time.Microsecond)); err != nil {
				t.Fatal(err)
			}
			d := w.search.told()
			if d.Share < share || d.Share > 1 || d.Complete != (d.Passes > 0) || d.Complete != done {
				t.Fatalf("after %d calls: %+v after %v", calls, d, share)
			}
			share = d.Share
		}
		if d := w.search.told(); calls < 5 || d.Share != 1 || d.Keys != 6204 || d.Scanned != d.Keys {
			t.Errorf("%d calls, %+v", calls, w.search.told())
		}
		if n := w.known.kinds["stream"]; n != 3 || len(w.known.order) != 3 {
			t.Errorf("%d streams in three databases", n)
		}
		layout := w.Survey().Layouts[0]
		if layout.Pattern != "page:*" || layout.Type != "string" || layout.WithTTL != layout.Keys || layout.MaxTTL.Or(0) > 1000 || layout.MinTTL.Or(0) < 900 || w.Survey().Complete {
			t.Errorf("%+v of %d", layout, w.Survey().Sampled)
		}
		if done, err := w.Search(t.Context(), time.Now().Add(time.Minute)); !done || err != nil || w.search.passes != 1 {
			t.Errorf("the next pass has begun at once: %v %v, %d passes", done, err, w.search.passes)
		}
		w.search.rest = time.Now()
		if done, err := w.Search(t.Context(), time.Now().Add(time.Minute)); !done || err != nil || w.search.passes != 2 || len(w.known.order) != 3 {
			t.Errorf("a second pass: %v %v, %d passes, %d known", done, err, w.search.passes, len(w.known.order))
		}
	})
}
