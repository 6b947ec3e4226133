package tui

import (
	"math"
	"strconv"
	"testing"
)

// TestContrast holds every theme to the contrast of WCAG 2.1: 4.5 for text, 3 for bars and graphs, on
// whatever ground they stand. The ground of the screen is the terminal's own: pictures of a dark one
// and of a light one stand for it.
func TestContrast(t *testing.T) {
	for name, own := range map[string]string{"dark": "#14181e", "light": "#ffffff"} {
		th := themes[name]
		for g := range numGrounds {
			behind := own
			if th.grounds[g].color != "" {
				behind = th.grounds[g].color
			}
			for st := range numStyles {
				least := 4.5
				switch st {
				case styleFaint: // rules
					continue
				case styleBar, styleGraph:
					least = 3
				}
				if got := contrast(t, th.looks[st].color, behind); got < least {
					t.Errorf("%s: style %d %s on %s (ground %d) has a contrast of %.2f, want %.1f", name, st, th.looks[st].color, behind, g, got, least)
				}
			}
		}
	}
}

// contrast of two colours "#rrggbb", 1 to 21, as WCAG 2.1 defines it.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// TestRulesAreNotText: the colour of rules is too weak to be read.
func TestRulesAreNotText(t *testing.T) {
	everyScreen(200, 60, func(name string, v *view) {
		v.width, v.height = 200, 60
		for _, c := range v.render().cells {
			if c.style == styleFaint && c.text != "" && c.text != " " && c.text != "─" {
				t.Fatalf("%s: %q in the colour of rules", name, c.text)
			}
		}
	})
}
