package doctor

import "redistop/internal/stats"

var deniedLogins = Rule{
	ID:    "denied-logins",
	Title: "Logins are refused in number",
	Group: "Security",
	What:  "Clients log in with a wrong user or password, or send commands without logging in, again and again.",
	Why:   "Either an application has the wrong password and does not work, or somebody is guessing.",
	How:   "INFO stats (acl_access_denied_auth, 7.2+), WRONGPASS and NOAUTH in INFO errorstats (6.2+), and ACL LOG for who it was.",
	Do:    "Correct the client's user and password. Where the address is a stranger's, close the port to it.",
	Limits: []Limit{
		{"refused", 10, "in a minute: a person mistypes two or three times; a client that retries does it every second"},
	},
	Check: checkDeniedLogins,
}

func checkDeniedLogins(w *Window) []stats.Finding {
	wrong, elapsed := w.errorReplies("WRONGPASS")
	missing, _ := w.errorReplies("NOAUTH")
	denied, _, _ := w.Growth(Recent, func(s *stats.Snapshot) stats.Maybe[int64] { return s.Housekeeping.DeniedAuth })
	wrong = max(wrong, denied)
	if elapsed <= 0 || float64(wrong+missing) < w.Limit("refused") {
		return nil
	}
	f := stats.Finding{
		Severity: stats.Warning, Confidence: stats.Certain,
		Title:    plural(wrong, "login") + " refused in " + seconds(elapsed.Seconds()),
		Impact:   "An application with the wrong password does not work; or somebody is guessing.",
		Culprits: w.deniedWho(),
		Remedy: []string{
			"if the address is an application's: correct its user and password (ACL LOG shows the user it tried)",
			"if it is a stranger's: close the port to it with a firewall or bind, and look at who else got in (ACL LOG, CLIENT LIST)",
		},
	}
	if wrong == 0 {
		f.Title = plural(missing, "command") + " sent without logging in, in " + seconds(elapsed.Seconds())
	}
	if wrong > 0 {
		f.Evidence = append(f.Evidence, w.evidence("wrong user or password", count(wrong), "INFO errorstats (WRONGPASS), INFO stats (acl_access_denied_auth)"))
	}
	if missing > 0 {
		f.Evidence = append(f.Evidence, w.evidence("not logged in", count(missing), "INFO errorstats (NOAUTH)"))
	}
	f.Unknown = []string{"whether it is that address alone: ACL LOG joins what is alike within a minute and keeps one address of it"}
	if len(f.Culprits) == 0 {
		f.Unknown = []string{"who it is: ACL LOG tells of wrong passwords, where it may be asked"}
	}
	return []stats.Finding{f}
}

// deniedWho is who ACL LOG says was refused at the door, with the user that was tried.
func (w *Window) deniedWho() []stats.Culprit {
	var list []stats.Culprit
	var weights []float64
	for _, d := range w.Now.Denied {
		if d.Reason == "auth" && d.AgeSeconds <= Recent.Seconds() {
			list = append(list, stats.Culprit{Addr: d.Addr, IP: ipOf(d.Addr, ""), Name: d.Name, User: d.User, Command: "AUTH", Source: "ACL LOG"})
			weights = append(weights, float64(d.Count))
		}
	}
	return Merge(list, weights, mostCulprits)
}
