package delivery

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
)

// Company is a parcel service WeChat knows.
type Company struct {
	Code string `json:"delivery_id"` // what Parcel.Company wants
	Name string `json:"delivery_name"`
}

// Codes of the best known companies. WeChat does not check that a tracking number is
// one of its company, and stores a wrong code without a word.
const (
	CompanySF   = "SF"   // 顺丰速运; not NSF, which is another company
	CompanyZTO  = "ZTO"  // 中通快递
	CompanyYTO  = "YTO"  // 圆通速递
	CompanyYD   = "YD"   // 韵达快递; not YUNDA
	CompanySTO  = "STO"  // 申通快递
	CompanyJTSD = "JTSD" // 极兔速递
	CompanyJD   = "JD"   // 京东快递
	CompanyEMS  = "EMS"  // 邮政 EMS
	CompanyYZPY = "YZPY" // 邮政快递包裹
	CompanyDBL  = "DBL"  // 德邦快递
	CompanyHTKY = "HTKY" // 百世快递
	CompanyUC   = "UC"   // 优速快递
	CompanyCNSD = "CNSD" // 菜鸟速递
)

type companies struct {
	All []Company `json:"delivery_list"`
}

// Companies is every parcel service with its code, some 1,500 of them. The list
// changes: fetch it now and then and keep it.
//
// 获取运力id列表
func (s *Service) Companies(ctx context.Context) ([]Company, error) {
	out, err := wechat.Call[companies](ctx, s.a, wechat.POST("/cgi-bin/express/delivery/open_msg/get_delivery_list").ReadOnly(), json.RawMessage("{}"))
	if err != nil {
		return nil, err
	}
	return out.All, nil
}

// Mask hides a phone number as Contact wants it: the last four digits stay, and of a
// mobile number the first three. What has fewer than four digits gives "".
func Mask(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
	switch n := len(digits); {
	case n < 4:
		return ""
	case n == 11 && digits[0] == '1':
		return digits[:3] + "****" + digits[n-4:]
	default:
		return "****" + digits[n-4:]
	}
}

// masked wants a phone as WeChat accepts it: digits, asterisks and dashes, of which
// the last four that are no dash are digits, and something hidden.
func masked(f *check.Fields, field, value string) {
	if value == "" {
		return
	}
	f.Must(len(value) <= 1024, field, "has %d bytes, the limit is 1024", len(value))
	f.Must(strings.Trim(value, "0123456789*-") == "", field, "holds something other than digits, * and - (%d bytes)", len(value))
	bare := strings.ReplaceAll(value, "-", "")
	end := bare[max(len(bare)-4, 0):]
	f.Must(len(end) == 4 && !strings.Contains(end, "*"), field, "does not show its last four digits")
	f.Must(strings.Contains(bare, "*"), field, "is not masked: see Mask")
}
