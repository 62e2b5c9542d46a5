package web

import (
	"net/http"
	"net/url"
)

// notices are the sentences a redirect may ask the next page to show. The
// address carries only their name, so nobody can put words into our mouth.
var notices = map[string]struct {
	chinese, english string
	good             bool
}{
	"soldout":      {"手慢了，库存不够了。", "Not enough left in stock.", false},
	"quantity":     {"数量请填 1 到 20。", "The quantity must be 1 to 20.", false},
	"text":         {"称呼或留言太长，或含有不支持的字符（例如表情）。", "The name or message is too long or has unsupported characters such as emoji.", false},
	"nocode":       {"微信暂时没有答复，请再试一次。订单号不变，不会重复下单。", "WeChat did not answer, please try again. The order keeps its number, nothing is ordered twice.", false},
	"notopen":      {"订单已经不能支付或取消了，下面是最新状态。", "The order can no longer be paid or cancelled; this is how it stands.", false},
	"cancelled":    {"订单已取消。", "The order was cancelled.", true},
	"login":        {"在微信里支付需要先登录，请点“微信登录后购买”。", "Log in with WeChat first to pay inside of WeChat.", false},
	"profiled":     {"已使用您的微信昵称。", "Your WeChat name is used from now on.", true},
	"asked":        {"客服已在微信聊天里发来这笔订单的消息。", "We have sent you a message about this order in the WeChat chat.", true},
	"writefirst":   {"请打开微信聊天，给我们发一条消息，我们马上回复您。", "Please open the WeChat chat and write to us; we will answer at once.", false},
	"later":        {"暂时无法确认，请稍后再试。", "That could not be confirmed yet, please try again later.", false},
	"password":     {"密码不对。", "Wrong password.", false},
	"refunded":     {"退款已登记，正在处理。", "The refund is on record and under way.", true},
	"over":         {"退款金额必须大于 0，且累计不超过实付金额。", "A refund must be above 0, and all of them together at most what was paid.", false},
	"many":         {"每笔订单最多退款 50 次。", "An order takes at most 50 refunds.", false},
	"notpaid":      {"订单还没有支付。", "The order is not paid.", false},
	"amount":       {"金额格式不对，例如 12.50。", "That is no amount; write it like 12.50.", false},
	"healed":       {"已向微信逐笔核对。", "WeChat was asked about everything that was open.", true},
	"unhealed":     {"有些订单微信暂时没有明确答复，稍后会自动再查。", "WeChat gave no certain answer about some orders; they will be asked about again.", false},
	"shipped":      {"已发货，微信已收到物流信息。", "Sent; WeChat knows the parcel.", true},
	"shipping":     {"已登记发货，微信暂时没有确认，会先查询再自动补传。", "On record. WeChat has not confirmed it yet; it will be asked, and told again if need be.", true},
	"shippedother": {"这个订单已用另一个包裹发货，没有更改。", "The order was shipped with another parcel already; nothing was changed.", false},
	"parcel":       {"请选择快递公司并填写运单号（字母、数字或短横线）。", "Choose a company and write the tracking number: letters, digits, dashes.", false},
	"notgoods":     {"订单没有支付，或已全额退款，不能发货。", "The order is not paid, or all of it was refunded: there is nothing to send.", false},
	"acked":        {"已标记为已读。", "Noted.", true},
	"replied":      {"已回复顾客。", "The customer has your answer.", true},
	"completed":    {"已反馈处理完成。", "WeChat knows that you are done.", true},
	"notnow":       {"这个投诉现在不能这样处理，下面是最新状态。", "That is not possible for this complaint now; this is how it stands.", false},
	"unsure":       {"微信暂时没有明确答复，请看下面的记录后再试。", "WeChat gave no certain answer: look at the history below, then try again.", false},
	"words":        {"请填写 1 到 200 字。", "Write 1 to 200 characters.", false},
}

func (v view) notice(name string) (sentence string, good bool) {
	n := notices[name]
	return v.Say(n.chinese, n.english), n.good
}

// back sends the browser to path with a notice on it.
func back(w http.ResponseWriter, r *http.Request, path, notice string) {
	u := url.URL{Path: path}
	if notice != "" {
		u.RawQuery = url.Values{"m": {notice}}.Encode()
	}
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}
