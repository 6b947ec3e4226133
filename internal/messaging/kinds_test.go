package messaging

import (
	"fmt"
	"testing"
)

// Of a pattern whose keys were all of one type few are asked, of what is sought all.
func TestKindsOfPatterns(t *testing.T) {
	asked := func(n int, kind func(i int) string) (asked int) {
		k := newKinds()
		for i := range n {
			if _, sure := k.guess(place{0, fmt.Sprint("p:", i)}, "p:*", 1); !sure {
				asked++
				k.saw(0, "p:*", kind(i))
			}
		}
		return asked
	}
	is := func(kind string) func(int) string { return func(int) string { return kind } }
	if n := asked(10_000, is("string")); n < 150 || n > 330 {
		t.Errorf("of 10,000 strings %d were asked", n)
	}
	for _, kind := range []string{"list", "stream", "zset"} {
		if n := asked(1000, is(kind)); n != 1000 {
			t.Errorf("of 1,000 of type %s %d were asked", kind, n)
		}
	}
	mixed := func(i int) string { return map[bool]string{true: "list", false: "string"}[i%50 == 49] }
	if n := asked(1000, mixed); n != 1000 {
		t.Errorf("of a pattern with lists among strings %d were asked", n)
	}
	k := newKinds()
	for i := range 2 * mostKinds {
		k.saw(0, fmt.Sprint(i), "string")
	}
	if len(k.of) != mostKinds {
		t.Errorf("%d patterns are remembered", len(k.of))
	}
}

// After as many passes as a guess has turns each key was asked once, whatever its pattern's keys were so far.
func TestEachKeyHasItsTurn(t *testing.T) {
	k := newKinds()
	for range sureAfter {
		k.saw(0, "session:*", "string")
	}
	asked := map[string]int{}
	for pass := range askOneOf {
		for i := range 1000 {
			name := fmt.Sprint("session:", i)
			if _, sure := k.guess(place{0, name}, "session:*", pass); !sure {
				asked[name]++
			}
		}
	}
	for i := range 1000 {
		if n := asked[fmt.Sprint("session:", i)]; n != 1 {
			t.Fatalf("session:%d was asked %d times", i, n)
		}
	}
}
