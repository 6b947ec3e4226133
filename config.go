package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"redistop/internal/doctor"
)

// config is the flag that names a configuration file, and what it says.
type config struct {
	file string
}

// mostConfig bounds a configuration file, in bytes.
const mostConfig = 1 << 20

func (c *config) addTo(cmd *cobra.Command, title string) {
	cmd.Flags().StringVar(&c.file, "config", "", "settings from `FILE`, not ~/.config/redistop/config.yaml")
	group(cmd, title, "config")
	mustRegister(cmd.MarkFlagFilename("config", "yaml", "yml"))
}

// settings are what a configuration file says.
type settings struct {
	doctor.Options
	servers []namedAddress // that web watches
	web     []setting      // its flags
}

// load reads what the configuration says of rules.
func (c *config) load() (doctor.Options, error) {
	s, err := c.read()
	return s.Options, err
}

// read reads the file that was named, or the user's own where there is one.
func (c *config) read() (settings, error) {
	path := c.file
	if path == "" {
		path = userConfig()
	}
	if path == "" {
		return settings{}, nil
	}
	text, err := readConfig(path)
	if c.file == "" && errors.Is(err, fs.ErrNotExist) {
		return settings{}, nil
	}
	if err != nil {
		return settings{}, usageError(fmt.Errorf("read configuration: %w", err))
	}
	o, err := parseConfig(text, doctor.Rules())
	if err != nil {
		return o, &failure{code: exitUsage, err: fmt.Errorf("%s: %w", path, err), hint: "redistop doctor rules lists the rules and their limits"}
	}
	return o, nil
}

// userConfig is where a user's own file is; "" where the user has no home.
func userConfig() string {
	dir := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) { // as its specification says of a relative one
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "redistop", "config.yaml")
}

func readConfig(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > mostConfig {
		return nil, fmt.Errorf("%s: larger than 1 MiB", path)
	}
	return os.ReadFile(path)
}

// A configError is what is wrong in one line of the file.
type configError struct {
	line int
	text string
}

func (e configError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.text) }

func wrongAt(n *yaml.Node, format string, args ...any) error {
	return configError{n.Line, fmt.Sprintf(format, args...)}
}

// notYAML puts what the library says into one line, with the place first.
func notYAML(err error) error {
	var at *yaml.LoadError
	if errors.As(err, &at) && at.Mark.Line > 0 {
		return configError{at.Mark.Line, "not YAML: " + oneLine(at.Message)}
	}
	return errors.New("not YAML: " + oneLine(err.Error()))
}

// parseConfig reads a configuration file:
//
//	doctor:
//	  rules:
//	    blocking-command: {time_share: 5%}
//	    no-client-names: off
//	servers:
//	  cache: redis://watcher@10.0.0.5
//	web:
//	  listen: :7979
func parseConfig(text []byte, rules []doctor.Rule) (settings, error) {
	o := settings{Options: doctor.Options{Off: map[string]bool{}, Limits: map[string]map[string]float64{}}}
	var files []yaml.Node
	if err := yaml.Load(text, &files, yaml.WithAllDocuments()); err != nil {
		return o, notYAML(err)
	}
	if len(files) == 0 {
		return o, nil
	}
	if len(files) > 1 || len(files[0].Content) != 1 {
		return o, errors.New("more than one document: write one")
	}
	return o, section(files[0].Content[0], "the file", []string{"doctor", "servers", "web"}, func(name string, n *yaml.Node) error {
		switch name {
		case "servers":
			return o.addServers(n)
		case "web":
			return o.addWeb(n)
		}
		return section(n, "doctor", []string{"rules"}, func(_ string, n *yaml.Node) error {
			return section(n, "rules", ruleIDs(rules), func(id string, n *yaml.Node) error {
				return ruleConfig(&o.Options, rules[slices.IndexFunc(rules, func(r doctor.Rule) bool { return r.ID == id })], n)
			})
		})
	})
}

// ruleConfig reads what a file says of one rule: off, on, or its limits.
func ruleConfig(o *doctor.Options, r doctor.Rule, n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		switch strings.ToLower(n.Value) {
		case "off", "false", "no":
			o.Off[r.ID] = true
			return nil
		case "on", "true", "yes":
			return nil
		}
		return wrongAt(n, "%s: %q is neither off nor limits such as {%s}", r.ID, n.Value, exampleLimit(r))
	}
	return section(n, r.ID, limitNames(r), func(name string, n *yaml.Node) error {
		if n.Kind != yaml.ScalarNode {
			return wrongAt(n, "%s %s: not one value", r.ID, name)
		}
		v, err := parseLimit(name, n.Value)
		if err != nil {
			return wrongAt(n, "%s %s: %q: %v", r.ID, name, n.Value, err)
		}
		if o.Limits[r.ID] == nil {
			o.Limits[r.ID] = map[string]float64{}
		}
		o.Limits[r.ID][name] = v
		return nil
	})
}

// section goes through the settings of a mapping; an empty one is none.
func section(n *yaml.Node, what string, known []string, each func(name string, value *yaml.Node) error) error {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return wrongAt(n, "%s: not a list of settings, \"name: value\"", what)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i]
		switch {
		case name.Kind != yaml.ScalarNode || !slices.Contains(known, name.Value):
			return wrongAt(name, "%s has no %q%s", what, name.Value, meant(name.Value, known))
		case seen[name.Value]:
			return wrongAt(name, "%s has %q twice", what, name.Value)
		}
		seen[name.Value] = true
		if err := each(name.Value, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// meant suggests what a misspelled name was meant to be.
func meant(name string, known []string) string {
	best, least := "", max(2, len(name)/3)+1
	for _, k := range known {
		if d := distance(strings.ToLower(name), k, least); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; %q is meant?", best)
	}
	if len(known) <= 8 {
		return "; it has " + strings.Join(known, ", ")
	}
	return ""
}
