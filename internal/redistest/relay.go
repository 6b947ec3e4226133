package redistest

import (
	"io"
	"net"
)

// Relay listens on the unix socket path until the test ends, and leads each connection to the server that to names
// for it; it asks once a connection, from one goroutine. It returns path.
func Relay(t TB, path string, to func() *Server) string {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("unix", to().Socket())
			if err != nil {
				here.Close()
				continue
			}
			pipe := func(to, from net.Conn) { io.Copy(to, from); to.Close(); from.Close() }
			go pipe(there, here)
			go pipe(here, there)
		}
	}()
	return path
}
