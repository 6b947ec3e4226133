package redis

import "fmt"

// ParseConfig reads the reply of CONFIG GET: names and values, as the server wrote them.
func ParseConfig(v Value) (map[string]string, error) {
	if err := v.Err(); err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	pairs, ok := v.pairs()
	if !ok {
		return nil, fmt.Errorf("read configuration: %w", errShape)
	}
	values := make(map[string]string, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		if !pairs[i].isText() || !pairs[i+1].isText() {
			return nil, fmt.Errorf("read configuration: %w", errShape)
		}
		values[pairs[i].Text] = pairs[i+1].Text
	}
	return values, nil
}
