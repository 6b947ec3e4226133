package redistest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Binary is a server program that can be run. It is immutable.
type Binary struct {
	Path    string   // the program, or the dynamic loader that runs it
	Args    []string // what stands before the server's own arguments
	Flavor  string   // "redis" or "valkey"
	Version string   // "7.0.15"
}

// String returns flavor and version: "redis 7.0.15".
func (b Binary) String() string { return b.Flavor + " " + b.Version }

// Series returns the version's first two numbers: "7.0".
func (b Binary) Series() string {
	parts := strings.SplitN(b.Version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// Installed returns the servers on PATH, redis-server first. A program that does not tell its
// version is left out.
func Installed() []Binary {
	var found []Binary
	for _, name := range []string{"redis-server", "valkey-server"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		b, err := Identify(path)
		if err != nil || len(found) > 0 && found[0].String() == b.String() {
			continue // Debian's valkey-redis-compat gives one server both names
		}
		found = append(found, b)
	}
	return found
}

// Fetched returns the servers that scripts/servers left in the folder .servers of the module that
// holds the working directory. Each lies there with the libraries and the dynamic loader of its
// own release, so that it runs on an older system too.
func Fetched() []Binary {
	root, err := moduleRoot()
	if err != nil {
		return nil
	}
	return fetchedIn(filepath.Join(root, ".servers"))
}

func fetchedIn(folder string) []Binary {
	entries, _ := os.ReadDir(folder) // sorted; a missing folder holds none
	var found []Binary
	for _, e := range entries {
		flavor, version, ok := strings.Cut(e.Name(), "-")
		dir := filepath.Join(folder, e.Name())
		loader, program := filepath.Join(dir, "lib", "ld.so"), filepath.Join(dir, "bin", flavor+"-server")
		if !ok || !isFile(loader) || !isFile(program) {
			continue
		}
		found = append(found, Binary{
			Path:   loader,
			Args:   []string{"--library-path", filepath.Join(dir, "lib"), program},
			Flavor: flavor, Version: version,
		})
	}
	return found
}

// "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 ..."
var versionLine = regexp.MustCompile(`^(\w+) server v=(\d[\w.]*)`)

// Identify asks a server program for its flavor and version.
func Identify(path string) (Binary, error) {
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return Binary{}, fmt.Errorf("run %s --version: %w", path, err)
	}
	m := versionLine.FindStringSubmatch(string(out))
	if m == nil {
		return Binary{}, fmt.Errorf("read the version of %s: unknown answer %.80q", path, out)
	}
	return Binary{Path: path, Flavor: strings.ToLower(m[1]), Version: m[2]}, nil
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find module root: %w", err)
	}
	for start := dir; ; {
		if isFile(filepath.Join(dir, "go.mod")) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("find module root: no go.mod above %s", start)
		}
		dir = parent
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// cli returns the command-line client that is on PATH.
func cli() (string, error) {
	redis, errRedis := exec.LookPath("redis-cli")
	valkey, errValkey := exec.LookPath("valkey-cli")
	if errRedis != nil && errValkey != nil {
		return "", fmt.Errorf("find redis-cli: %w", errRedis)
	}
	return cmp.Or(redis, valkey), nil
}
