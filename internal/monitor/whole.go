package monitor

import "time"

// Finish ends what is under way, sampling or full mode, and hands out the one Batch of a run with
// Options.Whole once its last window is read. ok is false when there was no window, or patience was not
// enough: a window of a server that answers ends within 200 ms, one of a server that does not is given up
// after 5 s.
func (s *Sampler) Finish(patience time.Duration) (b Batch, ok bool) {
	s.Enable(false)
	s.Watch(0)
	return s.Take(patience)
}

// Complete says of a run with Options.Whole in full mode that nothing is missing.
func (b Batch) Complete() bool { return b.Gaps <= 1 && b.Dropped == 0 }
