package messaging

import (
	"fmt"
	"testing"
	"time"

	"redistop/internal/redis"
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
			d := w.Discovery()
			if d.Share < share || d.Share > 1 || d.Complete != (d.Passes > 0) || d.Complete != done {
				t.Fatalf("after %d calls: %+v after %v", calls, d, share)
			}
			share = d.Share
		}
		if d := w.Discovery(); calls < 5 || d.Share != 1 || d.Keys != 6204 || d.Scanned != d.Keys {
			t.Errorf("%d calls, %+v", calls, w.Discovery())
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

// The first survey tells what it has come to before it is done, where its first keys are of all databases.
func TestSurveySoFar(t *testing.T) {
	for _, tt := range []struct {
		databases, seen int
		want            int64 // sampled; 0: nothing is told
	}{{1, tellingSample - 1, 0}, {1, tellingSample, tellingSample}, {2, tellingSample, 0}} {
		d := discovery{kinds: newKinds()}
		info := redis.ParseInfo("redis_version:7.0.0\r\n")
		for db := range tt.databases {
			info.Keyspace = append(info.Keyspace, redis.KeyspaceDB{DB: db, Keys: 100_000})
		}
		d.begin(info, 0, noon)
		for i := range tt.seen {
			d.survey.add(sampledKey{name: fmt.Sprintf("sess:%d", 10_000+i), kind: "string"})
		}
		survey := d.surveySoFar(noon)
		if (survey != nil) != (tt.want > 0) || survey != nil && (survey.Sampled != tt.want || survey.Complete || survey.Total != 100_000) {
			t.Errorf("%d databases, %d keys seen: %+v", tt.databases, tt.seen, survey)
		}
	}
}
