package rooms

// Endpoint is one line of the list of endpoints that the library calls.
type Endpoint struct {
	Method string // GET, POST, PUT, PATCH or DELETE
	Path   string // the template as it stands in the source
	Dir    string // the package that calls it, "." for the root
	Title  string // the official title, in Chinese
	Uses   int    // how many places name it; 0 means 1
}

// Endpoints is the list, sorted by path, then by method. A test compares it with
// the source in both directions: whoever adds a call adds a line, and the
// comment of the exported method that makes the call carries the same title.
// Titles are copied from the official documents, never made up.
var Endpoints = []Endpoint{
	{"POST", "/cgi-bin/stable_token", "token", "获取稳定版接口调用凭据", 0},
	{"GET", "/cgi-bin/ticket/getticket", "token", "获取SDK临时票据", 0},
	{"GET", "/cgi-bin/token", "token", "获取接口调用凭据", 0},
	{"GET", "/v3/bill/fundflowbill", "pay/bill", "申请资金账单", 0},
	{"GET", "/v3/bill/tradebill", "pay/bill", "申请交易账单", 0},
	{"GET", "/v3/certificates", ".", "获取平台证书列表", 0},
	{"POST", "/v3/pay[/partner]/transactions/app", "pay", "APP下单", 0},
	{"POST", "/v3/pay[/partner]/transactions/codepay", "pay", "付款码支付", 0},
	{"POST", "/v3/pay[/partner]/transactions/h5", "pay", "H5下单", 0},
	{"GET", "/v3/pay[/partner]/transactions/id/{transaction_id}", "pay", "微信支付订单号查询订单", 0},
	{"POST", "/v3/pay[/partner]/transactions/jsapi", "pay", "JSAPI/小程序下单", 0},
	{"POST", "/v3/pay[/partner]/transactions/native", "pay", "Native下单", 0},
	{"GET", "/v3/pay[/partner]/transactions/out-trade-no/{out_trade_no}", "pay", "商户订单号查询订单", 0},
	{"POST", "/v3/pay[/partner]/transactions/out-trade-no/{out_trade_no}/close", "pay", "关闭订单", 0},
	{"POST", "/v3/pay[/partner]/transactions/out-trade-no/{out_trade_no}/reverse", "pay", "撤销", 0},
	{"POST", "/v3/refund/domestic/refunds", "pay/refund", "申请退款", 0},
	{"GET", "/v3/refund/domestic/refunds/{out_refund_no}", "pay/refund", "查询单笔退款（按商户退款单号）", 0},
	{"POST", "/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund", "pay/refund", "发起异常退款", 0},
	{"POST", "/v3/security/echo", ".", "商户签名验签／加解密测试", 0},
}
