package main

import (
	"fmt"
	"image/color"

	"github.com/charmbracelet/x/ansi"
)

// theme is what a terminal decides by itself: its ground, its text and the 16 basic colours, all
// as "#rrggbb".
type theme struct {
	ground, text, border string
	basic                [16]string
}

var themes = map[string]theme{
	"dark": {
		ground: "#12171e", text: "#c9d1d9", border: "#2b333d",
		basic: [16]string{
			"#484f58", "#f0716b", "#6cc58b", "#e5b454", "#58a6ff", "#b48ede", "#56b6c2", "#c9d1d9",
			"#6e7681", "#ff9a94", "#8fe0aa", "#f2cc7c", "#8cc4f0", "#d2b3f2", "#7fd4de", "#f0f4f8",
		},
	},
	"light": {
		ground: "#ffffff", text: "#24292f", border: "#d0d7de",
		basic: [16]string{
			"#24292f", "#c4232a", "#1a7f37", "#9a5b00", "#0b5394", "#7a3fb5", "#0b7285", "#6e7781",
			"#57606a", "#a40e26", "#2da44e", "#7a4700", "#2f79b3", "#9a6bd0", "#3192aa", "#8c959f",
		},
	},
}

// hex is the colour that an SGR parameter names.
func (t theme) hex(c color.Color) string {
	switch c := c.(type) {
	case ansi.BasicColor:
		return t.basic[c%16]
	case ansi.IndexedColor:
		if c < 16 {
			return t.basic[c]
		}
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// blend mixes two colours "#rrggbb" half and half: how terminals show faint text.
func blend(a, b string) string {
	var x, y [3]int
	fmt.Sscanf(a, "#%02x%02x%02x", &x[0], &x[1], &x[2])
	fmt.Sscanf(b, "#%02x%02x%02x", &y[0], &y[1], &y[2])
	return fmt.Sprintf("#%02x%02x%02x", (x[0]+y[0])/2, (x[1]+y[1])/2, (x[2]+y[2])/2)
}
