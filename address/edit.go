package address

import (
	"fmt"
	"strconv"
	"time"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/internal/check"
	"github.com/wxcommerce/wechat/oauth"
	"github.com/wxcommerce/wechat/sign"
)

// EditScope is what the control of 2014 is asked for with; it is not signed.
const EditScope = "jsapi_address"

// EditRequest is a page that opens the address control of 2014.
type EditRequest struct {
	AppID string
	User  oauth.Token // of the user who looks at the page, from oauth's Exchange
	// PageURL is the page's whole address as the browser has it, with the code and
	// state that the login added; what follows # is cut off.
	PageURL string
	// Hosts are the hosts of the shop's own pages, such as shop.example. PageURL comes
	// from a browser: for other hosts nothing is signed.
	Hosts []string
	// At and Nonce are for tests. Now and a fresh nonce are taken where they are zero.
	At    time.Time
	Nonce string
}

// EditParams is what a page gives to WeixinJSBridge.invoke, for editAddress as well as
// for getLatestAddress.
type EditParams struct {
	AppID     string `json:"appId"`
	Scope     string `json:"scope"`
	SignType  string `json:"signType"`
	AddrSign  string `json:"addrSign"`
	TimeStamp string `json:"timeStamp"` // Unix seconds, a string also in JavaScript
	NonceStr  string `json:"nonceStr"`
}

// Edit signs the parameters of the address control of 2014. Clients have not had it
// since 2016-05-20: it is for shops that keep such pages alive, or try them in the
// simulator; see wx.openAddress in the package comment for today. getLatestAddress
// went earlier, with client 5.0, by one report. The error is a *wechat.FieldError.
//
//	WeixinJSBridge.invoke('editAddress', params, r => post('/address', JSON.stringify(r)));
func Edit(in EditRequest) (*EditParams, error) {
	var f check.Fields
	f.ID("appid", in.AppID, 32)
	f.Must(!in.User.IsZero(), "accesstoken", "is empty: the user has to log in first")
	f.Hosts("hosts", in.Hosts)
	page := f.PageURL("url", in.PageURL, in.Hosts)
	if in.Nonce == "" {
		in.Nonce = wechat.Nonce()
	}
	f.ID("noncestr", in.Nonce, 32)
	if in.At.IsZero() {
		in.At = time.Now()
	}
	if err := f.Err(); err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	at := strconv.FormatInt(in.At.Unix(), 10)
	signature := sign.AddressSignature([]sign.Pair{{Name: "accesstoken", Value: in.User.Reveal()}, {Name: "appid", Value: in.AppID},
		{Name: "noncestr", Value: in.Nonce}, {Name: "timestamp", Value: at}, {Name: "url", Value: page}})
	return &EditParams{in.AppID, EditScope, "sha1", signature, at, in.Nonce}, nil
}
