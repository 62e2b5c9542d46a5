package oauth

import (
	"fmt"
	"net/url"
	"strings"
)

const longestBack = 1024 // a cookie has to hold it

// safeBack reports whether a browser that is sent to s stays on this host: a path
// with perhaps a query, in which no browser can find a host. Browsers read //x, /\x
// and \/x as hosts and drop control characters first; proxies may decode once more.
func safeBack(s string) bool {
	if len(s) > longestBack {
		return false
	}
	for range 4 {
		if !strings.HasPrefix(s, "/") || strings.ContainsFunc(s, unsafeRune) {
			return false
		}
		path, _, _ := strings.Cut(s, "?")
		if strings.Contains(path, `\`) || strings.Contains(path, "//") {
			return false
		}
		decoded, err := url.PathUnescape(path)
		if err != nil {
			return false
		}
		if decoded == path {
			return true
		}
		s = decoded
	}
	return false // escaped again and again by nobody who means well
}

// escaped is s with what does not belong into a header or a link spelled as %XX. What
// is escaped already stays so.
func escaped(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c > '~' || strings.IndexByte(" \"<>`{|}^", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unsafeRune finds what has to be escaped in an address anyway.
func unsafeRune(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }
