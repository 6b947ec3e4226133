package demo

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// client makes a program's client: from its address, under its name and user, with the library
// that such a program would use.
func (d *Demo) client(p program, instance int) *redis.Client {
	o := &redis.Options{
		Addr:          d.server.Addr(),
		Username:      p.user,
		Password:      d.password,
		ClientName:    p.clientName(instance),
		PoolSize:      max(p.threads, 1),
		Protocol:      2,
		MaxRetries:    -1,
		DialerRetries: 1,
		Dialer:        d.dialer(p.host(instance)),
		// Both would add unknown commands to the errors of an older server.
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if d.tellsLibraries() && p.library != "" {
		o.OnConnect = func(ctx context.Context, cn *redis.Conn) error {
			return cn.Process(ctx, redis.NewStatusCmd(ctx, "client", "setinfo", "lib-name", p.library))
		}
	}
	return redis.NewClient(o)
}

// tellsLibraries says that the server knows CLIENT SETINFO: Redis 7.2, and every Valkey.
func (d *Demo) tellsLibraries() bool {
	b := d.server.Binary()
	major, minor := series(b)
	return b.Flavor == "valkey" || major > 7 || major == 7 && minor >= 2
}

// dialer connects from 127.0.0.<host>, where the system lets it.
func (d *Demo) dialer(host int) func(context.Context, string, string) (net.Conn, error) {
	nd := net.Dialer{Timeout: 5 * time.Second}
	if d.spread {
		nd.LocalAddr = local(host)
	}
	return nd.DialContext
}

func local(host int) net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(host))} }

// canSpread says whether a connection can come from 127.0.0.2: on Linux the whole of 127/8 is the
// machine itself, elsewhere often 127.0.0.1 alone.
func canSpread(ctx context.Context, addr string) bool {
	nd := net.Dialer{Timeout: time.Second, LocalAddr: local(2)}
	c, err := nd.DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

func (p program) clientName(instance int) string {
	if p.instances == 1 {
		return p.name
	}
	return p.name + "-" + strconv.Itoa(instance+1)
}

// host is the last byte of the address that an instance comes from.
func (p program) host(instance int) int { return p.hosts[instance%len(p.hosts)] }
