package wechattest

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wxcommerce/wechat"
)

// Profit sharing of APIv2. Where no code is published for a refusal the words are
// the simulator's own. Shares are done at once.

// Kinds of shares.
const (
	shareOnce   = "once" // and the merchant gets the rest
	shareMore   = "more"
	shareFinish = "finish"
	shareReturn = "return"
)

// mostShared is how much of an order may be shared, in hundredths of a percent.
const mostShared = 3000

// share is a share of an order's money, the end of them, or one that came back.
type share struct {
	MchID         string          `json:"mchid"`
	SubMchID      string          `json:"sub_mchid,omitempty"`
	Kind          string          `json:"kind"`
	Number        string          `json:"number"`       // out_order_no or out_return_no
	Of            string          `json:"of,omitempty"` // out_order_no of what came back
	ID            string          `json:"id"`
	Hash          string          `json:"hash"`
	OutTradeNo    string          `json:"out_trade_no"`
	TransactionID string          `json:"transaction_id"`
	Receivers     []shareReceiver `json:"receivers,omitempty"`
	Amount        int64           `json:"amount"` // of all receivers, what was left over, or what came back
	Account       string          `json:"account,omitempty"`
	Description   string          `json:"description,omitempty"`
	At            time.Time       `json:"at"`
}

type shareReceiver struct {
	Type        string `json:"type"`
	Account     string `json:"account"`
	Amount      int64  `json:"amount"`
	Description string `json:"description"`
}

// receiver is somebody who may get shares, or may no longer.
type receiver struct {
	Key  string `json:"key"`
	Gone bool   `json:"gone,omitempty"`
}

func receiverKey(r *requestV2, kind, account string) string {
	return strings.Join([]string{r.account.MchID, r.fields["sub_mch_id"], kind, account}, "/")
}

func (s *share) key() string {
	if s.Kind == shareReturn {
		return s.MchID + "/return/" + s.Number
	}
	return s.MchID + "/share/" + s.Number
}

// entries are what the share means to a merchant's ledger.
func (s *share) entries(mchID string) (all []Entry) {
	add := func(amount int64) {
		all = append(all, Entry{Kind: Sharing, MchID: s.MchID, SubMchID: s.SubMchID, OutTradeNo: s.OutTradeNo, TransactionID: s.TransactionID, Amount: wechat.Fen(amount), At: s.At})
	}
	sign := int64(-1)
	if s.Kind == shareReturn {
		sign = 1
	}
	if s.Kind != shareFinish && (s.MchID == mchID || s.SubMchID == mchID) {
		add(sign * s.Amount)
	}
	if s.Account == mchID {
		add(-sign * s.Amount)
	}
	for _, r := range s.Receivers {
		if r.Account == mchID {
			add(-sign * r.Amount)
		}
	}
	return all
}

// addReceiverV2 answers 添加分账接收方, and removeReceiverV2 删除分账接收方.
func (p *Pay) addReceiverV2(r *requestV2) (fieldsV2, *failV2) { return p.receiverV2(r, false) }

func (p *Pay) removeReceiverV2(r *requestV2) (fieldsV2, *failV2) { return p.receiverV2(r, true) }

func (p *Pay) receiverV2(r *requestV2, gone bool) (fieldsV2, *failV2) {
	var b struct {
		Type     string `json:"type"`
		Account  string `json:"account"`
		Relation string `json:"relation_type"`
		Name     string `json:"name"`
	}
	if json.Unmarshal([]byte(r.fields["receiver"]), &b) != nil || b.Account == "" || b.Type != "MERCHANT_ID" && b.Type != "PERSONAL_OPENID" && b.Type != "PERSONAL_SUB_OPENID" ||
		!gone && (b.Relation == "" || b.Type == "MERCHANT_ID" && b.Name == "") {
		return nil, &failV2{"PARAM_ERROR", "参数错误"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.commit(true, record{Receiver: &receiver{receiverKey(r, b.Type, b.Account), gone}}); err != nil {
		return nil, broke(err).old()
	}
	return fieldsV2{"receiver": r.fields["receiver"]}, nil
}

// shareV2 answers 请求单次分账 and 请求多次分账.
func shareV2(kind string) endpointV2 {
	return func(p *Pay, r *requestV2) (fieldsV2, *failV2) {
		if no := r.missing("transaction_id", "out_order_no", "receivers"); no != nil {
			return nil, no
		}
		s := r.share(kind)
		if json.Unmarshal([]byte(r.fields["receivers"]), &s.Receivers) != nil || len(s.Receivers) == 0 || len(s.Receivers) > 50 {
			return nil, &failV2{"PARAM_ERROR", "receivers格式错误"}
		}
		for _, one := range s.Receivers {
			if one.Amount < 1 || one.Amount > mostFen || one.Description == "" || utf8.RuneCountInString(one.Description) > 80 {
				return nil, &failV2{"PARAM_ERROR", "receivers格式错误"}
			}
			s.Amount += one.Amount
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.shares(r, s)
	}
}

// shareFinishV2 answers 完结分账.
func (p *Pay) shareFinishV2(r *requestV2) (fieldsV2, *failV2) {
	if no := r.missing("transaction_id", "out_order_no", "description"); no != nil {
		return nil, no
	}
	s := r.share(shareFinish)
	s.Description = r.fields["description"]
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shares(r, s)
}

func (r *requestV2) share(kind string) *share {
	return &share{MchID: r.account.MchID, SubMchID: r.fields["sub_mch_id"], Kind: kind, Number: r.fields["out_order_no"], Hash: kind + r.hash(), TransactionID: r.fields["transaction_id"]}
}

// shares makes a share, or finds the one made with this number; p.mu is held.
func (p *Pay) shares(r *requestV2, s *share) (fieldsV2, *failV2) {
	out := func(s *share) fieldsV2 {
		return fieldsV2{"transaction_id": s.TransactionID, "out_order_no": s.Number, "order_id": s.ID}
	}
	if old := p.state.shares[s.key()]; old != nil {
		if old.Hash != s.Hash {
			return nil, &failV2{"INVALID_REQUEST", "商户分账单号重复，参数不一致"}
		}
		return out(old), nil
	}
	o, no := p.shareable(r)
	if no != nil {
		return nil, no
	}
	left, over := p.unshared(o)
	for _, one := range s.Receivers {
		if !p.state.receivers[receiverKey(r, one.Type, one.Account)] {
			return nil, &failV2{"RECEIVER_INVALID", "分账接收方非法"}
		}
	}
	switch {
	case over:
		return nil, &failV2{"INVALID_REQUEST", "订单分账已完结"}
	case s.Amount > left:
		return nil, &failV2{"AMOUNT_OVERDUE", "分账金额超限"}
	case s.Kind == shareFinish:
		s.Amount = o.Total - o.Refunded - p.shared(o)
	}
	s.At, s.ID, s.OutTradeNo = p.clock.Now(), p.state.id("3008", p.clock.Now()), o.OutTradeNo
	if err := p.commit(true, record{Share: s}); err != nil {
		return nil, broke(err).old()
	}
	return out(s), nil
}

// shareable is the order a request names, if its money waits to be shared.
func (p *Pay) shareable(r *requestV2) (*order, *failV2) {
	o := p.state.orders[p.state.refs[r.fields["transaction_id"]]]
	switch {
	case o == nil || o.MchID != r.account.MchID || o.TransactionID != r.fields["transaction_id"]:
		return nil, &failV2{"INVALID_TRANSACTIONID", "无效的微信支付订单号"}
	case !o.Sharing:
		return nil, &failV2{"NOT_SHARE_ORDER", "非分账订单"}
	}
	return o, nil
}

// shared is how much of an order went to receivers.
func (p *Pay) shared(o *order) (sum int64) {
	for _, key := range p.state.shareList {
		if s := p.state.shares[key]; s.TransactionID == o.TransactionID && len(s.Receivers) > 0 {
			sum += s.Amount
		}
	}
	return sum
}

// unshared is how much of an order may still be shared; over says that nothing may,
// whatever the amount.
func (p *Pay) unshared(o *order) (left int64, over bool) {
	for _, key := range p.state.shareList {
		if s := p.state.shares[key]; s.TransactionID == o.TransactionID && (s.Kind == shareOnce || s.Kind == shareFinish) {
			return 0, true
		}
	}
	return max(min(o.Total*mostShared/10000, o.Total-o.Refunded)-p.shared(o), 0), false
}

// shareQueryV2 answers 查询分账结果.
func (p *Pay) shareQueryV2(r *requestV2) (fieldsV2, *failV2) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state.shares[r.account.MchID+"/share/"+r.fields["out_order_no"]]
	if s == nil || s.TransactionID != r.fields["transaction_id"] {
		return nil, &failV2{"ORDER_NOT_EXIST", "分账单不存在"}
	}
	type result struct {
		shareReceiver
		Result string `json:"result"`
		Finish string `json:"finish_time"`
	}
	list := make([]result, len(s.Receivers))
	for i, one := range s.Receivers {
		list[i] = result{one, "SUCCESS", s.At.In(beijing).Format(stampV2)}
	}
	out := fieldsV2{"transaction_id": s.TransactionID, "out_order_no": s.Number, "order_id": s.ID, "status": "FINISHED", "receivers": string(mustJSON(list))}
	if s.Kind == shareFinish {
		out["amount"], out["description"], out["receivers"] = strconv.FormatInt(s.Amount, 10), s.Description, ""
	}
	return out, nil
}

// shareReturnV2 answers 分账回退.
func (p *Pay) shareReturnV2(r *requestV2) (fieldsV2, *failV2) {
	f := r.fields
	if no := r.missing("out_return_no", "return_account", "return_amount", "description"); no != nil {
		return nil, no
	}
	amount, err := strconv.ParseInt(f["return_amount"], 10, 64)
	if err != nil || amount < 1 || f["return_account_type"] != "MERCHANT_ID" {
		return nil, &failV2{"PARAM_ERROR", "参数错误"}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	back := r.share(shareReturn)
	back.Number, back.Account, back.Amount, back.Description = f["out_return_no"], f["return_account"], amount, f["description"]
	if old := p.state.shares[back.key()]; old != nil {
		if old.Hash != back.Hash {
			return nil, &failV2{"INVALID_REQUEST", "商户回退单号重复，参数不一致"}
		}
		return old.returned(), nil
	}
	var from *share
	rest := int64(0)
	for _, key := range p.state.shareList {
		s := p.state.shares[key]
		if s.MchID == back.MchID && s.Kind != shareReturn && (s.Number == f["out_order_no"] || f["order_id"] != "" && s.ID == f["order_id"]) {
			from = s
		}
	}
	if from == nil {
		return nil, &failV2{"ORDER_NOT_EXIST", "分账单不存在"}
	}
	for _, one := range from.Receivers {
		if one.Type == "MERCHANT_ID" && one.Account == back.Account {
			rest += one.Amount
		}
	}
	for _, key := range p.state.shareList {
		if s := p.state.shares[key]; s.Kind == shareReturn && s.MchID == back.MchID && s.Of == from.Number && s.Account == back.Account {
			rest -= s.Amount
		}
	}
	if amount > rest {
		return nil, &failV2{"AMOUNT_OVERDUE", "回退金额超限"}
	}
	back.Of, back.TransactionID, back.OutTradeNo = from.Number, from.TransactionID, from.OutTradeNo
	back.At, back.ID = p.clock.Now(), p.state.id("3009", p.clock.Now())
	if err := p.commit(true, record{Share: back}); err != nil {
		return nil, broke(err).old()
	}
	return back.returned(), nil
}

// returned is a share that came back, in the words of the answers.
func (s *share) returned() fieldsV2 {
	return fieldsV2{"out_order_no": s.Of, "out_return_no": s.Number, "return_no": s.ID, "return_account_type": "MERCHANT_ID", "return_account": s.Account,
		"return_amount": strconv.FormatInt(s.Amount, 10), "description": s.Description, "result": "SUCCESS", "finish_time": s.At.In(beijing).Format(stampV2)}
}

// returnQueryV2 answers 回退结果查询.
func (p *Pay) returnQueryV2(r *requestV2) (fieldsV2, *failV2) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.state.shares[r.account.MchID+"/return/"+r.fields["out_return_no"]]
	if s == nil || s.Of != r.fields["out_order_no"] {
		return nil, &failV2{"ORDER_NOT_EXIST", "回退单不存在"}
	}
	return s.returned(), nil
}

// unsharedV2 answers 查询订单待分账金额.
func (p *Pay) unsharedV2(r *requestV2) (fieldsV2, *failV2) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, no := p.shareable(r)
	if no != nil {
		return nil, no
	}
	left, _ := p.unshared(o)
	return fieldsV2{"transaction_id": o.TransactionID, "unsplit_amount": strconv.FormatInt(left, 10)}, nil
}

// ratioV2 answers 查询最大分账比例API.
func (p *Pay) ratioV2(r *requestV2) (fieldsV2, *failV2) {
	return fieldsV2{"max_ratio": strconv.Itoa(mostShared)}, nil
}
