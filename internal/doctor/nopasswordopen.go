package doctor

import (
	"net"
	"strings"

	"redistop/internal/stats"
)

var noPasswordOpen = Rule{
	ID:    "no-password-open",
	Title: "Everybody on the network may do everything",
	Group: "Security",
	What:  "The default user needs no password, protected mode is off, and the server listens beyond its own host.",
	Why:   "Whoever reaches the port reads and deletes all data, and may use CONFIG or a module to run programs on the host: open servers are found by scanners within hours.",
	How:   "How we came in, ACL GETUSER default (6.0+), CONFIG GET protected-mode, bind, port and tls-auth-clients, and the addresses in CLIENT LIST. Whether a firewall stands between cannot be seen.",
	Do:    "Set a password or ACL users, and bind only the addresses that clients need.",
	Check: checkNoPasswordOpen,
}

func checkNoPasswordOpen(w *Window) []stats.Finding {
	if !w.Now.Access.NoPassword.Or(false) {
		return nil
	}
	strangers := w.connections(func(c *stats.ConnectionRow) bool {
		return elsewhere(ipOf(c.Addr, c.Flags)) && (c.User == "default" || c.User == "")
	})
	how, open := w.openBeyondHost()
	if !open && len(strangers) == 0 {
		return nil
	}
	f := stats.Finding{
		Severity: stats.Critical, Confidence: stats.Certain,
		Title:    "This server is open to the network without a password",
		Evidence: []stats.Evidence{moment("the default user", "needs no password", "ACL GETUSER default, or how we came in")},
		Culprits: whoHas(strangers, one),
		Impact:   "Whoever reaches its port can read, change and delete all data.",
		Remedy: []string{
			"set a password: CONFIG SET requirepass, or better a user for each application (ACL SETUSER), and give it to the clients first",
			"listen only where clients are: CONFIG SET bind \"127.0.0.1 10.0.0.5\" (with this host's addresses), and put a firewall before the port",
		},
		Unknown: []string{"whether a firewall keeps strangers from the port"},
	}
	if how != "" {
		f.Evidence = append(f.Evidence, moment("listens", how, "CONFIG GET"))
	}
	if len(strangers) > 0 {
		f.Evidence = append(f.Evidence, moment("connections of other hosts without a password", count(int64(len(strangers))), "CLIENT LIST"))
	}
	if all, known := w.Now.Access.DefaultAll.Get(); known && !all {
		f.Severity = stats.Warning
		f.Title = "This server takes anybody from the network without a password"
		f.Impact = "Whoever reaches its port can do what the default user may, which is not everything."
	}
	return []stats.Finding{f}
}

// openBeyondHost says whether the configuration lets other hosts in without a password or a certificate,
// and how; false where it is unknown.
func (w *Window) openBeyondHost() (how string, open bool) {
	if !w.configIs("protected-mode", "no") {
		return "", false // on it turns away other hosts while there is no password
	}
	bind, known := w.config("bind")
	if !known || onlyLoopback(bind) {
		return "", false
	}
	plainPort, known := w.configInt("port")
	tlsPort, _ := w.configInt("tls-port")
	if known && plainPort == 0 && (tlsPort == 0 || !w.configIs("tls-auth-clients", "no") && !w.configIs("tls-auth-clients", "optional")) {
		return "", false // a unix socket alone, or certificates, which are asked for by default
	}
	if bind == "" {
		bind = "all addresses"
	}
	return "protected-mode no, bind " + safeName(bind), true
}

// onlyLoopback says whether bind names addresses of this host alone.
func onlyLoopback(bind string) bool {
	addrs := strings.Fields(bind)
	for _, a := range addrs {
		ip := net.ParseIP(strings.TrimPrefix(a, "-"))
		if a != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return len(addrs) > 0
}
