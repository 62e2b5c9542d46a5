package wechattest

import (
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wxcommerce/wechat"
)

// Kinds of payouts.
const (
	packNormal   = "NORMAL"
	packGroup    = "GROUP"
	packMini     = "MINI" // NORMAL, opened in a mini program
	payoutDirect = "TRANSFER"
)

const packLife = 24 * time.Hour // then what nobody took goes back

// payout is money that went to users: a red packet, or a transfer into a balance.
type payout struct {
	MchID   string    `json:"mchid"`
	Kind    string    `json:"kind"`
	Number  string    `json:"number"` // mch_billno or partner_trade_no
	ID      string    `json:"id"`     // WeChat's
	Hash    string    `json:"hash"`
	AppID   string    `json:"appid"`
	OpenID  string    `json:"openid"`
	Amount  int64     `json:"amount"`
	People  int       `json:"people,omitempty"`
	Wishing string    `json:"wishing,omitempty"`
	Act     string    `json:"act,omitempty"`
	Remark  string    `json:"remark,omitempty"` // desc of a transfer
	Name    string    `json:"name,omitempty"`   // re_user_name
	At      time.Time `json:"at"`
	Opened  []opener  `json:"opened,omitempty"`
}

// opener took a share of a red packet.
type opener struct {
	OpenID string    `json:"openid"`
	Amount int64     `json:"amount"`
	At     time.Time `json:"at"`
}

func payoutKey(mchID string, gift bool, number string) string {
	return fmt.Sprintf("%s/%t/%s", mchID, gift, number)
}

func (o *payout) key() string { return payoutKey(o.MchID, o.Kind != payoutDirect, o.Number) }

// rest is what nobody has taken.
func (o *payout) rest() int64 {
	rest := o.Amount
	for _, one := range o.Opened {
		rest -= one.Amount
	}
	return rest
}

// over reports whether a red packet's time is over with something left in it.
func (o *payout) over(now time.Time) bool {
	return o.Kind != payoutDirect && o.rest() > 0 && !now.Before(o.At.Add(packLife))
}

// entries are the lines of a payout in the ledger.
func (o *payout) entries(now time.Time) []Entry {
	kind := Gift
	if o.Kind == payoutDirect {
		kind = Payout
	}
	e := Entry{Kind: kind, MchID: o.MchID, OutTradeNo: o.Number, TransactionID: o.ID, Amount: -wechat.Fen(o.Amount), At: o.At}
	all := []Entry{e}
	if o.over(now) {
		e.Amount, e.At = wechat.Fen(o.rest()), o.At.Add(packLife)
		all = append(all, e)
	}
	return all
}

// payOut makes a payout, or finds the one made with this number; p.mu is held.
func (p *Pay) payOut(o *payout) (*payout, *failV2) {
	if old := p.state.payouts[o.key()]; old != nil {
		if old.Hash != o.Hash {
			return nil, &failV2{"FATAL_ERROR", "单号重复，参数不一致"}
		}
		return old, nil
	}
	if Balance(p.ledger(o.MchID)) < wechat.Fen(o.Amount) {
		return nil, &failV2{"NOTENOUGH", "帐号余额不足，请用户充值或更换支付卡后再支付"}
	}
	if no := checkOpenID("openid", o.OpenID, o.AppID); no != nil {
		return nil, &failV2{"OPENID_ERROR", "openid与appid不匹配"}
	}
	o.At, o.ID = p.clock.Now(), p.state.id("1000", p.clock.Now())
	if err := p.commit(true, record{Payout: o}); err != nil {
		return nil, broke(err).old()
	}
	return o, nil
}

// sendRedPack answers 发放普通红包, 发放裂变红包 and 发放小程序红包.
func sendRedPack(kind string) endpointV2 {
	return func(p *Pay, r *requestV2) (fieldsV2, *failV2) {
		f := r.fields
		if no := r.missing("mch_billno", "wxappid", "send_name", "re_openid", "total_amount", "total_num", "wishing", "act_name", "remark"); no != nil {
			return nil, no
		}
		o := &payout{MchID: r.account.MchID, Kind: kind, Number: f["mch_billno"], Hash: kind + r.hash(), AppID: f["wxappid"], OpenID: f["re_openid"],
			Wishing: f["wishing"], Act: f["act_name"], Remark: f["remark"]}
		var errs [2]error
		o.Amount, errs[0] = strconv.ParseInt(f["total_amount"], 10, 64)
		o.People, errs[1] = strconv.Atoi(f["total_num"])
		each := o.Amount / int64(max(o.People, 1))
		switch {
		case errors.Join(errs[:]...) != nil || o.Amount < 1 || len(o.Number) > 28 || !alphanumeric(o.Number) || utf8.RuneCountInString(o.Remark) > 256:
			return nil, &failV2{"PARAM_ERROR", "参数错误"}
		case kind == packGroup && (o.People < 3 || f["amt_type"] != "ALL_RAND"), kind != packGroup && o.People != 1, kind == packMini && f["notify_way"] != "MINI_PROGRAM_JSAPI":
			return nil, &failV2{"PARAM_ERROR", "参数错误"}
		case kind == packNormal && isIP(f["client_ip"]) != "":
			return nil, &failV2{"PARAM_ERROR", "client_ip不合法"}
		case (each < 100 || each > 20000) && f["scene_id"] == "":
			return nil, &failV2{"MONEY_LIMIT", "红包金额发放限制"}
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		o, no := p.payOut(o)
		if no != nil {
			return nil, no
		}
		out := fieldsV2{"mch_billno": o.Number, "wxappid": o.AppID, "appid": "", "re_openid": o.OpenID, "total_amount": f["total_amount"], "send_listid": o.ID}
		if kind == packMini {
			out["package"] = "sendid=" + o.ID + "&ver=8&sign=" + o.Hash[len(o.Hash)-16:]
		}
		return out, nil
	}
}

// redPackInfo answers 查询红包记录.
func (p *Pay) redPackInfo(r *requestV2) (fieldsV2, *failV2) {
	if no := r.missing("mch_billno", "appid"); no != nil {
		return nil, no
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.state.payouts[payoutKey(r.account.MchID, true, r.fields["mch_billno"])]
	if o == nil || r.fields["bill_type"] != "MCHT" {
		return nil, &failV2{"NOT_FOUND", "指定单号数据不存在"}
	}
	out := fieldsV2{"mch_billno": o.Number, "detail_id": o.ID, "status": "SENT", "send_type": "API", "hb_type": packNormal, "total_num": strconv.Itoa(o.People),
		"total_amount": strconv.FormatInt(o.Amount, 10), "send_time": o.At.In(beijing).Format(plainV2), "wishing": o.Wishing, "remark": o.Remark, "act_name": o.Act}
	if o.Kind == packGroup {
		out["hb_type"] = packGroup
	}
	switch {
	case o.over(p.clock.Now()):
		out["status"], out["refund_time"], out["refund_amount"] = "REFUND", o.At.Add(packLife).In(beijing).Format(plainV2), strconv.FormatInt(o.rest(), 10)
	case o.rest() == 0:
		out["status"] = "RECEIVED"
	}
	var list strings.Builder
	for _, one := range o.Opened {
		list.WriteString("<hbinfo><openid>")
		_ = xml.EscapeText(&list, []byte(one.OpenID)) // a builder takes everything
		fmt.Fprintf(&list, "</openid><amount>%d</amount><rcv_time>%s</rcv_time></hbinfo>", one.Amount, one.At.In(beijing).Format(plainV2))
	}
	if list.Len() > 0 {
		out["@list"] = "<hblist>" + list.String() + "</hblist>"
	}
	return out, nil
}

// Why a red packet cannot be opened; compare with errors.Is.
var (
	// ErrNoRedPack is a number no red packet has.
	ErrNoRedPack = errors.New("wechattest: no such red packet")
	// ErrEmptyRedPack is one that is opened, or whose 24 hours are over.
	ErrEmptyRedPack = errors.New("wechattest: nothing is left in the red packet")
)

// OpenRedPack is a user who opens a red packet of a merchant, and what the user gets.
// A group's is opened by several, in equal shares, not in random ones. It fails with
// ErrNoRedPack, ErrEmptyRedPack or ErrWrongUser.
func (p *Pay) OpenRedPack(mchID, billNo string, by User) (wechat.Fen, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.state.payouts[payoutKey(mchID, true, billNo)]
	if old == nil {
		return 0, ErrNoRedPack
	}
	openID, now := by.OpenID(old.AppID), p.clock.Now()
	if by.isZero() {
		openID = old.OpenID
	}
	switch {
	case old.rest() == 0 || !now.Before(old.At.Add(packLife)):
		return 0, ErrEmptyRedPack
	case old.Kind != packGroup && openID != old.OpenID, slices.ContainsFunc(old.Opened, func(o opener) bool { return o.OpenID == openID }):
		return 0, ErrWrongUser
	}
	o := *old
	share := o.Amount / int64(o.People)
	if len(o.Opened) == o.People-1 {
		share = o.rest()
	}
	o.Opened = append(slices.Clone(o.Opened), opener{openID, share, now})
	return wechat.Fen(share), p.commit(true, record{Payout: &o})
}

// transferV2 answers 向微信用户个人付款. Names are not compared with anything.
func (p *Pay) transferV2(r *requestV2) (fieldsV2, *failV2) {
	f := r.fields
	if no := r.missing("mch_appid", "mchid", "partner_trade_no", "openid", "check_name", "amount", "desc"); no != nil {
		return nil, no
	}
	amount, err := strconv.ParseInt(f["amount"], 10, 64)
	if err != nil || amount < 1 || len(f["partner_trade_no"]) > 32 || !alphanumeric(f["partner_trade_no"]) || utf8.RuneCountInString(f["desc"]) > 100 ||
		f["check_name"] != "NO_CHECK" && (f["check_name"] != "FORCE_CHECK" || f["re_user_name"] == "") {
		return nil, &failV2{"PARAM_ERROR", "参数错误"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	o, no := p.payOut(&payout{MchID: r.account.MchID, Kind: payoutDirect, Number: f["partner_trade_no"], Hash: r.hash(), AppID: f["mch_appid"], OpenID: f["openid"],
		Amount: amount, Remark: f["desc"], Name: f["re_user_name"]})
	if no != nil {
		return nil, no
	}
	return fieldsV2{"mch_appid": o.AppID, "mchid": o.MchID, "partner_trade_no": o.Number, "payment_no": o.ID, "payment_time": o.At.In(beijing).Format(plainV2)}, nil
}

// transferInfoV2 answers 查询企业向微信用户个人付款.
func (p *Pay) transferInfoV2(r *requestV2) (fieldsV2, *failV2) {
	if no := r.missing("partner_trade_no", "appid"); no != nil {
		return nil, no
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.state.payouts[payoutKey(r.account.MchID, false, r.fields["partner_trade_no"])]
	if o == nil {
		return nil, &failV2{"NOT_FOUND", "指定单号数据不存在"}
	}
	at := o.At.In(beijing).Format(plainV2)
	return fieldsV2{"partner_trade_no": o.Number, "detail_id": o.ID, "status": "SUCCESS", "openid": o.OpenID, "transfer_name": o.Name,
		"payment_amount": strconv.FormatInt(o.Amount, 10), "transfer_time": at, "payment_time": at, "desc": o.Remark}, nil
}
