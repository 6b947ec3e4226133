// Package doctor finds out what hurts a server: rules look at the Snapshots of the last while and say
// what is wrong, who does it, how they know, and what to do instead.
//
// A rule judges by what something costs on this server, not by its name: KEYS on 200 keys is no finding. A
// quiet, healthy server yields none at all. Every threshold is a Limit with the reason for it, and can be
// set by the user.
//
// The package is pure: no clock, no sockets, no goroutines. A Doctor belongs to the goroutine that feeds it.
package doctor
