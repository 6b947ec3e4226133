package redis

import (
	"errors"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func text(k Kind, s string) Value { return Value{Kind: k, Text: s} }
func integer(n int64) Value       { return Value{Kind: KindInteger, Int: n} }
func list(k Kind, elems ...Value) Value {
	return Value{Kind: k, Elems: elems}
}

func TestReaderKinds(t *testing.T) {
	null := Value{Kind: KindNull}
	for name, test := range map[string]struct {
		wire string
		want Value
	}{
		"simple":            {"+OK\r\n", text(KindSimple, "OK")},
		"empty simple":      {"+\r\n", text(KindSimple, "")},
		"simple with CR":    {"+a\rb\r\n", text(KindSimple, "a\rb")},
		"error":             {"-ERR no\r\n", text(KindError, "ERR no")},
		"integer":           {":-42\r\n", integer(-42)},
		"largest integer":   {":9223372036854775807\r\n", integer(math.MaxInt64)},
		"bulk":              {"$5\r\na\r\nb\x00\r\n", text(KindBulk, "a\r\nb\x00")},
		"empty bulk":        {"$0\r\n\r\n", text(KindBulk, "")},
		"null bulk":         {"$-1\r\n", null},
		"null array":        {"*-1\r\n", null},
		"null":              {"_\r\n", null},
		"array":             {"*3\r\n:1\r\n$-1\r\n*1\r\n+x\r\n", list(KindArray, integer(1), null, list(KindArray, text(KindSimple, "x")))},
		"empty array":       {"*0\r\n", list(KindArray)},
		"double":            {",1.5e3\r\n", Value{Kind: KindDouble, Float: 1500}},
		"infinite":          {",-inf\r\n", Value{Kind: KindDouble, Float: math.Inf(-1)}},
		"overflowing":       {",1e999\r\n", Value{Kind: KindDouble, Float: math.Inf(1)}},
		"nan":               {",nan\r\n", Value{Kind: KindDouble, Float: math.NaN()}},
		"true":              {"#t\r\n", Value{Kind: KindBool, Int: 1}},
		"false":             {"#f\r\n", Value{Kind: KindBool}},
		"map":               {"%1\r\n+a\r\n:1\r\n", list(KindMap, text(KindSimple, "a"), integer(1))},
		"set":               {"~1\r\n:1\r\n", list(KindSet, integer(1))},
		"push":              {">2\r\n+message\r\n+hi\r\n", list(KindPush, text(KindSimple, "message"), text(KindSimple, "hi"))},
		"verbatim":          {"=7\r\ntxt:abc\r\n", text(KindVerbatim, "abc")},
		"big number":        {"(3492890328409238509324850943850943825024385\r\n", text(KindBigNumber, "3492890328409238509324850943850943825024385")},
		"blob error":        {"!8\r\nERR a\r\nb\r\n", text(KindBlobError, "ERR a\r\nb")},
		"attribute":         {"|1\r\n+ttl\r\n:3600\r\n:7\r\n", integer(7)},
		"attribute inside":  {"*1\r\n|1\r\n+ttl\r\n*1\r\n:1\r\n:7\r\n", list(KindArray, integer(7))},
		"attribute of none": {"|0\r\n|0\r\n+OK\r\n", text(KindSimple, "OK")},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{
				strings.NewReader(test.wire + "+next\r\n"),
				iotest.OneByteReader(strings.NewReader(test.wire + "+next\r\n")),
			} {
				rd := NewReader(r, Limits{})
				got, err := rd.Read()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); diff != "" {
					t.Error(diff)
				}
				if next, err := rd.Read(); err != nil || next.Text != "next" {
					t.Errorf("the reply after it: %q, %v", next.Text, err)
				}
				if _, err := rd.Read(); err != io.EOF {
					t.Errorf("at the end: %v, want EOF", err)
				}
			}
		})
	}
}

func TestReaderRefuses(t *testing.T) {
	limits := Limits{Bulk: 100, Total: 100_000, Depth: 4, Elems: 100}
	for name, test := range map[string]struct {
		wire string
		want error
	}{
		"unknown type":            {"hello\r\n", ErrProtocol},
		"HTTP":                    {"HTTP/1.1 400 Bad Request\r\n\r\n", ErrProtocol},
		"TLS alert":               {"\x15\x03\x01\x00\x02\x02\x16", ErrProtocol},
		"length beyond 2^63":      {"$9223372036854775808\r\n", ErrProtocol},
		"length of 2^63-1":        {"$9223372036854775807\r\n", ErrTooLarge},
		"negative length":         {"$-2\r\nab\r\n", ErrProtocol},
		"negative array":          {"*-2\r\n", ErrProtocol},
		"negative map":            {"%-1\r\n", ErrProtocol},
		"negative verbatim":       {"=-1\r\n", ErrProtocol},
		"short verbatim":          {"=3\r\ntxt\r\n", ErrProtocol},
		"streamed string":         {"$?\r\n", ErrProtocol},
		"array of 2^63-1":         {"*9223372036854775807\r\n", ErrTooLarge},
		"map of 2^62":             {"%4611686018427387904\r\n", ErrTooLarge},
		"nested without end":      {strings.Repeat("*1\r\n", 50_000), ErrTooLarge},
		"attributes nested":       {strings.Repeat("|1\r\n", 50_000), ErrTooLarge},
		"attributes without end":  {strings.Repeat("|0\r\n", 50_000), ErrTooLarge},
		"many elements":           {"*60\r\n" + strings.Repeat("*60\r\n", 60), ErrTooLarge},
		"endless line":            {"+" + strings.Repeat("x", 200_000), ErrTooLarge},
		"endless number":          {":" + strings.Repeat("1", 200_000), ErrProtocol},
		"line without CR":         {"+OK\n", ErrProtocol},
		"empty line without CR":   {"+\n", ErrProtocol},
		"bulk longer than said":   {"$2\r\nabcd\r\n", ErrProtocol},
		"bulk without end":        {"$2\r\nab", io.ErrUnexpectedEOF},
		"half a bulk":             {"$20\r\nab", io.ErrUnexpectedEOF},
		"half an array":           {"*2\r\n:1\r\n", io.ErrUnexpectedEOF},
		"half a line":             {"+OK\r", io.ErrUnexpectedEOF},
		"half a number":           {":1", io.ErrUnexpectedEOF},
		"type byte alone":         {"*", io.ErrUnexpectedEOF},
		"number with text":        {":12a\r\n", ErrProtocol},
		"no number":               {"*\r\n", ErrProtocol},
		"bool":                    {"#x\r\n", ErrProtocol},
		"null with text":          {"_x\r\n", ErrProtocol},
		"double":                  {",one\r\n", ErrProtocol},
		"many bulks beyond total": {"*50\r\n" + strings.Repeat("$5000\r\n"+strings.Repeat("x", 5000)+"\r\n", 50), ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			rd := NewReader(strings.NewReader(test.wire), limits)
			_, err := rd.Read()
			if !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if _, again := rd.Read(); again != err {
				t.Errorf("a second Read: %v, want the same error", again)
			}
		})
	}
}

func TestReaderCuts(t *testing.T) {
	long := strings.Repeat("0123456789", 10_000)
	for name, wire := range map[string]string{
		"bulk":     "$100000\r\n" + long + "\r\n",
		"simple":   "+" + long + "\r\n",
		"error":    "-" + long + "\r\n",
		"verbatim": "=100004\r\ntxt:" + long + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			rd := NewReader(strings.NewReader(wire+":1\r\n"), Limits{Bulk: 25})
			v, err := rd.Read()
			if err != nil || v.Text != "0123456789012345678901234"[:25] || !v.Cut {
				t.Fatalf("%q, cut %v, %v", v.Text, v.Cut, err)
			}
			if v, err := rd.Read(); err != nil || v.Int != 1 {
				t.Errorf("the reply after it: %v, %v", v, err)
			}
		})
	}
	exact, err := NewReader(strings.NewReader("$5\r\n01234\r\n"), Limits{Bulk: 5}).Read()
	if err != nil || exact.Text != "01234" || exact.Cut {
		t.Errorf("a string of just the limit: %+v, %v", exact, err)
	}
}

// A claimed length costs nothing until its bytes come.
func TestReaderAllocatesWhatArrives(t *testing.T) {
	for _, wire := range []string{
		"$1000000000\r\nabc",
		"*100000000\r\n:1\r\n",
		"%50000000\r\n:1\r\n",
		strings.Repeat("*90000000\r\n", 15),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := NewReader(strings.NewReader(wire), Limits{Bulk: 1 << 40, Total: 1 << 40, Elems: 2_000_000_000}).Read()
		runtime.ReadMemStats(&after)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%.20q: %v", wire, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
			t.Errorf("%.20q: %d bytes allocated", wire, got)
		}
	}
}

// A deadline between two replies loses nothing; one inside a reply ends the stream.
func TestReaderDeadlines(t *testing.T) {
	timeout := iotest.ErrReader(os.ErrDeadlineExceeded)
	once := func(before, after string) io.Reader {
		return io.MultiReader(strings.NewReader(before), &oneError{err: os.ErrDeadlineExceeded}, strings.NewReader(after))
	}
	rd := NewReader(once("+one\r\n", "+two\r\n"), Limits{})
	if v, err := rd.Read(); err != nil || v.Text != "one" {
		t.Fatal(v, err)
	}
	if _, err := rd.Read(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	if v, err := rd.Read(); err != nil || v.Text != "two" {
		t.Errorf("after the deadline: %v, %v", v, err)
	}

	rd = NewReader(once("*2\r\n:1\r\n", ":2\r\n"), Limits{})
	for range 2 {
		if _, err := rd.Read(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("inside a reply: %v", err)
		}
	}
	if _, err := NewReader(timeout, Limits{}).Read(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

// oneError is a reader that fails once and is then at its end.
type oneError struct{ err error }

func (o *oneError) Read([]byte) (int, error) {
	err := o.err
	o.err = io.EOF
	return 0, err
}

func TestAppendCommand(t *testing.T) {
	got := string(AppendCommand([]byte("x"), "CLIENT", "LIST", "", "a\r\nb"))
	want := "x*4\r\n$6\r\nCLIENT\r\n$4\r\nLIST\r\n$0\r\n\r\n$4\r\na\r\nb\r\n"
	if got != want {
		t.Errorf("%q", got)
	}
}

func TestReplyError(t *testing.T) {
	for name, test := range map[string]struct {
		value         Value
		code, printed string
	}{
		"usual":     {text(KindError, "NOPERM this user has no permissions"), "NOPERM", "NOPERM this user has no permissions"},
		"one word":  {text(KindError, "LOADING"), "LOADING", "LOADING"},
		"empty":     {text(KindError, ""), "", "empty error reply"},
		"blob":      {text(KindBlobError, "ERR two\nlines"), "ERR", `ERR two\nlines`},
		"escapes":   {text(KindError, "ERR \x1b]0;owned\a"), "ERR", `ERR \x1b]0;owned\x07`},
		"very long": {text(KindError, "ERR "+strings.Repeat("x", 1_000_000)), "ERR", "ERR " + strings.Repeat("x", maxErrorRunes-5) + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			var e *ReplyError
			if !errors.As(test.value.Err(), &e) {
				t.Fatal("not a ReplyError")
			}
			if e.Code != test.code || e.Error() != test.printed {
				t.Errorf("code %q, printed %q", e.Code, e.Error())
			}
		})
	}
	if err := text(KindBulk, "ERR quoted").Err(); err != nil {
		t.Errorf("a string is no error: %v", err)
	}
}
