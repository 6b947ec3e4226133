// Package presence tells who is online: the life of every connection from the passes over CLIENT LIST, why it
// ended as far as the server's counters tell, and when the programs, addresses and users behind the
// connections were there. It is pure: Snapshots in, Updates out.
//
//	Snapshots ─> Ledger ─> Update ─┬─> history    sessions, hourly marks
//	                               └─> Announcer  the messages of who came, went and is there
package presence
