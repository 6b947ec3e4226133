package redis

import (
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	// typicalLine is about the length of a line of Redis 7; only a guess at how many will come.
	typicalLine = 300
	// maxClients is far above the default maxclients of 10,000: a hostile list of short lines
	// must not take many times its own size without end.
	maxClients = 1 << 18
)

// ParseClientList reads the text of CLIENT LIST or CLIENT INFO: the clients in the server's
// order, and the number of lines that were not read: those without an id, those with something
// else than a number where one belongs, and all beyond 262,144 clients.
func ParseClientList(text string) ([]Client, int) {
	clients := make([]Client, 0, len(text)/typicalLine+1)
	words := wordTable{}
	bad := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		if len(clients) == maxClients {
			bad++
			continue
		}
		c, ok := parseClient(line, words)
		if !ok {
			bad++
			continue
		}
		clients = append(clients, c)
	}
	return clients, bad
}

// parseClient reads "id=3 addr=127.0.0.1:4242 name=a=b ...": words with a name, in any order.
func parseClient(line string, words wordTable) (Client, bool) {
	p := clientLine{Client: Client{Multi: -1}, words: words}
	for field := range strings.SplitSeq(line, " ") {
		if name, value, ok := strings.Cut(field, "="); ok {
			p.field(name, value)
		}
	}
	// obl is what the fixed buffer of a connection holds, omem what the list behind it takes
	// and does not count that buffer: together all that the client has not read yet.
	p.OutputBuffer = p.obl
	if p.omem > math.MaxInt64-p.obl {
		p.OutputBuffer = math.MaxInt64
	} else {
		p.OutputBuffer += p.omem
	}
	return p.Client, p.hasID && !p.bad
}

// clientLine is one line while its fields come in.
type clientLine struct {
	Client
	obl, omem int64
	hasID     bool
	bad       bool
	words     wordTable
}

// field takes one field; those that nothing here needs are passed over.
func (p *clientLine) field(name, value string) {
	switch name {
	case "id":
		p.ID, p.hasID = p.number(value), true
	case "addr":
		p.Addr = strings.Clone(value)
	case "name":
		p.Name = p.words.keep(value)
	case "user":
		p.User = p.words.keep(value)
	case "lib-name":
		p.LibName = p.words.keep(value)
	case "lib-ver":
		p.LibVer = p.words.keep(value)
	case "db":
		p.DB = p.count(value)
	case "age":
		p.Age = duration(p.number(value), time.Second)
	case "idle":
		p.Idle = duration(p.number(value), time.Second)
	case "flags":
		p.Flags = p.words.keep(value)
	case "sub":
		p.Sub = p.count(value)
	case "psub":
		p.PSub = p.count(value)
	case "ssub":
		p.SSub = p.count(value)
	case "multi":
		p.Multi = p.count(value)
	case "cmd":
		if value != "NULL" {
			p.LastCommand = p.words.keep(strings.ToLower(value))
		}
	default:
		p.bytes(name, value)
	}
}

// bytes takes the fields that count bytes, and the totals beside them.
func (p *clientLine) bytes(name, value string) {
	switch name {
	case "qbuf":
		p.QueryBuffer = p.number(value)
	case "obl":
		p.obl = max(0, p.number(value))
	case "omem":
		p.omem = max(0, p.number(value))
	case "rbp":
		p.ReplyPeak = Some(p.number(value))
	case "tot-mem":
		p.TotalMemory = Some(p.number(value))
	case "tot-net-in":
		p.NetIn = Some(p.number(value))
	case "tot-net-out":
		p.NetOut = Some(p.number(value))
	case "tot-cmds":
		p.Commands = Some(p.number(value))
	}
}

func (p *clientLine) number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	p.bad = p.bad || err != nil
	return n
}

func (p *clientLine) count(s string) int {
	n, err := strconv.Atoi(s)
	p.bad = p.bad || err != nil
	return n
}

// wordTable keeps one copy of each word of a list: thousands of connections share their user,
// library and command. Copies, because a word that pointed into the list would keep all of it,
// megabytes, for as long as somebody holds the word.
type wordTable map[string]string

func (t wordTable) keep(s string) string {
	if s == "" {
		return ""
	}
	if word, ok := t[s]; ok {
		return word
	}
	word := strings.Clone(s)
	t[word] = word
	return word
}

// UnixIP is what Client.IP returns for a client on a unix socket.
const UnixIP = "unix"

// IP is the client's address without port and brackets: UnixIP for a unix socket (flag U, or the
// port 0, which no TCP client has), empty when the server does not know the address.
func (c Client) IP() string {
	host, port := c.Addr, ""
	if at := strings.LastIndexByte(c.Addr, ':'); at >= 0 {
		host, port = c.Addr[:at], c.Addr[at+1:]
	}
	switch {
	case strings.Contains(c.Flags, "U"):
		return UnixIP
	case host == "?" || host == "":
		return ""
	case port == "0":
		return UnixIP
	case strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]"):
		return host[1 : len(host)-1]
	}
	return host
}
