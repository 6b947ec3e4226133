package stats

// keyUsers are who uses one key, and how: the identities that make up more than a ninth of the key's commands are
// among them, and the commands that make up more than a fifth. Their counts may be too low by that share, never too
// high (the Misra-Gries summary). All have a fixed size.
type keyUsers struct {
	identities [8]use
	commands   [4]use
}

// use is how often an id of a Tally came. n is 0 where there is none.
type use struct{ id, n uint32 }

func (k *keyUsers) add(identity, command uint32) {
	count(k.identities[:], identity)
	count(k.commands[:], command)
}

// count counts an id. The frequent ones move to the front, where they are found at once.
func count(uses []use, id uint32) {
	free := -1
	for i := range uses {
		u := &uses[i]
		switch {
		case u.n == 0:
			free = i
		case u.id == id:
			if u.n++; i > 0 && u.n > uses[i-1].n {
				uses[i], uses[i-1] = uses[i-1], uses[i]
			}
			return
		}
	}
	if free >= 0 {
		uses[free] = use{id, 1}
		return
	}
	for i := range uses {
		uses[i].n--
	}
}

// usersOf names the users of single keys and their commands.
func (h *horizon) usersOf(keys []ranking[keyName]) (commands, clients []tops) {
	commands, clients = make([]tops, len(keys)), make([]tops, len(keys))
	index := make(map[keyName]int, len(keys))
	for i, k := range keys {
		commands[i], clients[i] = tops{}, tops{}
		index[k.key] = i
	}
	for _, b := range h.batches {
		for id := 1; id < len(b.users); id++ {
			i, ok := index[b.keys[id]]
			if !ok {
				continue
			}
			for _, u := range b.users[id].commands {
				if u.n > 0 {
					commands[i].add(b.commands[u.id], float64(u.n))
				}
			}
			for _, u := range b.users[id].identities {
				if u.n > 0 {
					clients[i].add(b.identities[u.id].IP, float64(u.n))
				}
			}
		}
	}
	return commands, clients
}
