package web

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"redistop/internal/stats"
)

type object = map[string]any

// enums are the values of string types.
var enums = map[reflect.Type][]string{
	reflect.TypeFor[stats.LinkState]():     {"connecting", "up", "stalled", "loading", "busy", "down", "denied"},
	reflect.TypeFor[stats.Severity]():      {"info", "warning", "critical"},
	reflect.TypeFor[stats.Confidence]():    {"certain", "likely", "possible"},
	reflect.TypeFor[stats.OfflineReason](): {"killed", "timeout", "output-buffer", "query-buffer", "evicted", "server-restart", "unknown"},
	reflect.TypeFor[stats.ChangeKind]():    {"state", "restart", "version", "role", "config", "replica", "finding", "action", "users", "watching"},
	reflect.TypeFor[stats.UseKind]():       {"cache", "sessions", "job-queue", "pubsub", "stream", "link", "locks", "rate-limits", "counters", "rankings", "data-store", "unknown"},
	reflect.TypeFor[stats.ConsumerState](): {"active", "idle", "stuck", "dead"},
}

// schemas makes the schemas of Go types, with the comments of their fields as descriptions.
type schemas struct {
	comments   map[string]string // "stats.Memory.Used" and "stats.Memory"
	components object
}

// of is the schema of a type. Structs become components.
func (s *schemas) of(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case enums[t] != nil:
		return object{"type": "string", "enum": enums[t]}
	case isMaybe(t):
		return s.of(t.Field(0).Type)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Slice:
		items := s.of(t.Elem())
		if isMaybe(t.Elem()) {
			items["type"] = []any{items["type"], "null"} // what is not known keeps its place
		}
		return object{"type": "array", "items": items}
	case reflect.Map:
		if kind := t.Elem().Kind(); kind == reflect.String || kind == reflect.Struct {
			return object{"type": "object", "additionalProperties": s.of(t.Elem())}
		}
		return object{"type": "object"}
	case reflect.Struct:
		s.component(t)
		return object{"$ref": "#/components/schemas/" + t.Name()}
	}
	panic("no schema for " + t.String())
}

func isMaybe(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() == 2 && t.Field(1).Name == "ok"
}

func (s *schemas) component(t reflect.Type) {
	if s.components[t.Name()] != nil {
		return
	}
	schema := object{"type": "object"}
	s.components[t.Name()] = schema
	if about := s.comments[t.String()]; about != "" {
		schema["description"] = about
	}
	properties, required := object{}, []string{}
	s.fields(t, properties, &required)
	schema["properties"] = properties
	if len(required) > 0 {
		slices.Sort(required)
		schema["required"] = required
	}
}

func (s *schemas) fields(t reflect.Type, properties object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			s.fields(f.Type, properties, required)
			continue
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		kind := f.Type
		if kind == reflect.TypeFor[[]json.RawMessage]() {
			kind = reflect.TypeFor[[]Observation]() // encoded once, see LastObservation
		}
		property := s.of(kind)
		if about := s.comments[t.String()+"."+f.Name]; about != "" {
			property["description"] = about
		}
		if !strings.Contains(options, "omit") {
			*required = append(*required, name)
			if f.Type.Kind() == reflect.Slice && !slices.Contains([]string{"web", "history"}, path.Base(t.PkgPath())) {
				property["type"] = []string{"array", "null"} // a list that nobody filled
			}
		}
		properties[name] = property
	}
}

// commentsOf reads what is said of the types and fields of a package.
func commentsOf(t *testing.T, folder string, into map[string]string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range tree.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.TYPE {
				continue
			}
			for _, spec := range group.Specs {
				typed := spec.(*ast.TypeSpec)
				name := tree.Name.Name + "." + typed.Name.Name
				into[name] = oneSpace(group.Doc.Text())
				if fields, ok := typed.Type.(*ast.StructType); ok {
					for _, f := range fields.Fields.List {
						for _, n := range f.Names {
							into[name+"."+n.Name] = oneSpace(f.Doc.Text() + f.Comment.Text())
						}
					}
				}
			}
		}
	}
}

func oneSpace(s string) string { return strings.Join(strings.Fields(s), " ") }

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

// document is the OpenAPI document of the routes.
func document(t *testing.T) object {
	s := &schemas{comments: map[string]string{}, components: object{}}
	commentsOf(t, ".", s.comments)
	commentsOf(t, filepath.Join("..", "stats"), s.comments)
	commentsOf(t, filepath.Join("..", "history"), s.comments)
	failed := object{"description": "Why there is no answer", "content": object{"application/problem+json": object{"schema": s.of(reflect.TypeFor[Problem]())}}}
	paths := object{}
	for _, r := range routes() {
		content := object{"schema": object{"type": "string"}}
		if r.answer != nil {
			content["schema"] = s.of(reflect.TypeOf(r.answer))
		}
		for _, e := range r.events {
			s.of(reflect.TypeOf(e))
		}
		operation := object{
			"summary":     r.summary,
			"operationId": strings.Trim(regexp.MustCompile(`\W+`).ReplaceAllString(strings.TrimPrefix(r.path, "/api/v1"), "_"), "_"),
			"responses": object{
				"200":     object{"description": "The answer", "content": object{r.produce: content}},
				"304":     object{"description": "What If-None-Match names is still the answer"},
				"default": failed,
			},
		}
		if r.path == "/" {
			operation["operationId"] = "page"
		}
		if r.path == "/readyz" {
			operation["responses"].(object)["503"] = operation["responses"].(object)["200"]
		}
		if r.open || r.enters {
			operation["security"] = []object{{}}
		}
		var parameters []object
		for _, m := range pathParameter.FindAllStringSubmatch(r.path, -1) {
			parameters = append(parameters, object{"name": m[1], "in": "path", "required": true, "description": "Of the server, as /api/v1/servers lists it.", "schema": object{"type": "string"}})
		}
		for _, p := range r.query {
			parameters = append(parameters, p.document())
		}
		if r.method != "" {
			delete(operation["responses"].(object), "304")
		}
		if r.method != "" && !r.enters {
			parameters = append(parameters, object{"name": csrfHeader, "in": "header", "schema": object{"type": "string"},
				"description": "As /api/v1/about or /api/v1/login gives it; not needed with Authorization."})
		}
		if r.body != nil {
			operation["requestBody"] = object{"required": true, "content": object{jsonType: object{"schema": s.of(reflect.TypeOf(r.body))}}}
		}
		if parameters != nil {
			operation["parameters"] = parameters
		}
		paths[r.path] = object{map[string]string{"": "get", http.MethodPost: "post"}[r.method]: operation}
	}
	return object{
		"openapi": "3.1.0",
		"info": object{"title": "redistop web", "version": "1",
			"description": "What redistop knows of the servers that it watches. Nothing can be changed unless it was started with --allow-actions. " +
				"A fact that is not known is absent, never 0. An event is named observation or snapshot, and its data is an Observation or a Snapshot on one line. " +
				"Names may be added to what is here; none is taken away or changes its meaning within v1."},
		"paths":    paths,
		"security": []object{{}, {"bearer": []string{}}, {"basic": []string{}}, {"session": []string{}}},
		"components": object{"schemas": s.components, "securitySchemes": object{
			"bearer": object{"type": "http", "scheme": "bearer"},
			"basic":  object{"type": "http", "scheme": "basic"},
			"session": object{"type": "apiKey", "in": "cookie", "name": "redistop",
				"description": "Set by /api/v1/login; the name has the port behind it, and under TLS __Host- before it."},
		}},
	}
}

func (p parameter) document() object {
	schema := object{"type": p.kind}
	if p.values != nil {
		schema["enum"] = p.values
	}
	if p.repeats {
		schema = object{"type": "array", "items": schema}
	}
	return object{"name": p.name, "in": "query", "description": p.about, "schema": schema}
}

// TestOpenAPIDocument holds that the document is the one of the code; -update writes it.
func TestOpenAPIDocument(t *testing.T) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(document(t)); err != nil {
		t.Fatal(err)
	}
	compare(t, "openapi.json", b.Bytes())
}

// TestEnums holds the lists of values against the constants in the source.
func TestEnums(t *testing.T) {
	constants := map[string][]string{}
	files, err := filepath.Glob("../stats/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err, fs.ErrNotExist)
	}
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
				if typed, ok := v.Type.(*ast.Ident); ok {
					if lit, ok := v.Values[0].(*ast.BasicLit); ok {
						constants[typed.Name] = append(constants[typed.Name], strings.Trim(lit.Value, `"`))
					}
				}
			}
			return true
		})
	}
	for typed, values := range enums {
		if !slices.Equal(constants[typed.Name()], values) {
			t.Errorf("%s: the document has %q, the code %q", typed, values, constants[typed.Name()])
		}
	}
}
