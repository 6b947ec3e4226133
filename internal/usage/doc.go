// Package usage says what a server is used for: from the layouts of its keys, its commands, its channels and the
// clients that are connected.
//
// What is known of frameworks is one table, frameworks.yaml. Most let their users change the prefix of their keys,
// and several may share a server: so one is recognised by several of its keys under one prefix, each with its type,
// and a name that many use says little by itself. What no framework claims is told by shape and by words in the
// names, and is then called what it is without a name.
//
// The package is pure: no clock, no sockets, no goroutines. A Table is immutable.
package usage
