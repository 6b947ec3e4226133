package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"redistop/bench/lab"
	"redistop/internal/redis"
)

// A recording is what a framework left in a server.
type recording struct {
	Framework string           `json:"framework"`
	Version   string           `json:"version"`
	Server    string           `json:"server"`
	Keys      []key            `json:"keys"`
	Channels  []string         `json:"channels,omitempty"`
	Patterns  int64            `json:"patterns,omitempty"` // that are subscribed to
	Clients   []client         `json:"clients"`
	Commands  map[string]int64 `json:"commands"` // calls
}

type key struct {
	Name string `json:"name"`
	Type string `json:"type"`
	TTL  *int64 `json:"ttl_seconds,omitempty"`
	Size int64  `json:"size"` // bytes of a string, elements of all else
}

type client struct {
	Name          string `json:"name,omitempty"`
	Library       string `json:"library,omitempty"`
	Command       string `json:"command"`
	Subscriptions int    `json:"subscriptions,omitempty"`
}

var lengths = map[string]string{"string": "STRLEN", "hash": "HLEN", "set": "SCARD", "zset": "ZCARD", "list": "LLEN", "stream": "XLEN"}

// look asks a server what is in it.
func look(socket string) (recording, error) {
	var r recording
	c, err := lab.Dial("unix", socket)
	if err != nil {
		return r, err
	}
	defer c.Close()
	info, err := c.Info("commandstats")
	if err != nil {
		return r, err
	}
	r.Commands = map[string]int64{}
	for _, s := range info.Commands {
		if s.Name != "info" {
			r.Commands[s.Name] = s.Calls
		}
	}
	list, err := c.Do("CLIENT", "LIST")
	if err != nil {
		return r, err
	}
	clients, _ := redis.ParseClientList(list.Text)
	for _, one := range clients {
		if one.LastCommand != "client|list" {
			r.Clients = append(r.Clients, client{nameless(one.Name), library(one), one.LastCommand, one.Sub + one.PSub + one.SSub})
		}
	}
	if err := r.channels(c); err != nil {
		return r, err
	}
	return r, r.keys(c)
}

// library is the library of a client with its version, as redistop shows it.
func library(c redis.Client) string { return strings.TrimSpace(c.LibName + " " + c.LibVer) }

func (r *recording) channels(c *lab.Client) error {
	for _, command := range []string{"CHANNELS", "SHARDCHANNELS"} {
		v, err := c.Do("PUBSUB", command)
		if err != nil {
			return err
		}
		for _, name := range v.Elems {
			r.Channels = append(r.Channels, nameless(name.Text))
		}
	}
	slices.Sort(r.Channels)
	v, err := c.Do("PUBSUB", "NUMPAT")
	r.Patterns = v.Int
	return err
}

// keys asks about every key: there are a few dozen.
func (r *recording) keys(c *lab.Client) error {
	names, err := c.Do("KEYS", "*")
	if err != nil {
		return err
	}
	for _, n := range names.Elems {
		kind, err := c.Do("TYPE", n.Text)
		if err != nil {
			return err
		}
		if kind.Text == "none" {
			continue // it has expired
		}
		k := key{Name: nameless(n.Text), Type: kind.Text}
		ttl, err := c.Do("PTTL", n.Text)
		if err != nil {
			return err
		}
		if ttl.Int >= 0 {
			seconds := (ttl.Int + 999) / 1000
			k.TTL = &seconds
		}
		command, known := lengths[k.Type]
		if !known {
			return fmt.Errorf("key of type %s: no command counts its elements", k.Type)
		}
		size, err := c.Do(command, n.Text)
		if err != nil {
			return err
		}
		k.Size = size.Int
		r.Keys = append(r.Keys, k)
	}
	slices.SortFunc(r.Keys, func(a, b key) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

// nameless takes the name of this host out of a name.
func nameless(name string) string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		return name
	}
	return strings.ReplaceAll(name, host, "host")
}
