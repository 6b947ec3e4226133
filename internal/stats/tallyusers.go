package stats

// keyUsers are who uses one key and how: the pairs of an identity and a command that make up more than a ninth of
// the key's commands are among them. Their counts may be too low, never too high (the Misra-Gries summary). It
// takes a line of the processor's cache.
type keyUsers [8]keyUse

// keyUse is a pair of ids of a Tally. n is 0 where there is none.
type keyUse struct{ pair, n uint32 }

const useIdentity = 11 // bits of a pair that tell the command

func pairOf(identity, command uint32) uint32 { return identity<<useIdentity | command }

func (u keyUse) identity() uint32 { return u.pair >> useIdentity }
func (u keyUse) command() uint32  { return u.pair & (1<<useIdentity - 1) }

// add counts a pair. The frequent ones move to the front, where they are found at once.
func (k *keyUsers) add(pair uint32) {
	free := -1
	for i := range k {
		u := &k[i]
		switch {
		case u.n == 0:
			free = i
		case u.pair == pair:
			if u.n++; i > 0 && u.n > k[i-1].n {
				k[i], k[i-1] = k[i-1], k[i]
			}
			return
		}
	}
	if free >= 0 {
		k[free] = keyUse{pair, 1}
		return
	}
	for i := range k {
		k[i].n--
	}
}

// usersOf names the users of single keys and their commands, most frequent first.
func (h *horizon) usersOf(keys []ranking[keyName]) (commands, clients []tops) {
	commands, clients = make([]tops, len(keys)), make([]tops, len(keys))
	index := make(map[keyName]int, len(keys))
	for i, k := range keys {
		commands[i], clients[i] = tops{}, tops{}
		index[k.key] = i
	}
	for _, b := range h.batches {
		for id, users := range b.users {
			i, ok := index[b.keys[id]]
			if !ok || id == 0 {
				continue
			}
			for _, u := range users {
				if u.n > 0 {
					commands[i].add(b.commands[u.command()], float64(u.n))
					clients[i].add(b.identities[u.identity()].IP, float64(u.n))
				}
			}
		}
	}
	return commands, clients
}
