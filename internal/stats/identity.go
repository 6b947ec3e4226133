package stats

import (
	"strings"

	"redistop/internal/redis"
)

// An Identity is what the connections of one program have in common. MONITOR tells the address of a
// connection only; the rest is from CLIENT LIST, and unknown for one that it never showed, unless all
// connections from that IP agree.
type Identity struct {
	IP      string        `json:"ip"` // "unix" for a unix socket, "lua" for a script whose caller was not seen, "" for all that there was no room for
	Name    Maybe[string] `json:"client_name,omitzero"`
	User    Maybe[string] `json:"user,omitzero"`
	Library Maybe[string] `json:"library,omitzero"`
}

// mostIdentities bounds the identities that CLIENT LIST may bring; a connection beyond them is known by its IP.
const mostIdentities = 4095

// Identities finds the Identity of the address of a connection. It is immutable, so that it may be
// handed from the goroutine that reads CLIENT LIST to one that counts.
type Identities struct {
	found hashTable // by the hash of an address or an IP: an index in list, or ownConnection
	list  []Identity
	hash  []uint64 // of each in list
}

// ownConnection stands for a connection of the observer. Index 0 stands for none.
const ownConnection = 1<<numberBits - 1

// NewIdentities takes the connections that CLIENT LIST showed. Those with one of ownIDs are the observer's own.
func NewIdentities(clients []SeenClient, ownIDs []int64) *Identities {
	b := identityBuilder{
		Identities: &Identities{list: make([]Identity, 1), hash: make([]uint64, 1)},
		index:      map[Identity]uint32{},
	}
	own := make(map[int64]bool, len(ownIDs))
	for _, id := range ownIDs {
		own[id] = true
	}
	byIP := map[string]Identity{} // what all connections from an IP agree on
	for i := range clients {
		c := &clients[i].Client
		if own[c.ID] {
			continue
		}
		id := identityOf(c)
		if before, ok := byIP[id.IP]; ok {
			byIP[id.IP] = before.agreed(id)
		} else if len(byIP) < mostIdentities {
			byIP[id.IP] = id
		}
	}
	b.found = newHashTable(len(clients) + len(byIP))
	for i := range clients {
		c := &clients[i].Client
		switch id := identityOf(c); {
		case id.IP == redis.UnixIP: // all on a unix socket have one address in MONITOR
		case own[c.ID]:
			b.found.put(hashOfAddr(c.Addr), ownConnection)
		default:
			b.point(hashOfAddr(c.Addr), id, mostIdentities)
		}
	}
	for ip, id := range byIP {
		b.point(hashOf([]byte(ip)), id, 2*mostIdentities)
	}
	return b.Identities
}

func identityOf(c *redis.Client) Identity {
	return Identity{IP: c.IP(), Name: Some(c.Name), User: Some(c.User), Library: Some(library(*c))}
}

// Name is the name of the connection with an address, "" where it is not known. A nil Identities knows none.
func (x *Identities) Name(addr []byte) string {
	if x == nil {
		return ""
	}
	whole, _, _ := addrHashes(addr)
	i := x.found.find(whole)
	if i == 0 || i == ownConnection {
		return ""
	}
	return x.list[i].Name.Or("")
}

// identityBuilder is what is needed only while Identities are made.
type identityBuilder struct {
	*Identities
	index map[Identity]uint32
}

func hashOfAddr(addr string) uint64 {
	whole, _, _ := addrHashes([]byte(addr))
	return whole
}

// point lets the hash of an address or an IP mean an identity, unless it would be one too many.
func (b *identityBuilder) point(hash uint64, id Identity, most int) {
	i, ok := b.index[id]
	if !ok {
		if len(b.list) > most {
			return
		}
		id = Identity{IP: strings.Clone(id.IP), Name: cloned(id.Name), User: cloned(id.User), Library: cloned(id.Library)}
		i = uint32(len(b.list))
		b.index[id] = i
		b.list = append(b.list, id)
		b.hash = append(b.hash, id.hash())
	}
	b.found.put(hash, i)
}

func cloned(m Maybe[string]) Maybe[string] {
	s, ok := m.Get()
	return maybe(strings.Clone(s), ok)
}

func (id Identity) hash() uint64 {
	h := hashOf([]byte(id.IP))
	for _, m := range [...]Maybe[string]{id.Name, id.User, id.Library} {
		h = hashWord(h)
		if text, ok := m.Get(); ok {
			h ^= hashOf([]byte(text))
		}
	}
	return hashWord(h)
}

// agreed is what two identities have in common.
func (id Identity) agreed(o Identity) Identity {
	if id.Name != o.Name {
		id.Name = Maybe[string]{}
	}
	if id.User != o.User {
		id.User = Maybe[string]{}
	}
	if id.Library != o.Library {
		id.Library = Maybe[string]{}
	}
	return id
}
