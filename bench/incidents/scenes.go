package main

import "slices"

// incidents is every incident, healthy every workload in which there is nothing to find. A new one is a
// Scene in the file of its like.
var incidents = slices.Concat(blocking, callers, connections, memory, messages, replication)

// scenes is all of them.
func scenes() []*Scene {
	var list []*Scene
	for _, all := range [][]Scene{incidents, healthy} {
		for i := range all {
			list = append(list, &all[i])
		}
	}
	return list
}
