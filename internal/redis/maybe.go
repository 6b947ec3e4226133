package redis

import "encoding/json"

// Maybe is a fact that a server may not tell: an older version lacks the field, a right is
// missing, or nothing happened that it could be computed from. The zero Maybe is absent. With
// `json:",omitzero"` an absent fact is left out of the JSON; it is never written as 0.
type Maybe[T any] struct {
	value T
	ok    bool
}

// Some returns a fact that is known.
func Some[T any](v T) Maybe[T] { return Maybe[T]{v, true} }

// Get returns the fact and whether it is known.
func (m Maybe[T]) Get() (T, bool) { return m.value, m.ok }

// Known says whether the fact is known.
func (m Maybe[T]) Known() bool { return m.ok }

// Or returns the fact, or other where it is unknown.
func (m Maybe[T]) Or(other T) T {
	if m.ok {
		return m.value
	}
	return other
}

// IsZero says that the fact is absent; encoding/json asks it for omitzero.
func (m Maybe[T]) IsZero() bool { return !m.ok }

// MarshalJSON writes the fact alone, or null where it is absent and not omitted.
func (m Maybe[T]) MarshalJSON() ([]byte, error) {
	if !m.ok {
		return []byte("null"), nil
	}
	return json.Marshal(m.value)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Maybe[T]) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*m = Maybe[T]{}
		return nil
	}
	if err := json.Unmarshal(b, &m.value); err != nil {
		return err
	}
	m.ok = true
	return nil
}

// Equal compares two facts; go-cmp uses it.
func (m Maybe[T]) Equal(o Maybe[T]) bool {
	return m.ok == o.ok && (!m.ok || any(m.value) == any(o.value))
}
