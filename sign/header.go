package sign

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	headerTimestamp = "Wechatpay-Timestamp"
	headerNonce     = "Wechatpay-Nonce"
	headerSerial    = "Wechatpay-Serial"
	headerSignature = "Wechatpay-Signature"
	headerType      = "Wechatpay-Signature-Type"
)

// claim is what the headers say about a message, before any of it is proved.
type claim struct {
	timestamp, nonce, serial, signature string
	at                                  time.Time
}

// field counts one header over all spellings of its name and keeps its last value.
type field struct {
	name  string
	count int
	value string
}

// readClaim does every check that needs neither clock nor key.
func readClaim(h http.Header) (claim, error) {
	fields := [...]field{{name: headerTimestamp}, {name: headerNonce}, {name: headerSerial}, {name: headerSignature}, {name: headerType}}
	collect(h, fields[:])
	for _, f := range fields[:4] {
		if err := f.once(); err != nil {
			return claim{}, err
		}
	}
	if kind := fields[4]; kind.count > 1 || kind.count == 1 && kind.value != Scheme {
		return claim{}, because(ErrUnsigned, "header %s must be absent or %s, not %s", kind.name, Scheme, show(kind.value))
	}
	c := claim{timestamp: fields[0].value, nonce: fields[1].value, serial: fields[2].value, signature: fields[3].value}
	if strings.HasPrefix(c.signature, probePrefix) {
		return claim{}, ErrProbe
	}
	return c.parse()
}

// collect counts the headers named in fields and keeps their values.
func collect(h http.Header, fields []field) {
	for name, values := range h {
		for i := range fields {
			// Not h.Values: a map built by another framework may spell a name twice.
			if len(name) == len(fields[i].name) && strings.EqualFold(name, fields[i].name) {
				fields[i].count += len(values)
				if len(values) > 0 {
					fields[i].value = values[0]
				}
			}
		}
	}
}

func (f field) once() error {
	switch {
	case f.count == 0:
		return because(ErrUnsigned, "header %s is missing; if every message lacks it, a proxy, CDN or gateway in between strips %s-* headers", f.name, f.name[:strings.IndexByte(f.name, '-')])
	case f.count > 1:
		return because(ErrUnsigned, "header %s is there %d times; something on the way repeats it", f.name, f.count)
	case f.value == "":
		return because(ErrUnsigned, "header %s is empty; a proxy, CDN or gateway in between may have cleared it", f.name)
	}
	return nil
}

// parse reads the time and refuses a nonce or serial that could move the border
// between the signed lines: with a line break inside the nonce, the beginning of a
// body could be passed off as a part of it.
func (c claim) parse() (claim, error) {
	if !every(c.nonce, isVisible) || !every(c.serial, isVisible) {
		return claim{}, because(ErrUnsigned, "headers %s and %s must be plain visible ASCII", headerNonce, headerSerial)
	}
	at, err := readStamp(headerTimestamp, c.timestamp)
	if err != nil {
		return claim{}, err
	}
	c.at = at
	return c, nil
}

// readStamp reads the Unix seconds in header name; s is not empty.
func readStamp(name, s string) (time.Time, error) {
	// Ten digits last until 2286; more are milliseconds or nonsense.
	if len(s) > 10 || s[0] == '0' || !every(s, isDigit) {
		return time.Time{}, because(ErrUnsigned, "header %s must be Unix seconds in plain digits, not %s", name, show(s))
	}
	seconds, _ := strconv.ParseInt(s, 10, 64) // cannot fail on ten digits
	return time.Unix(seconds, 0), nil
}
