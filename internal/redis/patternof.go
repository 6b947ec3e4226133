package redis

// Pattern is the pattern of a raw key, raw itself; see FoldKey.
func Pattern(key string) string {
	return string(Unquote(nil, FoldKey(nil, AppendQuoted(nil, key[:min(len(key), 2*foldedKey)]))))
}

// AppendQuoted appends a raw key as MONITOR quotes it, without the quotes around it, which is what FoldKey reads.
func AppendQuoted(dst []byte, key string) []byte {
	const hex = "0123456789abcdef"
	for i := range len(key) {
		switch c := key[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == '\a':
			dst = append(dst, `\a`...)
		case c == '\b':
			dst = append(dst, `\b`...)
		case c < ' ' || c > '~':
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
