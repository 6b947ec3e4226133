package main

import (
	"go.yaml.in/yaml/v4"

	"redistop/internal/server"
	"redistop/internal/web"
)

// namedAddress is a server of a configuration file. The address may hold a password.
type namedAddress struct{ name, address string }

// addServers reads the servers that web watches: a name and an address each. An error does not repeat
// an address.
func (s *settings) addServers(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		return wrongAt(n, "servers: not a list of \"name: address\"")
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, address := n.Content[i], n.Content[i+1]
		switch {
		case name.Kind != yaml.ScalarNode || !web.CheckName(name.Value):
			return wrongAt(name, "servers: a name is 1 to 64 letters, digits, dots, dashes or underscores")
		case seen[name.Value]:
			return wrongAt(name, "servers has %q twice", name.Value)
		case address.Kind != yaml.ScalarNode || address.Tag == "!!null":
			return wrongAt(address, "servers %s: not an address", name.Value)
		case len(s.servers) == mostServers:
			return wrongAt(name, "servers: more than %d", mostServers)
		}
		if _, err := server.ParseAddress(address.Value); err != nil {
			return wrongAt(address, "servers %s: %v", name.Value, err)
		}
		seen[name.Value] = true
		s.servers = append(s.servers, namedAddress{name.Value, address.Value})
	}
	return nil
}
