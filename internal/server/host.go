package server

import "redistop/internal/stats"

type hostWatch struct{}

func (p *Poller) lookAtHost(r *stats.Reading) {}
