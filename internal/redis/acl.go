package redis

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// ACLUser is what ACL GETUSER (6.0+) says of a user, without passwords and their hashes.
type ACLUser struct {
	On         bool
	NoPassword bool // any password, and none at all for the default user, logs in
	Selectors  []ACLSelector
}

// ACLSelector is one set of rights of a user. The first is the user's own; the others are 7.0's
// selectors. A command may run where any one of them permits both it and its keys.
type ACLSelector struct {
	Commands string // rules in their order: "-@all +@read +config|get"
	AllKeys  bool
}

// ParseACLUser reads the reply of ACL GETUSER; a user who is not there is not on. Hashes of passwords
// are in the reply; they are not kept.
func ParseACLUser(v Value) (ACLUser, error) {
	if err := v.Err(); err != nil {
		return ACLUser{}, fmt.Errorf("read ACL user: %w", err)
	}
	if v.Kind == KindNull {
		return ACLUser{}, nil
	}
	pairs, ok := v.pairs()
	if !ok {
		return ACLUser{}, fmt.Errorf("read ACL user: %w", errShape)
	}
	var u ACLUser
	var flags []string
	var others []ACLSelector
	for i := 0; i < len(pairs) && ok; i += 2 {
		switch pairs[i].Text {
		case "flags":
			flags, ok = texts(pairs[i+1])
		case "selectors":
			others, ok = aclSelectors(pairs[i+1])
		}
	}
	own, known := aclSelector(pairs)
	if !ok || !known {
		return ACLUser{}, fmt.Errorf("read ACL user: %w", errShape)
	}
	own.AllKeys = own.AllKeys || slices.Contains(flags, "allkeys") // 6.x
	u.On, u.NoPassword = slices.Contains(flags, "on"), slices.Contains(flags, "nopass")
	u.Selectors = append([]ACLSelector{own}, others...)
	return u, nil
}

func aclSelectors(v Value) ([]ACLSelector, bool) {
	if !v.isList() {
		return nil, false
	}
	list := make([]ACLSelector, 0, len(v.Elems))
	for _, elem := range v.Elems {
		pairs, ok := elem.pairs()
		if !ok {
			return nil, false
		}
		s, ok := aclSelector(pairs)
		if !ok {
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}

// aclSelector reads the rights among pairs. Keys are one text of patterns since 7.0, a list before.
func aclSelector(pairs []Value) (s ACLSelector, known bool) {
	for i := 0; i < len(pairs); i += 2 {
		value := pairs[i+1]
		switch pairs[i].Text {
		case "commands":
			if !value.isText() {
				return s, false
			}
			s.Commands, known = value.Text, true
		case "keys":
			patterns, ok := texts(value)
			if value.isText() {
				patterns, ok = strings.Fields(value.Text), true
			}
			if !ok {
				return s, false
			}
			for _, p := range patterns {
				s.AllKeys = s.AllKeys || p == "~*" || p == "%RW~*" || p == "*" // 6.x leaves the ~ out
			}
		}
	}
	return s, known
}

// ParseACLUsers reads the names that ACL USERS lists.
func ParseACLUsers(v Value) ([]string, error) {
	if err := v.Err(); err != nil {
		return nil, fmt.Errorf("read ACL users: %w", err)
	}
	names, ok := texts(v)
	if !ok {
		return nil, fmt.Errorf("read ACL users: %w", errShape)
	}
	return names, nil
}

func texts(v Value) ([]string, bool) {
	if !v.isList() {
		return nil, false
	}
	list := make([]string, 0, len(v.Elems))
	for _, elem := range v.Elems {
		if !elem.isText() {
			return nil, false
		}
		list = append(list, elem.Text)
	}
	return list, true
}

// ACLDenial is an entry of ACL LOG (6.0+): something that was refused for want of rights. Texts are raw.
type ACLDenial struct {
	Count   int64
	Reason  string // auth, command, key, channel
	Context string // toplevel, multi, lua, module
	Object  string // the command, key or channel
	User    string
	Age     time.Duration // of the newest
	Client  Client        // as CLIENT LIST writes it, at the newest
}

// ParseACLLog reads the reply of ACL LOG, newest entry first as the server sends it.
func ParseACLLog(v Value) ([]ACLDenial, error) {
	if err := v.Err(); err != nil {
		return nil, fmt.Errorf("read ACL log: %w", err)
	}
	if v.Kind != KindArray {
		return nil, fmt.Errorf("read ACL log: %w", errShape)
	}
	list := make([]ACLDenial, 0, len(v.Elems))
	for i, elem := range v.Elems {
		d, ok := parseDenial(elem)
		if !ok {
			return nil, fmt.Errorf("read ACL log entry %d: %w", i, errShape)
		}
		list = append(list, d)
	}
	return list, nil
}

func parseDenial(v Value) (d ACLDenial, ok bool) {
	pairs, ok := v.pairs()
	for i := 0; i < len(pairs) && ok; i += 2 {
		value := pairs[i+1]
		switch pairs[i].Text {
		case "count":
			d.Count, ok = value.integer()
		case "reason":
			d.Reason = value.Text
		case "context":
			d.Context = value.Text
		case "object":
			d.Object = value.Text
		case "username":
			d.User = value.Text
		case "age-seconds":
			var age float64
			age, ok = value.number()
			d.Age = time.Duration(min(max(age, 0), 1e9) * float64(time.Second))
		case "client-info":
			if clients, _ := ParseClientList(value.Text); len(clients) == 1 {
				d.Client = clients[0]
			}
		}
	}
	return d, ok && d.Reason != ""
}
