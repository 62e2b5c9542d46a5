package check

import (
	"strconv"
	"strings"

	"github.com/wxcommerce/wechat/internal/wire"
	"github.com/wxcommerce/wechat/sign"
)

// indexed reads the family of fields that end in the suffix, such as _0, into out;
// it reports whether there are any.
func indexed(fields []sign.Pair, suffix string, out any) (bool, error) {
	var own []sign.Pair
	for _, p := range fields {
		if name, ok := strings.CutSuffix(p.Name, suffix); ok {
			own = append(own, sign.Pair{Name: name, Value: p.Value})
		}
	}
	if len(own) == 0 {
		return false, nil
	}
	return true, wire.DecodePairs(own, out)
}

// Family reads the items numbered from 0 after prefix, as in refund_id_0: at least
// count of them if there are that many, and all that follow without a gap.
func Family[T any](fields []sign.Pair, prefix string, count int) ([]T, error) {
	var out []T
	for n := range len(fields) {
		var item T
		found, err := indexed(fields, prefix+"_"+strconv.Itoa(n), &item)
		if err != nil {
			return nil, err
		}
		if !found && n >= count {
			break
		}
		if found {
			out = append(out, item)
		}
	}
	return out, nil
}
