package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// svg is what a reader of the file finds in it.
type svg struct {
	Title string `xml:"title"`
	Style string `xml:"style"`
	Paths []struct {
		Fill string `xml:"fill,attr"`
		D    string `xml:"d,attr"`
	} `xml:"g>path"`
	Texts []struct {
		Class string `xml:"class,attr"`
		X     string `xml:"x,attr"`
		Y     int    `xml:"y,attr"`
		Text  string `xml:",chardata"`
	} `xml:"g>text"`
}

// drawing draws a screen of 12x2 and reads the file: its texts as "class: text @ x,y", its paths
// as "colour: path".
func drawing(t *testing.T, text string) (file svg, texts, paths []string) {
	t.Helper()
	var out strings.Builder
	if err := run([]string{"-size", "12x2", "-title", `a "b" & <c>`}, strings.NewReader(text), &out); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal([]byte(out.String()), &file); err != nil {
		t.Fatalf("%v in:\n%s", err, &out)
	}
	for _, e := range file.Texts {
		texts = append(texts, fmt.Sprintf("%s: %s @ %s,%d", e.Class, e.Text, e.X, e.Y))
	}
	for _, p := range file.Paths {
		paths = append(paths, p.Fill+": "+p.D)
	}
	return file, texts, paths
}

func TestDraw(t *testing.T) {
	const own, red = "#c9d1d9", "#010203"
	tests := []struct {
		name, text   string
		texts, paths []string
	}{
		{"a letter on each cell", "ab", []string{"c0: ab @ 0 8,12"}, nil},
		{"one space is part of a run, two are not", "a b  c", []string{"c0: a b @ 0 8 16,12", "c0: c @ 40,12"}, nil},
		{"a look is a class", "a\x1b[1mb\n\x1b[mc", []string{"c0: a @ 0,12", "c1: b @ 8,12", "c0: c @ 0,28"}, nil},
		{"markup", "<&>\"'", []string{"c0: <&>\"' @ 0 8 16 24 32,12"}, nil},
		{"wide, marked", "世e\u0301x", []string{"c0: 世 @ 0,12", "c0: e\u0301 @ 16,12", "c0: x @ 24,12"}, nil},
		{"a bar without gaps", "\x1b[38;2;1;2;3m██▌", nil, []string{red + ": M0 0h20v16h-20z"}},
		{"a heavy line and half a cell of it", "━━╸", nil, []string{own + ": M0 7h20v3h-20z"}},
		{"an eighth", "▏", nil, []string{own + ": M0 0h1v16h-1z"}},
		{"from the ground", "▂", nil, []string{own + ": M0 12h8v4h-8z"}},
		{"an area of dots without gaps", "⣀⣿\n⣿⣿", nil, []string{own + ": M0 12h16v20h-16zM8 0h8v12h-8z"}},
		{"one dot", "⠠", nil, []string{own + ": M4 8h4v4h-4z"}},
		{"a rule", "a───", []string{"c0: a @ 0,12"}, []string{own + ": M8 8h24v1h-24z"}},
		{"a rounded corner", " ╭", nil, []string{own + ": M8 0m4 16v-3a5 5 0 0 1 4-5v1a4 4 0 0 0-3 4v3z"}},
		{"a ground, also below spaces", "\x1b[48;2;1;2;3m a \x1b[m", []string{"c0: a @ 8,12"}, []string{red + ": M0 0h24v16h-24z"}},
		{"an underline", "\x1b[4ma b\x1b[m", []string{"c0: a b @ 0 8 16,12"}, []string{own + ": M0 14h24v1h-24z"}},
		{"reverse", "\x1b[7m█\x1b[m", nil, []string{own + ": M0 0h8v16h-8z", "#12171e: M0 0h8v16h-8z"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, texts, paths := drawing(t, tt.text)
			if d := cmp.Diff(tt.texts, texts); d != "" {
				t.Errorf("texts (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.paths, paths); d != "" {
				t.Errorf("shapes (-want +got):\n%s", d)
			}
		})
	}
}

func TestStyle(t *testing.T) {
	file, _, _ := drawing(t, "\x1b[38;2;255;255;255ma\x1b[1mb\x1b[22;2mc\x1b[22;7;3md\x1b[m")
	for _, want := range []string{".c0{fill:#ffffff}", ".c1{fill:#ffffff;font-weight:700}", ".c2{fill:#888b8e}", ".c3{fill:#12171e;font-style:italic}"} {
		if !strings.Contains(file.Style, want) {
			t.Errorf("no %s in %s", want, file.Style)
		}
	}
	if want := `a "b" & <c>`; file.Title != want {
		t.Errorf("title %q, want %q", file.Title, want)
	}
}

// TestShapesStayInTheirCell goes through all that could be a shape.
func TestShapesStayInTheirCell(t *testing.T) {
	for r := '\u2500'; r <= '\u28ff'; r++ {
		for _, part := range shape(r) {
			if part.x < 0 || part.y < 0 || part.w < 1 || part.h < 1 || part.x+part.w > cellWidth || part.y+part.h > cellHeight {
				t.Errorf("%c: %+v leaves the cell", r, part)
			}
		}
	}
}

func TestRunRefuses(t *testing.T) {
	tests := map[string][]string{
		"want two numbers":       {"-size", "120"},
		"neither dark nor light": {"-theme", "blue"},
		"outside a screen":       {"-size", "2x2"},
	}
	for want, args := range tests {
		if err := run(args, strings.NewReader("abc"), &strings.Builder{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
}

// TestPictures holds the files that the README shows to what they promise: small, whole, and in
// need of nothing else.
func TestPictures(t *testing.T) {
	files, err := filepath.Glob("../../docs/images/*.svg")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pictures in docs/images: run make pictures (%v)", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file svg
		if err := xml.Unmarshal(text, &file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(text) > 150_000 {
			t.Errorf("%s: %d bytes, over 150 kB", name, len(text))
		}
		if file.Title == "" || len(file.Texts) < 20 || len(file.Paths) == 0 {
			t.Errorf("%s: not a picture of a screen", name)
		}
		if rest := strings.ReplaceAll(string(text), "http://www.w3.org/2000/svg", ""); strings.Contains(rest, "://") || strings.Contains(rest, "<script") {
			t.Errorf("%s: needs something from elsewhere", name)
		}
		for _, e := range file.Texts {
			if strings.ContainsFunc(e.Text, unicode.IsControl) {
				t.Errorf("%s: control characters in %q", name, e.Text)
			}
		}
	}
}

// TestScript is what can be known of scripts/pictures without its two minutes.
func TestScript(t *testing.T) {
	if out, err := exec.Command("bash", "-n", "../pictures").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
