package check

import (
	"net/url"
	"slices"
	"strings"
)

// PageURL is the address of a page as its browser has it; what comes back is the
// address to sign: the same bytes without the fragment. It is absolute, http or
// https, and its host, with the port unless that is the usual one, is one of hosts.
// Nothing is decoded or put in another form, because the WeChat client does not do
// so either.
func (f *Fields) PageURL(field, raw string, hosts []string) string {
	page, _, _ := strings.Cut(raw, "#")
	f.ID(field, page, 2048)
	u, err := url.Parse(page)
	switch {
	case err != nil:
		f.Fail(field, "is not a URL (%d bytes)", len(raw))
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		f.Fail(field, "must be the page's whole address: location.href.split('#')[0]")
	case u.User != nil || strings.ContainsRune(page, '\\'):
		f.Fail(field, "must hold no user name and no backslash")
	case !HasHost(hosts, u.Host):
		f.Fail(field, "has a host (%d bytes) that is not one of the %d allowed ones", len(u.Host), len(hosts))
	}
	return page
}

// HasHost reports whether host, as in a URL, is one of hosts, whatever the case.
func HasHost(hosts []string, host string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

// Hosts is a list of bare hosts, such as shop.example or localhost:8080, of which
// there must be one at least.
func (f *Fields) Hosts(field string, hosts []string) {
	f.Must(len(hosts) > 0, field, "is empty: name the hosts of your own pages")
	for i, h := range hosts {
		u, err := url.Parse("https://" + h)
		f.Must(err == nil && h != "" && u.Host == h && u.Hostname() != "" && !strings.ContainsAny(h, "*\\ "), field,
			"entry %d is not a bare host: leave out scheme and path, and spell each host out", i+1)
	}
}
