package address

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/wxcommerce/wechat/internal/wire"
)

// What the control said in place of an address. The page's own message follows in
// the error's text, as far as it is a plain one.
var (
	ErrCancelled   = errors.New("address: the user picked none")                  // nothing is wrong
	ErrUnsupported = errors.New("address: this client does not have the control") // withdrawn, or too old
	ErrFailed      = errors.New("address: the control failed")                    // not allowed, badly signed, or the like
	// ErrUnreadable means that what the page sent is no result of the control.
	ErrUnreadable = errors.New("address: this is no result of the address control")
)

const longestResult = 16 << 10 // bytes; real ones stay below one thousand

// result holds every spelling of every client. Official accounts have openAddress,
// mini programs chooseAddress, and editAddress is of 2014.
type result struct {
	Message  loose `json:"errMsg"`
	Message2 loose `json:"err_msg"` // of 2014

	Name       loose `json:"userName"`
	Phone      loose `json:"telNumber"`
	PostalCode loose `json:"postalCode"`
	Postal2014 loose `json:"addressPostalCode"`
	Region     loose `json:"nationalCode"` // once called a country code

	Province     loose `json:"provinceName"`
	Provice2014  loose `json:"proviceFirstStageName"`  // the official spelling
	Province2014 loose `json:"provinceFirstStageName"` // the one that people expect
	City         loose `json:"cityName"`
	City2014     loose `json:"addressCitySecondStageName"`
	County       loose `json:"countyName"`  // of mini programs
	Country      loose `json:"countryName"` // of openAddress: the district all the same
	District2014 loose `json:"addressCountiesThirdStageName"`
	Street       loose `json:"streetName"`
	Detail       loose `json:"detailInfo"`
	DetailNoTown loose `json:"detailInfoNew"` // without the street
	Detail2014   loose `json:"addressDetailInfo"`
}

// Parse reads the result of wx.openAddress, wx.chooseAddress, or the editAddress and
// getLatestAddress of 2014, as the page's script got it, spelled in any of their ways:
//
//	province   provinceName, proviceFirstStageName (without the second n)
//	district   countyName, countryName (which is no country), addressCountiesThirdStageName
//
// Line breaks and the like become spaces. Where the control gave no address the
// error is ErrCancelled, ErrUnsupported or ErrFailed; an address that no parcel could
// find is a *wechat.FieldError; all else is ErrUnreadable. No error holds anything of
// the address. It comes from the user's browser: who sends another one only misleads
// their own parcel, but decide by the session whose it is.
func Parse(body []byte) (*Address, error) {
	if len(body) > longestResult {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrUnreadable, len(body), longestResult)
	}
	var r result
	if wire.Unmarshal(body, &r) != nil {
		return nil, ErrUnreadable
	}
	if err := r.refusal(); err != nil {
		return nil, err
	}
	a := r.address()
	if a == (Address{}) {
		return nil, ErrUnreadable
	}
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	return &a, nil
}

func (r *result) address() Address {
	return Address{
		Name:       r.Name.text(),
		Phone:      r.Phone.text(),
		PostalCode: cmp.Or(r.PostalCode.text(), r.Postal2014.text()),
		Province:   cmp.Or(r.Province.text(), r.Provice2014.text(), r.Province2014.text()),
		City:       cmp.Or(r.City.text(), r.City2014.text()),
		District:   cmp.Or(r.County.text(), r.Country.text(), r.District2014.text()),
		Street:     r.Street.text(),
		Detail:     cmp.Or(r.Detail.text(), r.Detail2014.text(), joined(r.Street.text(), r.DetailNoTown.text())),
		Region:     r.Region.text(),
	}
}

// joined is both, or nothing where the second is missing.
func joined(street, detail string) string {
	if detail == "" {
		return ""
	}
	return street + detail
}

// refusal reads the message of the client: only its end is the same everywhere.
func (r *result) refusal() error {
	said := strings.ToLower(cmp.Or(r.Message.text(), r.Message2.text()))
	_, end, _ := strings.Cut(said, ":")
	var why error
	switch {
	case said == "" || end == "ok":
		return nil
	case strings.Contains(end, "cancel"):
		return ErrCancelled
	case strings.Contains(end, "function_not_exist"), strings.Contains(end, "function not exist"), strings.Contains(end, "not support"):
		why = ErrUnsupported
	default:
		why = ErrFailed
	}
	if len(said) > 80 || strings.ContainsFunc(said, func(r rune) bool { return r < ' ' || r > '~' }) {
		return why
	}
	return fmt.Errorf("%w (%q)", why, said)
}

// loose is a text, or a number written as one: clients differ.
type loose string

// UnmarshalJSON takes strings and whole numbers; anything else counts as absent.
func (l *loose) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*l = loose(s)
		return nil
	}
	if n := json.Number(""); json.Unmarshal(b, &n) == nil && strings.Trim(n.String(), "0123456789") == "" {
		*l = loose(n)
	}
	return nil
}

func (l loose) text() string { return clean(string(l)) }

// clean turns what breaks lines, and what turns the direction of writing, into
// spaces, and cuts them off at the ends.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, s))
}
