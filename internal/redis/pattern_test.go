package redis

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFoldKey(t *testing.T) {
	for _, c := range []struct{ key, want string }{
		{"", ""},
		{"*", "*"},
		{"greeting", "greeting"},
		{"user:1234:profile", "user:*:profile"},
		{"user_1234", "user_*"},
		{"item-99", "item-*"},
		{"page:3855", "page:*"},
		{"web-1", "web-*"},
		{"1234", "*"},
		{"a:0:b:00012:c", "a:*:b:*:c"},
		{"1:2:3", "*:*:*"}, // never across separators
		{"{user:1000}.followers", "{user:*}.followers"},
		{"{42}:cart", "{*}:cart"},

		// One or two digits at a word are a part of its name, more are a number.
		{"db0", "db0"}, {"v2", "v2"}, {"web12", "web12"}, {"shard3:keys", "shard3:keys"}, {"sha1", "sha1"},
		{"user123", "user*"}, {"key:000000001234", "key:*"}, {"memtier-55", "memtier-*"},
		{"user6284781860667377211", "user*"},
		{"order2024eu", "order*eu"},

		// Known shapes that hold separators.
		{"s:6ba7b810-9dad-11d1-80b4-00c04fd430c8:x", "s:*:x"},
		{"S:6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "S:*"},
		{"s:6ba7b810-9dad-11d1-80b4-00c04fd430c8x", "s:*-9dad-11d1-80b4-00c04fd*c8x"}, // too long for one
		{"stat:2024-06-01", "stat:*"}, {"stat:2024/06/01:hits", "stat:*:hits"}, {"stat_2024_06_01", "stat_*"},
		{"stat:2024-13-01", "stat:*-*-*"}, {"stat:20240601", "stat:*"},
		{"at:2024-06-01T10:20:30.123Z:x", "at:*:x"}, {"at:2024-06-01T10:20+02:00", "at:*"},
		{"at:20240601T102030Z", "at:*"}, {"at:2024-06-01 10:20:30", "at:*"},
		{"limit:10.1.2.3:get", "limit:*:get"}, {"limit:10.1.2.333", "limit:*.*.*.*"},
		{"limit:[2001:db8::8a2e:370:7334]:get", "limit:[*]:get"}, {"limit:2001:db8::7334:get", "limit:*:get"},
		{"limit:2001:0db8:85a3:0000:0000:8a2e:0370:7334:get", "limit:*:get"},
		{"cafe::bed", "cafe::bed"}, {"a:b:c", "a:b:c"},
		{"mail:john.doe+x@mail.example.com:inbox", "mail:*:inbox"}, {"u_jo@example.org", "*"},
		{"celery@worker", "celery@worker"}, {"pkg@2.0.1", "pkg@*.*.*"}, {"@all:x.y", "@all:x.y"},

		// Hashes and random text.
		{"c:deadbeef", "c:deadbeef"}, {"c:deadbee1", "c:*"}, {"c:dead1", "c:dead1"},
		{"c:d41d8cd98f00b204e9800998ecf8427e", "c:*"}, {"c:abcdefabcdefabcd", "c:*"},
		{"c:0x71C7656EC7ab88b098defB751B7401B5f6d8976F", "c:*"},
		{"c:01ARZ3NDEKTSV4RRFFQ69G5FAV", "c:*"},
		{"c:0ujtsYcgvSTl8PAuAdqWYSMnLOv:x", "c:*:x"},
		{"task_V1StGXR8_Z5jdHi6B-myT", "task_*"},
		{"u_x7YqB2mKw9ZtR4LpVc", "u_*"}, {"sess:C-ThaO5mMPVdd1dRybP-gBJeDZVrZFlf", "sess:*"},
		{"video:dQw4w9WgXcQ", "video:*"},

		// Words are not, however they are written.
		{"spring:session:index:findByPrincipalName", "spring:session:index:findByPrincipalName"},
		{"OAuth2AuthorizationRequest", "OAuth2AuthorizationRequest"},
		{"PHPREDIS_SESSION", "PHPREDIS_SESSION"}, {"base64-encoded-payload-v2", "base64-encoded-payload-v2"},
		{"getUserProfileByAccountId", "getUserProfileByAccountId"},
		{"pending_in_process_deletion_worker", "pending_in_process_deletion_worker"},
		{"i18n:en_US", "i18n:en_US"}, {"utf8mb4_general_ci", "utf8mb4_general_ci"},

		// Parts of a URL.
		{"page:https://example.com/a/123?id=5&q=x", "page:https://example.com/a/*?id=*&q=x"},
		{"page%3A123%2Fx", "page%3A*%2Fx"},

		// What MONITOR writes with a backslash.
		{`say\"12\"`, `say\"*\"`}, {`App\\Jobs\\Mail:7`, `App\\Jobs\\Mail:*`},
		{`\xe7\x94\xa8\xe6\x88\xb7:123`, `\xe7\x94\xa8\xe6\x88\xb7:*`}, {"größe:123", "größe:*"},
		{`celery\x06\x163`, `celery*`}, {`a:\x00\x1b[31m:x\xff:b`, `a:*:b`}, {`\x01`, `*`}, {`user:a1\xffZ`, `user:*`},
		{`\xac\xed\x00\x05t\x00\x08user:123`, `*user:*`}, {`\xac\xed\x00\x05t\x00!user:12345678`, `*user:*`},
		{"a\x00b", "*"}, {"a\u202eb", "*"}, {`\`, "*"}, {`\x`, "*"}, {`\xe7`, "*"},
	} {
		if got := string(FoldKey(nil, []byte(c.key))); got != c.want {
			t.Errorf("%q: %s, want %s", c.key, got, c.want)
		}
	}
}

func TestFoldKeyAppends(t *testing.T) {
	if got := string(FoldKey([]byte("mail: jo"), []byte("@example.com"))); got != "mail: jo@example.com" {
		t.Error(got)
	}
}

// TestFoldKeyRandom: of keys with an identifier of one kind nearly all have one pattern.
func TestFoldKeyRandom(t *testing.T) {
	const (
		digits  = "0123456789"
		hex     = "0123456789abcdef"
		base36  = "abcdefghijklmnopqrstuvwxyz0123456789"
		base62  = base36 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		base64  = base62 + "-_"
		crock32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
		count   = 2000
	)
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name, alphabet string
		size           int
		least          float64
	}{
		{"number", digits, 6, 1},
		{"crc32", hex, 8, 0.97}, // some have no digit
		{"mongo id", hex, 24, 1}, {"md5", hex, 32, 1}, {"sha1", hex, 40, 1}, {"sha256", hex, 64, 1},
		{"php session", base36[:22] + digits, 26, 0.98},
		{"cuid", base36, 24, 0.98}, {"django session", base36, 32, 0.98},
		{"random16", base62, 16, 0.90}, {"ksuid", base62, 27, 0.98}, {"laravel session", base62, 40, 0.99},
		{"nanoid", base64, 21, 0.90}, {"express session", base64, 32, 0.93}, {"token", base64, 43, 0.93},
		{"ulid without time", crock32, 25, 0.98},
	} {
		t.Run(c.name, func(t *testing.T) {
			folded := 0
			missed := ""
			for range count {
				id := make([]byte, c.size)
				for i := range id {
					id[i] = c.alphabet[random.IntN(len(c.alphabet))]
				}
				if c.name == "ulid without time" {
					id = append([]byte("0"), id...)
				}
				if got := string(FoldKey(nil, fmt.Appendf(nil, "sess:%s:data", id))); got == "sess:*:data" {
					folded++
				} else {
					missed = got
				}
			}
			if share := float64(folded) / count; share < c.least {
				t.Errorf("%.3f have the pattern; not: %s", share, missed)
			} else {
				t.Logf("%.4f %s", share, missed)
			}
		})
	}
}

func TestFoldKeyOfBinary(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	seen := map[string]int{}
	const count = 2000
	for range count {
		raw := make([]byte, 16)
		for i := range raw {
			raw[i] = byte(random.Uint32())
		}
		seen[string(FoldKey(nil, quote(append([]byte("img:"), raw...))))]++
	}
	if n := seen["img:*"]; n < count*8/10 {
		t.Errorf("%d of %d have one pattern: %v", n, count, seen)
	}
}

func TestFoldKeyIsBounded(t *testing.T) {
	long := FoldKey(nil, []byte(strings.Repeat("part:", 1000)))
	if len(long) > MaxPattern || !bytes.HasSuffix(long, []byte("…")) || !bytes.HasPrefix(long, []byte("part:part:")) {
		t.Errorf("%q", long)
	}
	if got := string(FoldKey(nil, []byte("blob:"+strings.Repeat("0123456789", 1000)))); got != "blob:*…" {
		t.Error(got)
	}
	if got := FoldKey(nil, []byte(strings.Repeat("x", MaxPattern))); len(got) != MaxPattern || bytes.ContainsRune(got, '…') {
		t.Errorf("%q", got)
	}
	for n := range 8 { // nothing is cut in two
		key := strings.Repeat("x", MaxPattern-8+n) + `\xc3\xa9` + "é…" + strings.Repeat("y", 20)
		got := string(FoldKey(nil, []byte(key)))
		body := strings.TrimSuffix(got, "…")
		if body == got || !strings.HasPrefix(key, body) || string(wholeEscapes([]byte(body))) != body {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func FuzzFoldKey(f *testing.F) {
	for _, key := range []string{"user:1:x", `\xac\xed\x00\x05t\x00`, "a@b.cc", "1::2::3", "2024-06-01T10:", `\x`, "\xff\\", "%4", "6ba7b810-9dad"} {
		f.Add([]byte(key))
	}
	f.Fuzz(func(t *testing.T, key []byte) {
		got := FoldKey(nil, key)
		if len(got) > MaxPattern || !utf8.Valid(got) || Printable(string(got)) != string(got) {
			t.Errorf("%q: %q", key, got)
		}
		if len(key) > 0 && len(got) == 0 {
			t.Errorf("%q has no pattern", key)
		}
		if quoted := FoldKey(nil, quote(key)); !utf8.Valid(quoted) || Printable(string(quoted)) != string(quoted) {
			t.Errorf("%q, quoted: %q", key, quoted)
		}
	})
}

func TestFoldKeyAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, MaxPattern)
	for _, key := range []string{"user:1234:profile", `a:\x00\xff:b`, "jo@example.com", strings.Repeat("é:1:", 200)} {
		if n := testing.AllocsPerRun(100, func() { dst = FoldKey(dst[:0], []byte(key)) }); n > 1 { // one is []byte(key)
			t.Errorf("%q: %v allocations", key, n)
		}
	}
}

func BenchmarkFoldKey(b *testing.B) {
	dst := make([]byte, 0, MaxPattern)
	for _, key := range []string{
		"user:1234:profile", "session:6ba7b810-9dad-11d1-80b4-00c04fd430c8", "bull:emails:183742:lock",
		"config", `bin:\x00\x01\xfe\xff`,
	} {
		b.Run(key, func(b *testing.B) {
			raw := []byte(key)
			b.ReportAllocs()
			for b.Loop() {
				dst = FoldKey(dst[:0], raw)
			}
		})
	}
}
