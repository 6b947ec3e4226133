package redis

// What redistop gives names to on the servers that it looks at.
const (
	// ObserverName is what all of its connections are called.
	ObserverName = "redistop"
	// CanaryPrefix begins every key, channel and group that its canary makes.
	CanaryPrefix = "redistop:canary:"
)
