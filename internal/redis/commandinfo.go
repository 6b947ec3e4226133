package redis

import "fmt"

// ParseCommandInfo reads the reply of COMMAND INFO a b c: for each command asked about, in order,
// whether the server has it. Before 7.0 no subcommand ("client|list") is known by its name.
func ParseCommandInfo(v Value) ([]bool, error) {
	if err := v.Err(); err != nil {
		return nil, fmt.Errorf("read command info: %w", err)
	}
	if v.Kind != KindArray {
		return nil, fmt.Errorf("read command info: %w", errShape)
	}
	known := make([]bool, len(v.Elems))
	for i, elem := range v.Elems {
		known[i] = elem.isList() && len(elem.Elems) > 0
	}
	return known, nil
}
