package redis

import "testing"

func TestFolder(t *testing.T) {
	tests := map[string]string{
		"user:1234:profile":     "user:*:profile",
		"celery\x06\x163":       "celery*",
		"a \"b\" \\ c":          "a \"b\" \\ c",
		"laravel_App\\Jobs\\X":  "laravel_App\\Jobs\\X",
		"":                      "",
		"\xc3\xa4pfel:17":       "\xc3\xa4pfel:*",
		"sess:aB3dE5gH7jK9mN1p": "sess:*",
	}
	var f Folder
	for key, want := range tests {
		if got := f.Pattern(key); got != want {
			t.Errorf("%q folds to %q, want %q", key, got, want)
		}
	}
}
