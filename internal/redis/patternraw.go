package redis

// A Folder finds the patterns of keys that are not quoted. It keeps its room between calls: one goroutine may use
// it at a time. Its zero value is ready.
type Folder struct{ quoted, pattern, raw []byte }

// Pattern is the pattern of a key as FoldKey has it, of raw bytes and as raw bytes.
func (f *Folder) Pattern(key string) string {
	const hex = "0123456789abcdef"
	f.quoted = f.quoted[:0]
	for i := range len(key) {
		switch c := key[i]; {
		case c == '"' || c == '\\':
			f.quoted = append(f.quoted, '\\', c)
		case c < ' ' || c > '~':
			f.quoted = append(f.quoted, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			f.quoted = append(f.quoted, c)
		}
	}
	f.pattern = FoldKey(f.pattern[:0], f.quoted)
	f.raw = Unquote(f.raw[:0], f.pattern)
	return string(f.raw)
}
