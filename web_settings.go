package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"
)

// The settings of web come from four places; each outranks those after it: the command line, the
// environment (REDISTOP_LISTEN for --listen), the configuration file ("listen: ..." under "web:"), and the
// default. A flag that repeats is taken whole from one place.

// envPrefix stands before the name of a flag in the environment.
const envPrefix = "REDISTOP_"

// notSettings are the flags that only the command line may give.
var notSettings = []string{"help"}

// otherVariables say the same as a flag in another form: where one is set, what the file says of that
// flag is outranked.
var otherVariables = map[string]string{"pass": "REDISCLI_AUTH", "auth": envAuth}

// naming flags say which server; a place that has one of them, or an ADDRESS, outranks the port and the
// naming flags of the places after it as a whole.
var naming = []string{"host", "socket", "uri"}

// splitter is what the values of a flag that repeats stand between in a variable.
const splitter = ","

// A setting is what a configuration file says of one flag.
type setting struct {
	name   string
	values []string // more than one only where the flag repeats
}

// envName is the variable that stands for a flag.
func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// isSetting says whether a flag may be given by the environment and the file.
func isSetting(f *pflag.Flag) bool { return !f.Hidden && !slices.Contains(notSettings, f.Name) }

// A settler fills in the flags that the command line left alone. It is used once, for the environment and
// then for the file.
type settler struct {
	flags *pflag.FlagSet
	taken map[string]bool // flags that have their value
	named bool            // a server is named
}

func newSettler(flags *pflag.FlagSet, args []string) *settler {
	s := &settler{flags: flags, taken: map[string]bool{}, named: len(args) > 0}
	flags.Visit(func(f *pflag.Flag) { s.take(f.Name) })
	return s
}

func (s *settler) take(name string) { s.taken[name] = true }

// endPlace ends what one place says: who has named a server there has outranked the next places.
func (s *settler) endPlace() {
	s.named = s.named || slices.ContainsFunc(naming, func(name string) bool { return s.taken[name] })
}

// free says whether a flag has no value of a higher place.
func (s *settler) free(name string) bool {
	return !s.taken[name] && !(s.named && (name == "port" || slices.Contains(naming, name)))
}

// environment takes what variables say. An empty variable says nothing.
func (s *settler) environment(lookup func(string) string) error {
	s.endPlace()
	var wrong error
	s.flags.VisitAll(func(f *pflag.Flag) {
		text := lookup(envName(f.Name))
		if wrong != nil || text == "" || !isSetting(f) || !s.free(f.Name) || isServicePort(f.Name, text) {
			return
		}
		values := []string{text}
		if _, many := f.Value.(pflag.SliceValue); many {
			values = strings.Split(text, splitter)
		}
		if err := assign(f, values); err != nil {
			wrong = usagef("%s: %v", envName(f.Name), err)
			return
		}
		s.take(f.Name)
	})
	for flag, variable := range otherVariables {
		if lookup(variable) != "" {
			s.take(flag)
		}
	}
	return wrong
}

// misspelled are variables that look like those of flags and are of none, with what may be meant. Others of this prefix,
// such as Kubernetes sets beside a Service called redistop, are nobody's mistake.
func misspelled(flags *pflag.FlagSet, environ []string) (told []string) {
	var known []string
	flags.VisitAll(func(f *pflag.Flag) {
		if isSetting(f) {
			known = append(known, envName(f.Name))
		}
	})
	for _, one := range environ {
		name, _, _ := strings.Cut(one, "=")
		if !strings.HasPrefix(name, envPrefix) || name == envAuth || slices.Contains(known, name) {
			continue
		}
		for _, k := range known {
			if few := min(2, max(1, (len(name)-len(envPrefix))/3)); distance(name, k, few+1) <= few {
				told = append(told, fmt.Sprintf("the variable %s is of no flag; %s is meant?", name, k))
				break
			}
		}
	}
	return told
}

// isServicePort tells the variable that Kubernetes gives every container beside a Service called redistop:
// REDISTOP_PORT=tcp://10.0.0.1:7979 is not meant for --port.
func isServicePort(flag, text string) bool { return flag == "port" && strings.Contains(text, "://") }

// file takes what a configuration file says; its values have been tried.
func (s *settler) file(said []setting) error {
	for _, one := range said {
		if !s.free(one.name) {
			continue
		}
		if err := assign(s.flags.Lookup(one.name), one.values); err != nil {
			return usagef("web %s: %v", one.name, err)
		}
		s.take(one.name)
	}
	return nil
}

// assign gives a flag its value. Only a flag that names a server is marked as changed: all others hold for
// every server, and what an address says itself outranks them.
func assign(f *pflag.Flag, values []string) error {
	f.Changed = f.Changed || f.Name == "port" || slices.Contains(naming, f.Name)
	if many, ok := f.Value.(pflag.SliceValue); ok {
		return many.Replace(values)
	}
	if len(values) != 1 {
		return errors.New("one value goes here")
	}
	if err := f.Value.Set(values[0]); err != nil {
		switch f.Value.Type() {
		case "bool":
			return errors.New("neither true nor false")
		case "int":
			return errors.New("not a whole number")
		}
		return err
	}
	return nil
}

// addWeb reads the flags of web in a configuration file. Every value is tried on flags that are thrown
// away, so that what is wrong is told with its line.
func (s *settings) addWeb(n *yaml.Node) error {
	trial := newWeb().Flags()
	var names []string
	trial.VisitAll(func(f *pflag.Flag) {
		if isSetting(f) && f.Name != "config" {
			names = append(names, f.Name)
		}
	})
	return section(n, "web", names, func(name string, n *yaml.Node) error {
		values, err := settingValues(n)
		if err == nil {
			err = assign(trial.Lookup(name), values)
		}
		if err != nil {
			return wrongAt(n, "web %s: %v", name, err)
		}
		s.web = append(s.web, setting{name, values})
		return nil
	})
}

// settingValues are a value, or a list of them.
func settingValues(n *yaml.Node) ([]string, error) {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return []string{n.Value}, nil
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		return nil, errors.New("neither a value nor a list of values")
	}
	var values []string
	for i, one := range n.Content {
		if one.Kind != yaml.ScalarNode || one.Tag == "!!null" {
			return nil, fmt.Errorf("entry %d is not one value", i+1)
		}
		values = append(values, one.Value)
	}
	return values, nil
}

// settle fills in what the command line leaves open, and returns what the configuration file says beside
// the flags.
func (s *serving) settle(flags *pflag.FlagSet, args []string, lookup func(string) string) (settings, error) {
	places := newSettler(flags, args)
	if err := places.environment(lookup); err != nil {
		return settings{}, err
	}
	said, err := s.config.read()
	if err != nil {
		return said, err
	}
	return places.withFile(said)
}

// withFile takes what a configuration file says of flags. It returns what the file says beside them, without
// its servers where a higher place names one.
func (s *settler) withFile(said settings) (settings, error) {
	s.endPlace()
	if s.named {
		said.servers = nil
	}
	if err := s.file(said.web); err != nil {
		return said, err
	}
	if s.endPlace(); s.named && len(said.servers) > 0 {
		return said, usagef("the configuration names servers twice: under servers and by a flag under web, one is enough")
	}
	return said, nil
}
