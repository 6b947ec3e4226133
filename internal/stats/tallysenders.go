package stats

import "redistop/internal/redis"

// sender is where a command came from, in ids of a Tally.
type sender struct {
	identity   uint32
	connection uint32
	generation uint32 // of what was known of addresses
	own        bool   // the observer's
	unix       bool   // from a unix socket, where all connections have one address
}

// senders gives ids to addresses and to whom they belong.
type senders struct {
	own        func(addr []byte) bool // nil: nobody can say
	known      *Identities
	generation uint32
	assign     []uint32 // id of each of known.list, 0: none yet

	identities *tracker
	list       []Identity // by id

	addrs     *tracker
	held      []sender // by id of an address
	addrNames texts    // by id of an address

	ips [ipCache]ipSender // what else than an address tells

	script sender // who called the script whose calls come now; generation 0: nobody
}

// ipSender is who sends from an IP when nothing is known of the connection.
type ipSender struct {
	hash       uint64
	identity   uint32
	generation uint32
}

const ipCache = 4096

func (s *senders) init(own func(addr []byte) bool) {
	s.own = own
	s.identities, s.addrs = newTracker(mostSenders), newTracker(mostAddrs)
	s.list = make([]Identity, 1, mostSenders+1)
	s.held = make([]sender, 1, mostAddrs+1)
	s.addrNames.reset()
	s.generation = 1
}

func (s *senders) reset() {
	s.identities.reset()
	s.addrs.reset()
	clear(s.list)
	s.list, s.held = s.list[:1], s.held[:1]
	s.addrNames.reset()
	clear(s.assign)
	s.generation++
	s.script = sender{}
}

// identify takes what is known of addresses from now on.
func (s *senders) identify(known *Identities) {
	if known == s.known {
		return
	}
	s.known = known
	s.generation++
	s.assign = s.assign[:0]
	if known != nil {
		s.assign = append(s.assign, make([]uint32, len(known.list))...)
	}
}

// find is who has an address. The calls of a script follow its own line, since no other command runs in
// between: they are its caller's, as in the servers' own counts by connection.
func (s *senders) find(addr []byte, script bool) sender {
	if script && s.script.generation != 0 {
		return s.script
	}
	hash, ip, host := addrHashes(addr)
	id := s.addrs.find(hash)
	if id == 0 {
		if id = s.addrs.admit(hash); id == 0 {
			return s.look(addr, host, hash, ip, 0)
		}
		s.addrNames.add(addr)
		s.held = append(s.held, sender{})
	}
	if from := s.held[id]; from.generation == s.generation {
		return from
	}
	s.held[id] = s.look(addr, host, hash, ip, id)
	return s.held[id]
}

// look finds the identity of an address by its hash, or of its host where nothing else is known.
func (s *senders) look(addr, host []byte, hash, ip uint64, connection uint32) sender {
	from := sender{connection: connection, generation: s.generation}
	if from.own = s.own != nil && s.own(addr); from.own { // before CLIENT LIST, which shows our newest as anybody's
		return from
	}
	if s.known != nil {
		switch who := s.known.found.find(hash); who {
		case 0:
		case ownConnection:
			from.own = true
			return from
		default:
			from.identity = s.assigned(who)
			return from
		}
	}
	from.unix = string(host) == redis.UnixIP
	from.identity = s.identityOf(host, ip)
	return from
}

// identityOf is the id of what all connections from an IP have in common.
func (s *senders) identityOf(ip []byte, hash uint64) uint32 {
	c := &s.ips[hash%ipCache]
	if c.hash == hash && c.generation == s.generation && c.identity != 0 {
		return c.identity
	}
	var who, id uint32
	if s.known != nil {
		who = s.known.found.find(hash)
	}
	if who != 0 {
		id = s.assigned(who)
	} else if id = s.identities.find(hash); id == 0 {
		if id = s.identities.admit(hash); id != 0 {
			s.list = append(s.list, Identity{IP: clipped(ip)})
		}
	}
	*c = ipSender{hash, id, s.generation}
	return id
}

// assigned is the id of an identity that CLIENT LIST told.
func (s *senders) assigned(who uint32) uint32 {
	if id := s.assign[who]; id != 0 {
		return id
	}
	hash := s.known.hash[who]
	id := s.identities.find(hash)
	if id == 0 {
		if id = s.identities.admit(hash); id != 0 {
			s.list = append(s.list, s.known.list[who])
		}
	}
	s.assign[who] = id
	return id
}

// mostName bounds what is kept of a name, in bytes.
const mostName = 256

// clipped is a copy of the beginning of b.
func clipped(b []byte) string { return string(b[:min(len(b), mostName)]) }
