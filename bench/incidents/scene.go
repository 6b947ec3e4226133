package main

import (
	"runtime"
	"time"
)

// A Scene is one situation on a real server: an incident, which redistop must find, or a healthy workload,
// in which it must find nothing.
type Scene struct {
	Name    string
	Story   string             // what happens, one sentence; a row of the table
	Config  []string           // lines of redis.conf
	Open    bool               // no password
	Quiet   bool               // nobody else is there: no shop and no probe
	Full    string             // why it is no part of the short form; "": it is
	Alone   bool               // in the full form it needs both cores
	Slow    bool               // it takes long: the short form begins with it
	On      string             // the server that it needs, as -server names it; "": any
	Within  time.Duration      // that it takes until it can be told, where that is longer than the player's patience
	Prepare func(*Stage) error // what is there before it begins
	Cause   func(*Stage) error // begins it; what goes on then runs in goroutines of the Stage
	Want    Want
}

// Want is what redistop has to say of an incident. The zero Want is a healthy workload.
type Want struct {
	Rule string   // of the finding that comes first
	Who  Who      // its first culprit; zero: nobody in particular
	Also []string // rules whose findings are true there too
	Info []string // rules that may say something for information in a healthy workload; nil: any
}

// Who is a client as the server sees it.
type Who struct{ IP, Name string }

func (s *Scene) healthy() bool { return s.Want.Rule == "" }

// from is 127.0.0.host, where the whole of 127/8 is the machine itself, else 127.0.0.1.
func from(host, name string) Who {
	if runtime.GOOS != "linux" {
		host = "1"
	}
	return Who{IP: "127.0.0." + host, Name: name}
}
