package address

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/wxcommerce/wechat/internal/check"
	"github.com/wxcommerce/wechat/internal/wire"
)

// Address is a shipping address that a user picked. It prints as its region alone in
// every verb of fmt, in JSON and slog; the fields hold all of it in clear. The user
// wrote it: escape it in pages.
type Address struct {
	Name       string // of the receiver
	Phone      string
	PostalCode string // may be empty
	Province   string // first level
	City       string // second level
	District   string // third level: district or county
	Street     string // fourth level, from newer mini programs only; as far as seen Detail holds it too
	Detail     string // street, house and door
	Region     string // administrative code of the district, six digits as far as seen; may be empty
}

// The limits of the fields, in characters. No document names any; these are wide.
const (
	longName   = 64
	longRegion = 64
	longDetail = 512
)

// Validate checks that a parcel could find its way: name, phone, detail, and a
// province or a city. The error is a *wechat.FieldError and holds nothing of the
// address.
func (a Address) Validate() error {
	var f check.Fields
	f.Must(a.Name != "", "name", "is empty but required")
	f.Must(a.Detail != "", "detail", "is empty but required")
	f.Must(a.Province != "" || a.City != "", "province", "is empty, and so is city")
	digits := 0
	for i := range len(a.Phone) {
		if c := a.Phone[i]; c >= '0' && c <= '9' {
			digits++
		} else {
			f.Must(strings.IndexByte("+-() ,#*", c) >= 0, "phone", "byte %d of %d is not part of a phone number", i+1, len(a.Phone))
		}
	}
	f.Must(digits >= 5 && len(a.Phone) <= 32, "phone", "has %d digits in %d bytes, want 5 digits or more in at most 32 bytes", digits, len(a.Phone))
	for _, p := range []struct {
		field, value string
		limit        int
	}{{"name", a.Name, longName}, {"postal_code", a.PostalCode, 16}, {"province", a.Province, longRegion}, {"city", a.City, longRegion},
		{"district", a.District, longRegion}, {"street", a.Street, longRegion}, {"detail", a.Detail, longDetail}, {"region", a.Region, 16}} {
		f.Words(p.field, p.value, p.limit)
		f.Must(clean(p.value) == p.value, p.field, "has control characters, or spaces at an end")
	}
	return f.Err()
}

// Line is the whole address in one line, without name and phone, as for a waybill. A
// city that is its own province is named once.
func (a Address) Line() string {
	var b strings.Builder
	last := ""
	for _, s := range []string{a.Province, a.City, a.District, a.Detail} {
		if s != "" && s != last {
			b.WriteString(s)
		}
		last = s
	}
	return b.String()
}

// String is the region, and stars for the rest.
func (a Address) String() string {
	return "address(" + strings.TrimSpace(a.Province+" "+a.City) + " ***)"
}

// Format is String whatever the verb.
func (a Address) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.String()) }

// LogValue makes slog print String.
func (a Address) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalJSON gives String, so that no log gets the address by accident. Use Save.
func (a Address) MarshalJSON() ([]byte, error) { return json.Marshal(a.String()) }

// saved is how an Address lies in a store. Fields are only ever added.
type saved struct {
	Version    int    `json:"v"`
	Name       string `json:"name"`
	Phone      string `json:"phone"`
	PostalCode string `json:"postal_code,omitempty"`
	Province   string `json:"province,omitempty"`
	City       string `json:"city,omitempty"`
	District   string `json:"district,omitempty"`
	Street     string `json:"street,omitempty"`
	Detail     string `json:"detail"`
	Region     string `json:"region,omitempty"`
}

const savedVersion = 1

// Save checks the address and writes it in clear as versioned JSON, for a store or
// for the user's own page. Later versions of this package read what this one wrote.
func (a Address) Save() ([]byte, error) {
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	return wire.JSON(saved{savedVersion, a.Name, a.Phone, a.PostalCode, a.Province, a.City, a.District, a.Street, a.Detail, a.Region})
}

var errSaved = errors.New("address: this is not an address that Save wrote")

// Load reads what Save wrote.
func Load(b []byte) (*Address, error) {
	var s saved
	if wire.Unmarshal(b, &s) != nil || s.Version < 1 {
		return nil, errSaved
	}
	if s.Version > savedVersion {
		return nil, fmt.Errorf("%w: version %d is newer than this program", errSaved, s.Version)
	}
	a := &Address{s.Name, s.Phone, s.PostalCode, s.Province, s.City, s.District, s.Street, s.Detail, s.Region}
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", errSaved, err)
	}
	return a, nil
}
