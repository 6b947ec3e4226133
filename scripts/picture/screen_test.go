package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPen(t *testing.T) {
	dark := themes["dark"]
	tests := []struct {
		name, codes string
		want        pen
	}{
		{"none", "", pen{}},
		{"basic", "\x1b[31;44m", pen{fg: dark.basic[1], bg: dark.basic[4]}},
		{"bright", "\x1b[91;107m", pen{fg: dark.basic[9], bg: dark.basic[15]}},
		{"256: a basic one", "\x1b[38;5;9m", pen{fg: dark.basic[9]}},
		{"256: the cube", "\x1b[38;5;208;48;5;17m", pen{fg: "#ff8700", bg: "#00005f"}},
		{"256: the grays", "\x1b[48;5;235m", pen{bg: "#262626"}},
		{"256 by colons", "\x1b[38:5:208m", pen{fg: "#ff8700"}},
		{"truecolor", "\x1b[38;2;1;2;3;48;2;254;255;0m", pen{fg: "#010203", bg: "#feff00"}},
		{"truecolor by colons", "\x1b[38:2::1:2:3m", pen{fg: "#010203"}},
		{"after a colour", "\x1b[38;5;208;1m", pen{fg: "#ff8700", bold: true}},
		{"the underline's colour is not the text's", "\x1b[58;5;1;7m", pen{reverse: true}},
		{"cut short", "\x1b[1;38;5m", pen{bold: true}},
		{"attributes", "\x1b[1;2;3;4;7m", pen{bold: true, faint: true, italic: true, underline: true, reverse: true}},
		{"a curly underline", "\x1b[4:3m", pen{underline: true}},
		{"no underline", "\x1b[4m\x1b[4:0m", pen{}},
		{"bold and faint end as one", "\x1b[1;2;3m\x1b[22m", pen{italic: true}},
		{"each ends", "\x1b[3;4;7;31;41m\x1b[23;24;27;39;49m", pen{}},
		{"reset", "\x1b[1;31m\x1b[m", pen{}},
		{"reset in the middle", "\x1b[1;31;0;3m", pen{italic: true}},
		{"other codes", "\x1b[1m\x1b[2K\x1b]0;title\x07\x1b[5m", pen{bold: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := parse(tt.codes+"x", 1, 1, dark)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(cell{"x", tt.want}, s.cells[0], cmp.AllowUnexported(cell{}, pen{})); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestCells wants every character on its place: wide ones take two, a mark none of its own, and a
// colour lasts into the next line.
func TestCells(t *testing.T) {
	s, err := parse("a世e\u0301\n\x1b[31mb\nc", 4, 3, themes["light"])
	if err != nil {
		t.Fatal(err)
	}
	red := pen{fg: themes["light"].basic[1]}
	want := []cell{
		{text: "a"}, {text: "世"}, {}, {text: "e\u0301"},
		{text: "b", pen: red}, {}, {}, {},
		{text: "c", pen: red}, {}, {}, {},
	}
	if d := cmp.Diff(want, s.cells, cmp.AllowUnexported(cell{}, pen{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestAnotherSize(t *testing.T) {
	for _, text := range []string{"abcd", "a\nb\nc", "ab世"} {
		if _, err := parse(text, 3, 2, themes["dark"]); err == nil || !strings.Contains(err.Error(), "outside a screen of 3x2") {
			t.Errorf("%q on a screen of 3x2: %v", text, err)
		}
	}
}

// TestErasedToTheEnd wants the ground of the last character to go on where tmux wrote no more.
func TestErasedToTheEnd(t *testing.T) {
	s, err := parse("\x1b[1;4;44ma\n\x1b[0mb\x1b[7mc\n", 3, 2, themes["dark"])
	if err != nil {
		t.Fatal(err)
	}
	blue := themes["dark"].basic[4]
	want := []cell{
		{text: "a", pen: pen{bg: blue, bold: true, underline: true}}, {pen: pen{bg: blue}}, {pen: pen{bg: blue}},
		{text: "b"}, {text: "c", pen: pen{reverse: true}}, {},
	}
	if d := cmp.Diff(want, s.cells, cmp.AllowUnexported(cell{}, pen{})); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
