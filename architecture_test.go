package main_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// mayImport is the map of the house: which of our packages each may import, all else is
// forbidden. The root (package main) may import all of them but redistest, which belongs to the
// tests, the demo and the benchmarks. Package redis holds words, not a source: a reader may use them.
var mayImport = map[string][]string{
	"redis":     {},
	"sketch":    {},
	"stats":     {"redis", "sketch"},
	"doctor":    {"stats", "redis"},
	"usage":     {"stats", "redis"},
	"presence":  {"stats"},
	"server":    {"redis", "stats"},
	"monitor":   {"redis", "stats", "server"},
	"capture":   {"redis", "stats"},
	"keys":      {"redis", "sketch", "server"},
	"messaging": {"redis", "stats", "server", "usage"}, // usage knows whose queue a key is
	"canary":    {"redis", "sketch", "stats", "server"},
	"observe":   {"redis", "stats", "server", "monitor", "capture", "messaging", "canary", "doctor", "usage"},
	"history":   {"stats", "presence"},
	"export":    {"redis", "stats", "history"},
	"tui":       {"redis", "stats", "doctor", "usage"},
	"web":       {"redis", "stats", "doctor", "usage", "presence", "history"},
	"fleet":     {"stats", "doctor", "server", "observe"},
	"demo":      {},
	"redistest": {},
	"bench":     {"redis", "stats", "presence"}, // the programs beside internal; like the demo, they start servers
}

// pure packages take the time as an argument: no sockets, no clocks, no goroutines.
var pure = []string{"redis", "sketch", "stats", "doctor", "usage", "presence"}

const (
	maxFileLines     = 500
	maxFunctionLines = 80
)

func TestHouse(t *testing.T) {
	house := os.DirFS(".")
	if _, err := fs.Stat(house, "internal/redis/doc.go"); err != nil {
		t.Fatalf("the test does not see the tree: %v", err)
	}
	for _, complaint := range inspect(t, house) {
		t.Error(complaint)
	}
}

// goFile is one parsed file. folder is its package's top folder under internal, "" for the root.
type goFile struct {
	name, folder string
	test         bool
	fset         *token.FileSet
	ast          *ast.File
}

func (f goFile) complain(pos token.Pos, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", f.name, f.fset.Position(pos).Line, fmt.Sprintf(format, args...))
}

// inspect returns what is wrong in a tree; each complaint says what to do.
func inspect(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{".git", ".servers", "dist", "node_modules"}, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		found = append(found, inspectText(name, text)...)
		if path.Ext(name) != ".go" || strings.Contains(name, "testdata/") {
			return nil
		}
		f := goFile{name: name, folder: topFolder(path.Dir(name)), test: strings.HasSuffix(name, "_test.go"), fset: token.NewFileSet()}
		if f.ast, err = parser.ParseFile(f.fset, name, text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
			return err
		}
		for _, rule := range []func(goFile) []string{imports, purity, declarations, packageName, buildTags} {
			found = append(found, rule(f)...)
		}
		if lines := bytes.Count(text, []byte("\n")); lines > maxFileLines {
			found = append(found, fmt.Sprintf("%s: %d lines, over %d: split it by what its parts are for", name, lines, maxFileLines))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func topFolder(dir string) string {
	rest, ok := strings.CutPrefix(dir, "internal/")
	if !ok {
		if dir == "bench" || strings.HasPrefix(dir, "bench/") {
			return "bench"
		}
		return ""
	}
	top, _, _ := strings.Cut(rest, "/")
	return top
}

func imports(f goFile) (found []string) {
	allowed, known := mayImport[f.folder]
	if f.folder != "" && !known {
		return []string{f.name + ": a package that mayImport does not know: put the code where it belongs, or give the package a row"}
	}
	for _, spec := range f.ast.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has refused it
		}
		ours, ok := strings.CutPrefix(target, "redistop/internal/")
		if !ok {
			continue
		}
		ours = topFolder("internal/" + ours)
		switch {
		case ours == f.folder:
		case ours == "redistest":
			if !f.test && f.folder != "demo" && f.folder != "bench" && f.name != "demo.go" {
				found = append(found, f.complain(spec.Pos(), "imports redistest: only tests, the demo and the benchmarks start servers; move this into one of them"))
			}
		case f.folder != "" && !slices.Contains(allowed, ours):
			found = append(found, f.complain(spec.Pos(), "%s imports %s: it may import %v; pass a value or a function in, or declare the methods that it needs as an interface of its own", f.folder, ours, allowed))
		}
	}
	return found
}

// clock is what package time offers beside words; words is what package net offers beside sockets.
var (
	clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	words = []string{"SplitHostPort", "JoinHostPort", "ParseIP", "ParseCIDR", "IP", "IPNet"}
)

func purity(f goFile) (found []string) {
	if f.test || !slices.Contains(pure, f.folder) {
		return nil
	}
	for _, spec := range f.ast.Imports {
		switch p, _ := strconv.Unquote(spec.Path.Value); p {
		case "net/http", "os", "os/exec", "os/signal", "syscall", "sync":
			found = append(found, f.complain(spec.Pos(), "%s imports %s: it is pure; let the caller read and lock, and hand the values in", f.folder, p))
		}
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, f.complain(n.Pos(), "%s starts a goroutine: it is pure; let the caller do so", f.folder))
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if ok && x.Name == "time" && slices.Contains(clock, n.Sel.Name) {
				found = append(found, f.complain(n.Pos(), "%s reads the clock by time.%s: it is pure; take the time as an argument", f.folder, n.Sel.Name))
			}
			if ok && x.Name == "net" && !slices.Contains(words, n.Sel.Name) {
				found = append(found, f.complain(n.Pos(), "%s uses net.%s: it is pure; of package net it may only take addresses apart", f.folder, n.Sel.Name))
			}
		}
		return true
	})
	return found
}

func declarations(f goFile) (found []string) {
	for _, decl := range f.ast.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if fn.Name.Name == "init" && fn.Recv == nil {
			found = append(found, f.complain(fn.Pos(), "func init: write the thing into the one visible list that holds its like"))
		}
		lines := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1
		if !f.test && lines > maxFunctionLines {
			found = append(found, f.complain(fn.Pos(), "%s has %d lines, over %d: give its steps names", fn.Name.Name, lines, maxFunctionLines))
		}
	}
	return found
}

func packageName(f goFile) []string {
	name := strings.TrimSuffix(f.ast.Name.Name, "_test")
	if slices.Contains([]string{"util", "utils", "common", "base", "models", "helper", "helpers", "misc", "shared"}, name) {
		return []string{f.complain(f.ast.Name.Pos(), "package %s: name the package for what it provides", name)}
	}
	return nil
}

func buildTags(f goFile) (found []string) {
	if !f.test {
		return nil
	}
	for _, group := range f.ast.Comments {
		for _, c := range group.List {
			if c.Pos() < f.ast.Package && (strings.HasPrefix(c.Text, "//go:build") || strings.HasPrefix(c.Text, "// +build")) {
				found = append(found, f.complain(c.Pos(), "a test behind a build tag is a test that nobody runs: remove the tag, and skip at run time with the reason where it cannot run"))
			}
		}
	}
	return found
}

// inspectText finds what belongs to one machine or one registry. A "~" in the lists stands for
// the character that would make this file complain of itself.
func inspectText(name string, text []byte) (found []string) {
	if bytes.IndexByte(text, 0) >= 0 {
		return nil // not text
	}
	for _, p := range []string{"~work~", "~root~"} {
		p = strings.ReplaceAll(p, "~", "/")
		if at := bytes.Index(text, []byte(p)); at >= 0 {
			found = append(found, fmt.Sprintf("%s:%d: names %s, a folder of one machine: use a path relative to the module", name, lineAt(text, at), p))
		}
	}
	registries := []string{
		"proxy~golang~org", "sum~golang~org", "registry~npmjs~org", "deb~debian~org", "security~debian~org",
		"archive~ubuntu~com", "pypi~org", "files~pythonhosted~org", "crates~io", "rubygems~org", "ghcr~io", "docker~io",
	}
	for _, host := range registries {
		host = strings.ReplaceAll(host, "~", ".")
		if at := bytes.Index(text, []byte(host)); at >= 0 {
			found = append(found, fmt.Sprintf("%s:%d: names the registry %s: take it from the machine's own settings when it is needed", name, lineAt(text, at), host))
		}
	}
	return found
}

func lineAt(text []byte, at int) int { return 1 + bytes.Count(text[:at], []byte("\n")) }

// TestInspectRefuses holds the rules themselves: each of these trees must be refused, for one reason.
func TestInspectRefuses(t *testing.T) {
	long := func(head, line string, n int, end string) string { return head + strings.Repeat(line, n) + end }
	tests := []struct{ name, file, text, want string }{
		{"a reader imports a source", "internal/tui/a.go", "package tui\nimport _ \"redistop/internal/server\"\n", "internal/tui/a.go:2: tui imports server"},
		{"a test does too", "internal/tui/a_test.go", "package tui_test\nimport _ \"redistop/internal/server\"\n", "tui imports server"},
		{"a nested package is bound too", "internal/web/page/a.go", "package page\nimport _ \"redistop/internal/tui\"\n", "web imports tui"},
		{"a nested package is forbidden too", "internal/redis/a.go", "package redis\nimport _ \"redistop/internal/stats/x\"\n", "redis imports stats"},
		{"a verb imports redistest", "top.go", "package main\nimport _ \"redistop/internal/redistest\"\n", "top.go:2: imports redistest"},
		{"a package imports redistest", "internal/server/a.go", "package server\nimport _ \"redistop/internal/redistest\"\n", "imports redistest"},
		{"redistest imports a package", "internal/redistest/a.go", "package redistest\nimport _ \"redistop/internal/redis\"\n", "redistest imports redis"},
		{"a benchmark looks inside", "bench/cost/a.go", "package main\nimport _ \"redistop/internal/server\"\n", "bench imports server"},
		{"an unknown package", "internal/x/a.go", "package x\n", "does not know"},
		{"a bad name", "internal/web/util/a.go", "package util\n", "package util: name"},
		{"a clock", "internal/stats/a.go", "package stats\nimport \"time\"\nvar t = time.Now()\n", "time.Now"},
		{"a socket", "internal/redis/a.go", "package redis\nimport \"net\"\nvar _, _ = net.Dial(\"tcp\", \"\")\n", "redis uses net.Dial"},
		{"a file", "internal/redis/a.go", "package redis\nimport _ \"os\"\n", "redis imports os"},
		{"a goroutine", "internal/doctor/a.go", "package doctor\nfunc f() {\n\tgo f()\n}\n", "a.go:3: doctor starts a goroutine"},
		{"an init", "main.go", "package main\nfunc init() {}\n", "func init"},
		{"a long function", "main.go", long("package main\nfunc f() {\n", "\tf()\n", 79, "}\n"), "f has 81 lines"},
		{"a long file", "main.go", long("package main\n", "// x\n", 500, ""), "501 lines"},
		{"a long test file", "main_test.go", long("package main\n", "// x\n", 500, ""), "501 lines"},
		{"a tagged test", "main_test.go", "//go:build slow\n\npackage main\n", "behind a build tag"},
		{"a local path", "docs/a.md", "see\n/" + "work/main\n", "docs/a.md:2: names"},
		{"a registry", "Makefile", "all:\n\tcurl registry.npmjs" + ".org\n", "Makefile:2: names the registry"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := inspect(t, fstest.MapFS{tt.file: {Data: []byte(tt.text)}})
			if len(got) != 1 || !strings.Contains(got[0], tt.want) {
				t.Errorf("want one complaint with %q, got %q", tt.want, got)
			}
		})
	}
}

// TestInspectAccepts holds that the rules leave in peace what stands close to the forbidden.
func TestInspectAccepts(t *testing.T) {
	tests := map[string]string{
		"demo.go":                     "package main\nimport _ \"redistop/internal/redistest\"\n",
		"bench/cost/a.go":             "package main\nimport _ \"redistop/internal/redistest\"\nimport _ \"redistop/internal/redis\"\n",
		"internal/demo/traffic.go":    "package demo\nimport _ \"redistop/internal/redistest\"\n",
		"internal/stats/addr.go":      "package stats\nimport \"net\"\nvar a = net.JoinHostPort(\"h\", \"1\")\n",
		"web.go":                      "package main\nimport _ \"redistop/internal/web\"\nfunc f() {\n" + strings.Repeat("\tf()\n", 78) + "}\n",
		"internal/server/a_test.go":   "package server_test\nimport _ \"redistop/internal/redistest\"\nimport _ \"redistop/internal/server\"\n",
		"internal/server/a_linux.go":  "//go:build linux\n\npackage server\nimport \"time\"\nvar t = time.Now()\n",
		"internal/stats/b.go":         "package stats\nimport \"time\"\nvar t = time.Unix(1, 0)\ntype s struct{}\nfunc (s) init() {}\n",
		"internal/stats/long_test.go": "package stats\nfunc f() {\n" + strings.Repeat("\tf()\n", 100) + "\tgo f()\n}\n",
		"internal/web/testdata/a.go":  "not Go at all\n",
		".servers/x/notes":            "/" + "root/\n",
		"redistop":                    "\x00/" + "root/\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if got := inspect(t, fstest.MapFS{name: {Data: []byte(text)}}); len(got) > 0 {
				t.Errorf("refused: %q", got)
			}
		})
	}
}
