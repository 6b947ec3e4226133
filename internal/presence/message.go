package presence

import (
	"encoding/json"
	"time"
)

// A Message is what is published of a server: at regular times of all its applications' connections, and at once,
// with Event, of those that came or went. Its JSON is a contract: names may be added to, never renamed.
type Message struct {
	Time        time.Time `json:"time"`
	Server      string    `json:"server"` // the name that it is watched by
	Event       string    `json:"event,omitempty"`
	Seen        time.Time `json:"seen"`        // when the connections were last looked at: older than Time when the server does not answer
	Connections int       `json:"connections"` // of applications at that time; with Event: those that came or went
	Online      *int      `json:"online,omitempty"`
	Idle        *int      `json:"idle,omitempty"`
	Clients     []Client  `json:"clients"`                   // who spoke latest first, as many as fit
	Omitted     int       `json:"clients_omitted,omitempty"` // of the connections
}

// The events.
const (
	EventCame = "came"
	EventGone = "gone"
)

// A Client is a connection in a Message.
type Client struct {
	ID              int64     `json:"id"`
	Addr            string    `json:"addr"`
	Name            string    `json:"name,omitempty"`
	LastInteraction time.Time `json:"last_interaction"`
	Reason          string    `json:"reason,omitempty"` // why it went, where something tells
	ReasonLikely    bool      `json:"reason_likely,omitempty"`
}

// MaxMessage is the most bytes of a message: what a server keeps for a subscriber that is slow grows by it.
const MaxMessage = 64 << 10

// encode writes a message with as many of the clients as fit; there are total of them.
func (m Message) encode(clients []Client, total int) []byte {
	m.Clients, m.Omitted = []Client{}, total
	head, err := json.Marshal(m)
	if err != nil {
		return nil // strings, numbers and times of this century: it cannot be
	}
	room := MaxMessage - len(head)
	for i := range clients {
		one, err := json.Marshal(clients[i])
		if err != nil || len(one)+1 > room {
			break
		}
		room -= len(one) + 1
		m.Omitted--
		m.Clients = clients[:i+1]
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil
	}
	return b
}
