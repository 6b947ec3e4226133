package tui

import (
	"image/color"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// style is the meaning of a piece of text; a theme says how it looks.
type style uint8

const (
	styleText   style = iota
	styleDim          // labels, units, what can wait
	styleFaint        // rules; never text
	styleStrong       // the figures to look at first
	styleTitle        // panel titles
	styleFocus        // the title of the panel that keys act on
	styleHeader       // column titles
	styleSorted       // the title of the column that a table is sorted by
	styleGood
	styleWarn
	styleBad
	styleLoud // a state that nobody may miss
	styleBar
	styleGraph
	styleCursor // the moment of the history that is shown
	styleKey    // keys in hints and help
	styleName   // names of commands, addresses
	numStyles
)

// ground is what lies behind a piece of text.
type ground uint8

const (
	groundNone ground = iota
	groundSelected
	groundTitle
	numGrounds
)

// A look is one line of a theme: colours as "#rrggbb", empty for the terminal's own.
type look struct {
	color                     string
	bold, faint, reverse, und bool
}

// theme is a complete set of looks and, made from it, the escape codes.
type theme struct {
	name    string
	looks   [numStyles]look
	grounds [numGrounds]look // color is the background
	codes   [numGrounds][numStyles]string
}

// themeNames in the order that the key walks through.
var themeNames = []string{"dark", "light", "none"}

// themes by name. Colours carry meaning: one for names, one for activity, three for severity.
var themes = map[string]*theme{
	"dark": compile(theme{
		name: "dark",
		looks: [numStyles]look{
			styleText:   {color: "#c9d1d9"},
			styleDim:    {color: "#929dab"},
			styleFaint:  {color: "#3d4654"},
			styleStrong: {color: "#f0f4f8", bold: true},
			styleTitle:  {color: "#aab4bf"},
			styleFocus:  {color: "#f0f4f8", bold: true},
			styleHeader: {color: "#929dab"},
			styleSorted: {color: "#c9d1d9", bold: true},
			styleGood:   {color: "#6cc58b"},
			styleWarn:   {color: "#e5b454"},
			styleBad:    {color: "#f27d77", bold: true},
			styleLoud:   {color: "#f27d77", bold: true, reverse: true},
			styleBar:    {color: "#4f8fc0"},
			styleGraph:  {color: "#56b6c2"},
			styleCursor: {color: "#e5b454", bold: true},
			styleKey:    {color: "#e5b454"},
			styleName:   {color: "#8cc4f0"},
		},
		grounds: [numGrounds]look{groundSelected: {color: "#253142"}, groundTitle: {color: "#1c232d"}},
	}),
	"light": compile(theme{
		name: "light",
		looks: [numStyles]look{
			styleText:   {color: "#24292f"},
			styleDim:    {color: "#57616c"},
			styleFaint:  {color: "#c4cad1"},
			styleStrong: {color: "#000000", bold: true},
			styleTitle:  {color: "#444c56"},
			styleFocus:  {color: "#000000", bold: true},
			styleHeader: {color: "#57616c"},
			styleSorted: {color: "#24292f", bold: true},
			styleGood:   {color: "#166b2e"},
			styleWarn:   {color: "#8a5200"},
			styleBad:    {color: "#b81f26", bold: true},
			styleLoud:   {color: "#b81f26", bold: true, reverse: true},
			styleBar:    {color: "#2f79b3"},
			styleGraph:  {color: "#0b7285"},
			styleCursor: {color: "#8a5200", bold: true},
			styleKey:    {color: "#8a5200"},
			styleName:   {color: "#0b5394"},
		},
		grounds: [numGrounds]look{groundSelected: {color: "#d3e3f5"}, groundTitle: {color: "#edf0f3"}},
	}),
	"none": compile(theme{
		name: "none",
		looks: [numStyles]look{
			styleDim: {faint: true}, styleFaint: {faint: true}, styleStrong: {bold: true}, styleFocus: {bold: true, und: true},
			styleHeader: {faint: true}, styleSorted: {bold: true}, styleWarn: {bold: true}, styleBad: {bold: true},
			styleLoud: {bold: true, reverse: true}, styleCursor: {bold: true}, styleKey: {bold: true},
		},
		grounds: [numGrounds]look{groundSelected: {reverse: true}},
	}),
}

// compile makes the escape codes of every pair of ground and style. Each begins with a reset, so
// that a code alone decides how its text looks.
func compile(t theme) *theme {
	for g := range numGrounds {
		for st := range numStyles {
			code := ansi.NewStyle().Reset()
			if t.grounds[g].color != "" {
				code = code.BackgroundColor(hex(t.grounds[g].color))
			}
			look := t.looks[st]
			if look.color != "" {
				code = code.ForegroundColor(hex(look.color))
			}
			if look.bold {
				code = code.Bold()
			}
			if look.faint && !t.grounds[g].reverse {
				code = code.Faint()
			}
			if look.und {
				code = code.Underline(true)
			}
			if look.reverse || t.grounds[g].reverse {
				code = code.Reverse(true)
			}
			t.codes[g][st] = code.String()
		}
	}
	return &t
}

func hex(s string) color.Color { return lipgloss.Color(s) }

// themeFor finds a theme by the user's word; "auto" follows the terminal's background.
func themeFor(word string, dark bool) *theme {
	if t, ok := themes[word]; ok {
		return t
	}
	if dark {
		return themes["dark"]
	}
	return themes["light"]
}
