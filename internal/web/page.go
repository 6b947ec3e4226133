package web

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// builtPage is what the front end's build leaves, with index.html at its top; without a build it has none.
//
//go:embed all:page/dist
var builtPage embed.FS

// pagePolicy is the Content-Security-Policy of the page: its own scripts, styles, pictures and answers,
// nothing from elsewhere and nothing inline.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// pagePaths are the views of the page. All are the same document, whose script looks at the path.
var pagePaths = []string{"/servers/", "/clients", "/activity", "/findings", "/audit"}

const (
	indexName = "index.html"
	// hashedFolder holds the files whose names change with their content.
	hashedFolder = "assets/"
	// forever is a year, after which a cache need not believe any more.
	forever = "public, max-age=31536000, immutable"
)

// pageTypes are the content types of files by the ends of their names, and whether compressing them pays. They
// stand here because those of package mime depend on the machine.
var pageTypes = map[string]struct {
	name    string
	deflate bool
}{
	".html":        {"text/html; charset=utf-8", true},
	".js":          {"text/javascript; charset=utf-8", true},
	".css":         {"text/css; charset=utf-8", true},
	".json":        {jsonType, true},
	".map":         {jsonType, true},
	".webmanifest": {"application/manifest+json", true},
	".svg":         {"image/svg+xml", true},
	".txt":         {"text/plain; charset=utf-8", true},
	".png":         {"image/png", false},
	".ico":         {"image/x-icon", false},
	".woff2":       {"font/woff2", false},
}

// A page is the files of the front end. It is immutable.
type page struct {
	files map[string]pageFile // by their path, "assets/app-1a2b.js"
}

type pageFile struct {
	contentType string
	tag         string // of the content
	cache       string // Cache-Control
	body        *body
}

// newPage takes the files of a build; nil is the one that is built in. They lie in memory, so reading them
// does not fail.
func newPage(tree fs.FS) *page {
	p := &page{files: map[string]pageFile{}}
	top := "."
	if tree == nil {
		tree, top = builtPage, "page/dist"
	}
	fs.WalkDir(tree, top, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		text, err := fs.ReadFile(tree, file)
		name := strings.TrimPrefix(file, top+"/")
		p.files[name] = newPageFile(name, text)
		return err
	})
	return p
}

func newPageFile(name string, text []byte) pageFile {
	hash := sha256.Sum256(text)
	f := pageFile{
		contentType: "application/octet-stream",
		tag:         `"` + base64.RawURLEncoding.EncodeToString(hash[:12]) + `"`,
		cache:       revalidate,
		body:        fixed(text),
	}
	known := pageTypes[path.Ext(name)]
	if known.name != "" {
		f.contentType = known.name
	}
	if !known.deflate {
		f.body.gzipped = nil
	}
	if strings.HasPrefix(name, hashedFolder) {
		f.cache = forever
	}
	return f
}

// built says whether there is a page at all.
func (p *page) built() bool { return p.files[indexName].body != nil }

// find is the file that a path stands for.
func (p *page) find(urlPath string) (pageFile, bool) {
	name := strings.TrimPrefix(urlPath, "/")
	if urlPath == "/" || isPagePath(urlPath) {
		name = indexName
	}
	f, ok := p.files[name]
	return f, ok
}

// isPage says whether a path is answered with a file of the page: those hold no data and need no login.
func (s *Server) isPage(urlPath string) bool {
	_, ok := s.page.find(urlPath)
	return ok
}

func isPagePath(urlPath string) bool {
	for _, view := range pagePaths {
		if urlPath == view || strings.HasSuffix(view, "/") && strings.HasPrefix(urlPath, view) {
			return true
		}
	}
	return false
}

// front answers with the page, or with the overview where the page is not built in.
func (s *Server) front(w http.ResponseWriter, r *http.Request) {
	if !s.page.built() {
		s.overview(w, r)
		return
	}
	s.pageFile(w, r)
}

// pageFile answers every path that is no route's: with a file of the page, or a Problem.
func (s *Server) pageFile(w http.ResponseWriter, r *http.Request) {
	f, ok := s.page.find(r.URL.Path)
	switch {
	case ok:
		w.Header().Set("Content-Security-Policy", pagePolicy)
		sendCached(w, r, f.contentType, f.tag, f.cache, f.body)
	case isPagePath(r.URL.Path):
		problem(w, http.StatusNotFound, codeNotFound, "this program was built without the page with charts and history", howToGetPage+"; / is an overview")
	default:
		problem(w, http.StatusNotFound, codeNotFound, "there is nothing here", "/api/v1/openapi.json lists what there is")
	}
}

// howToGetPage stands on the overview and in the Problem where the page is not built in.
const howToGetPage = "make build builds it in where Node.js is installed"
