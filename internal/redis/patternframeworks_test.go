package redis

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// frameworkKeys are the layouts of keys that frameworks use, with what varies as <kind>. Folded,
// each <kind> is a star; names of queues, caches and the like stay.
var frameworkKeys = map[string][]string{
	"Sidekiq": {
		"queues", "queue:default", "queue:mailers", "schedule", "retry", "dead", "processes", "paused", "dear-leader",
		"web-<n>:<n>:<hex12>", "web-<n>:<n>:<hex12>:work", "web-<n>:<n>:<hex12>-signals", "stat:processed", "stat:failed",
		"stat:processed:<date>", "stat:failed:<date>", "it-<hex24>", "j|<yymmdd>|<n2>:<n2>", "h|MailJob-<n2>-<n2>:<n2>",
	},
	"Resque": {
		"resque:queues", "resque:queue:critical", "resque:failed", "resque:failed_queues", "resque:critical_failed", "resque:workers",
		"resque:worker:app-<n>:<n>:critical,low", "resque:worker:app-<n>:<n>:critical,low:started", "resque:workers:heartbeat",
		"resque:stat:processed", "resque:stat:processed:app-<n>:<n>:low", "resque:pruning_dead_workers_in_progress",
	},
	"Celery": {
		"celery", `celery\x06\x163`, "_kombu.binding.celery", "_kombu.binding.reply.celery.pidbox", "unacked", "unacked_index", "unacked_mutex",
		"<uuid>.reply.celery.pidbox", "celery-task-meta-<uuid>", "celery-taskset-meta-<uuid>", "celery-taskset-meta-<uuid>.j", "chord-unlock-<uuid>",
	},
	"RQ": {
		"rq:queues", "rq:queue:high", "rq:queue:high:intermediate", "rq:job:<uuid>", "rq:wip:high", "rq:finished:high", "rq:results:<uuid>",
		"rq:worker:<hex32>", "rq:workers", "rq:workers:high", "rq:execution:<uuid>:<hex32>", "rq:scheduler-lock:high", "rq:rl:mailer:allowed",
	},
	"BullMQ": {
		"bull:emails:wait", "bull:emails:active", "bull:emails:delayed", "bull:emails:meta-paused", "bull:emails:waiting-children",
		"bull:emails:<n>", "bull:emails:<n>:lock", "bull:emails:<n>:logs", "bull:emails:<uuid>:dependencies", "bull:emails:id",
		"bull:emails:stalled-check", "bull:emails:repeat", "bull:emails:repeat:<hex32>:<ms>", "bull:emails:repeat:<hex32>",
		"bull:emails:de:<hex40>", "bull:emails:metrics:completed:data", "bull::relay:{main}:<uuid>:inbox", "bull::relay:{main}:nodes",
	},
	"machinery": {
		"machinery_tasks", "delayed_tasks", "task_<uuid>", "group_<uuid>", "chord_<uuid>", "TriggerChordMutex", "machinery_lock_reporternightly",
	},
	"asynq": {
		"asynq:queues", "asynq:{default}:pending", "asynq:{default}:t:<uuid>", "asynq:{default}:processed:<date>", "asynq:{default}:unique:email:deliver:<hex32>",
		"asynq:servers", "asynq:servers:{app-<n>:<n>:<uuid>}", "asynq:workers:{app-<n>:<n>:<uuid>}", "asynq:scheduler_history:<uuid>",
	},
	"Laravel": {
		"laravel_database_queues:default", "laravel_database_queues:default:delayed", "laravel_database_queues:{default}:reserved",
		"laravel_horizon:masters", "laravel_horizon:<uuid>", "laravel_horizon:recent_jobs", "laravel_horizon:job:App\\\\Jobs\\\\SendMail",
		"laravel_cache_:<hex40>", "laravel_cache_:<hex40>:timer", "laravel_cache:<b62_40>", "laravel_cache:tag:people:entries",
		"laravel_unique_job:App\\\\Jobs\\\\SendMail:<n>", "laravel_cache_framework/schedule-<hex40>", "illuminate:queue:restart",
	},
	"sessions": {
		"spring:session:sessions:<uuid>", "spring:session:sessions:expires:<uuid>", "spring:session:expirations:<ms>",
		"spring:session:index:org.springframework.session.FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME:<email>",
		"PHPREDIS_SESSION:<hex32>", "PHPREDIS_SESSION:<b32_26>", "PHPREDIS_SESSION:<hex32>_LOCK", "PHPREDIS_CLUSTER_SESSION:<hex32>",
		"session:<uuid>", "sess:<b64_32>", "_session_id:<n>::<hex64>", "shiro:session:<uuid>", "shiro:cache:users:<email>",
	},
	"caches": {
		":1:views.decorators.cache.cache_page..GET.<hex32>.<hex32>.en-us.UTC", ":1:template.cache.sidebar.<hex32>",
		":1:django.contrib.sessions.cache<b36_32>", "views/articles/<n>-<basic>/<hex32>", "wp:post_meta:<n>", "wp:options:alloptions",
	},
	"locks": {
		"redlock:order:<n>", "redisson_lock_queue:{order:<n>}", "redisson_lock_timeout:{order:<n>}",
		"redisson_unlock_latch:{order:<n>}:<hex32>", "redisson_lock__channel:{order:<n>}",
	},
	"limits": {
		"rl:<ip>", "rlflx:<ip>", "rate:user:<n>", "ratelimit:<email>:login", "throttle:api:<ip>:<n>", "rl:<ip6>:api",
	},
	"messages": {
		"socket.io", "sio:session:<n>", "ns/clients", "ns/clients/<b36_32>/channels", "ns/clients/<b36_32>/messages", "ns/channels/chat/room<n>",
		"ns/locks/gc", "logstash", "suricata",
	},
}

// foldedOtherwise are layouts of which FoldKey keeps or takes something else than a <kind>, and why.
var foldedOtherwise = map[string]string{
	`celery\x06\x163`:                                                     "celery*",                      // the priority is a binary suffix
	":1:django.contrib.sessions.cache<b36_32>":                            ":*:django.contrib.sessions.*", // nothing separates the name
	":1:template.cache.sidebar.<hex32>":                                   ":*:template.cache.sidebar.*",  // a number is a number
	":1:views.decorators.cache.cache_page..GET.<hex32>.<hex32>.en-us.UTC": ":*:views.decorators.cache.cache_page..GET.*.*.en-us.UTC",
	"spring:session:index:org.springframework.session.FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME:<email>": "spring:session:index:org.springframework.session.FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME:*",
}

// kinds make one example of what varies.
var kinds = map[string]func(*rand.Rand) string{
	"n":  func(r *rand.Rand) string { return fmt.Sprint(100 + r.IntN(9_000_000)) },
	"n2": func(r *rand.Rand) string { return fmt.Sprint(r.IntN(60)) },
	"ms": func(r *rand.Rand) string { return fmt.Sprint(1_700_000_000_000 + r.Int64N(1e11)) },
	"date": func(r *rand.Rand) string {
		return fmt.Sprintf("20%02d-%02d-%02d", r.IntN(90)+10, 1+r.IntN(12), 1+r.IntN(28))
	},
	"yymmdd": func(r *rand.Rand) string {
		return fmt.Sprintf("%02d%02d%02d", 10+r.IntN(90), 1+r.IntN(12), 1+r.IntN(28))
	},
	"basic": func(r *rand.Rand) string { return fmt.Sprintf("20240601%06d%03d", r.IntN(1e6), r.IntN(1000)) },
	"uuid": func(r *rand.Rand) string {
		return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", r.Uint32(), r.Uint32()>>16, r.Uint32()>>20, r.Uint32()>>16, r.Uint64()>>16)
	},
	"hex12":  randomText("0123456789abcdef", 12),
	"hex24":  randomText("0123456789abcdef", 24),
	"hex32":  randomText("0123456789abcdef", 32),
	"hex40":  randomText("0123456789abcdef", 40),
	"hex64":  randomText("0123456789abcdef", 64),
	"b32_26": randomText("0123456789abcdefghijklmnopqrstuv", 26),
	"b36_32": randomText("abcdefghijklmnopqrstuvwxyz0123456789", 32),
	"b62_40": randomText("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 40),
	"b64_32": randomText("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 32),
	"email": func(r *rand.Rand) string {
		return fmt.Sprintf("jo.doe+%d@mail-%d.example.org", r.IntN(100), r.IntN(10))
	},
	"ip": func(r *rand.Rand) string {
		return fmt.Sprintf("%d.%d.%d.%d", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256))
	},
	"ip6": func(r *rand.Rand) string { return fmt.Sprintf("2001:db8::%x:%x", 1+r.IntN(65535), 1+r.IntN(65535)) },
}

func randomText(alphabet string, size int) func(*rand.Rand) string {
	return func(r *rand.Rand) string {
		b := make([]byte, size)
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(b)
	}
}

// instance fills a layout in; pattern is what all its instances should fold to.
func instance(t *testing.T, layout string, random *rand.Rand) (key, pattern string) {
	t.Helper()
	for rest := layout; ; {
		before, after, ok := strings.Cut(rest, "<")
		key, pattern = key+before, pattern+before
		if !ok {
			break
		}
		kind, tail, _ := strings.Cut(after, ">")
		if kinds[kind] == nil {
			t.Fatalf("no kind %q", kind)
		}
		key, pattern = key+kinds[kind](random), pattern+"*"
		rest = tail
	}
	if other, ok := foldedOtherwise[layout]; ok {
		pattern = other
	}
	return key, pattern
}

func TestFoldKeysOfFrameworks(t *testing.T) {
	for framework, layouts := range frameworkKeys {
		t.Run(framework, func(t *testing.T) {
			layoutOf := map[string]string{}
			for _, layout := range layouts {
				const count = 200
				random := rand.New(rand.NewPCG(13, 14)) // the same keys in whatever order the layouts come
				missed, example := 0, ""
				var want string
				for range count {
					var key string
					key, want = instance(t, layout, random)
					if got := string(FoldKey(nil, []byte(key))); got != want {
						missed++
						example = key + " is " + got
					}
				}
				allowed := 0
				if strings.Contains(layout, "<b") || strings.Contains(layout, "<hex12>") {
					allowed = 20 // by chance some begin like a word, or have no digit
				}
				if missed > allowed {
					t.Errorf("%s: %d of %d miss %s: %s", layout, missed, count, want, example)
				}
				if other, ok := layoutOf[want]; ok {
					// Two kinds of identifiers at one place.
					if strings.Count(other, "<") == 0 || strings.Count(layout, "<") == 0 {
						t.Errorf("%s and %s are both %s", other, layout, want)
					}
				}
				layoutOf[want] = layout
			}
		})
	}
}
