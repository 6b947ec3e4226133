package messaging

import (
	"fmt"
	"testing"
)

// Of a pattern whose keys were all of one type few are asked, of what is sought all.
func TestKindsOfPatterns(t *testing.T) {
	asked := func(n int, kind func(i int) string) (asked int) {
		var k kinds
		for i := range n {
			if _, sure := k.guess(0, "p:*"); !sure {
				asked++
				k.saw(0, "p:*", kind(i))
			}
		}
		return asked
	}
	is := func(kind string) func(int) string { return func(int) string { return kind } }
	if n := asked(10_000, is("string")); n < sureAfter || n > 300 {
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
	var k kinds
	for i := range 2 * mostKinds {
		k.saw(0, fmt.Sprint(i), "string")
	}
	if len(k.of) != mostKinds {
		t.Errorf("%d patterns are remembered", len(k.of))
	}
}
