// Package report tells people what an observation came to: a Gatherer takes the Snapshots one by one,
// and a Report of them is written as text, Markdown, HTML or JSON.
//
// Like doctor it is pure. Whatever it is given is made safe to show: a saved observation may have been
// written by a stranger.
package report
