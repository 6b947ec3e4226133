package main

import "testing"

func TestMisspeltVerbs(t *testing.T) {
	root := newRoot()
	root.InitDefaultHelpCmd()
	for word, want := range map[string]string{
		"kyes": "keys", "key": "keys", "doctr": "doctor", "dcotr": "doctor", "moniter": "monitor", "Versoin": "version", "hlep": "help",
		"localhost": "", "redis": "", "cache": "", "valkey": "", "db": "", "web-a": "", "keys1": "", "doctr.local": "", "./kyes": "", "": "",
	} {
		if got := misspelt(word, root.Commands()); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
