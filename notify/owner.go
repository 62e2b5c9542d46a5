package notify

import (
	"fmt"
	"slices"
	"strings"
)

// owner says which fields of a payload name the merchant it is about.
type owner struct {
	declared bool
	fields   []string
}

// Top-level fields that name a merchant or an app in the payloads of all
// generations.
var (
	usualNames = []string{"mchid", "sp_mchid", "combine_mchid", "sub_mchid", "mch_id", "sub_mch_id",
		"appid", "sp_appid", "combine_appid", "sub_appid"}
	ownerNames, appNames = usualNames[:6], usualNames[6:]
)

// identity is whom a handler works for.
type identity struct {
	merchant string
	partner  bool // works for one sub-merchant only
	sub      string
	subApp   string
}

// isSub reports whether a field, maybe below others, names a sub-merchant.
func isSub(field string) bool {
	return strings.HasPrefix(field[strings.LastIndexByte(field, '.')+1:], "sub_")
}

// declaredOwner checks fields that a Kind named: each has to be there.
func (id identity) declaredOwner(fields []string, value func(string) ([]byte, error)) error {
	for _, field := range fields {
		got, err := value(field)
		if err != nil {
			return err
		}
		if len(got) == 0 {
			return fmt.Errorf("%w: %s is missing", ErrOwner, field)
		}
		if err := id.matches(field, got); err != nil {
			return err
		}
	}
	return nil
}

// usualOwner checks the usual fields as far as the payload has them. A handler for
// one sub-merchant wants it named wherever anybody is.
func (id identity) usualOwner(value func(string) ([]byte, error)) error {
	named, sub := false, false
	for _, field := range ownerNames {
		got, err := value(field)
		if err != nil {
			return err
		}
		if len(got) == 0 {
			continue
		}
		named, sub = true, sub || isSub(field)
		if err := id.matches(field, got); err != nil {
			return err
		}
	}
	if id.partner && named && !sub {
		return fmt.Errorf("%w: it names no sub-merchant, and this handler serves only one", ErrOwner)
	}
	return nil
}

// matches compares one field. A base merchant accepts every sub-merchant of its own.
func (id identity) matches(field string, got []byte) error {
	switch {
	case isSub(field) && !id.partner:
		return nil
	case isSub(field) && string(got) == id.sub, !isSub(field) && string(got) == id.merchant:
		return nil
	}
	return fmt.Errorf("%w: %s is another merchant's number", ErrOwner, field)
}

// app compares the apps a payload names with those given to WithAppIDs. The app of
// a sub-merchant counts only if the handler serves one whose app is known.
func (id identity) app(appIDs []string, value func(string) ([]byte, error)) error {
	if len(appIDs) == 0 {
		return nil
	}
	for _, field := range appNames {
		got, err := value(field)
		if err != nil {
			return err
		}
		if len(got) == 0 || isSub(field) && (id.subApp == "" || string(got) == id.subApp) || slices.Contains(appIDs, string(got)) {
			continue
		}
		return fmt.Errorf("%w: %s is another app", ErrOwner, field)
	}
	return nil
}
