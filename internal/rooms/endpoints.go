package rooms

// Endpoint is one line of the list of endpoints that the library calls.
type Endpoint struct {
	Method string // GET, POST, PUT, PATCH or DELETE
	Path   string // the template as it stands in the source
	Dir    string // the package that calls it, "." for the root
	Title  string // the official title, in Chinese
	Uses   int    // how many places name it; 0 means 1
}

// Endpoints is the list, sorted by path, then by method, then by package. A test compares it with
// the source in both directions: whoever adds a call adds a line, and the
// comment of the exported method that makes the call carries the same title.
// Titles are copied from the official documents, never made up.
var Endpoints = []Endpoint{
	{"POST", "/billcommentsp/batchquerycomment", "pay/apiv2", "拉取订单评价数据", 0},
	{"POST", "/cgi-bin/express/delivery/open_msg/get_delivery_list", "notify/delivery", "获取运力id列表", 0},
	{"POST", "/cgi-bin/mchdown_real_new.cgi", "pay/legacy", "对账单下载", 0},
	{"POST", "/cgi-bin/stable_token", "token", "获取稳定版接口调用凭据", 0},
	{"GET", "/cgi-bin/ticket/getticket", "token", "获取SDK临时票据", 0},
	{"GET", "/cgi-bin/token", "token", "获取接口调用凭据", 0},
	{"POST", "/gateway/normalrefundquery.xml", "pay/legacy", "退款查询", 0},
	{"POST", "/mmpaymkttransfers/gethbinfo", "pay/apiv2", "查询红包记录", 0},
	{"POST", "/mmpaymkttransfers/gettransferinfo", "pay/apiv2", "查询企业向微信用户个人付款", 0},
	{"POST", "/mmpaymkttransfers/promotion/transfers", "pay/apiv2", "向微信用户个人付款", 0},
	{"POST", "/mmpaymkttransfers/sendgroupredpack", "pay/apiv2", "发放裂变红包", 0},
	{"POST", "/mmpaymkttransfers/sendminiprogramhb", "pay/apiv2", "发放小程序红包接口", 0},
	{"POST", "/mmpaymkttransfers/sendredpack", "pay/apiv2", "发放普通红包", 0},
	{"POST", "/mmpaysptrans/pay_bank", "pay/apiv2", "企业付款到银行卡", 0},
	{"POST", "/mmpaysptrans/query_bank", "pay/apiv2", "查询企业付款银行卡", 0},
	{"POST", "/pay/closeorder", "pay/apiv2", "关闭订单", 0},
	{"POST", "/pay/delivernotify", "notify/delivery", "发货通知", 0},
	{"POST", "/pay/downloadbill", "pay/apiv2", "下载对账单", 0},
	{"POST", "/pay/downloadfundflow", "pay/apiv2", "下载资金账单", 0},
	{"POST", "/pay/genprepay", "pay/legacy", "生成预支付订单", 0},
	{"POST", "/pay/micropay", "pay/apiv2", "提交付款码支付", 0},
	{"POST", "/pay/orderquery", "pay/apiv2", "查询订单", 0},
	{"POST", "/pay/orderquery", "pay/legacy", "订单查询", 0},
	{"POST", "/pay/profitsharingaddreceiver", "pay/apiv2", "添加分账接收方", 0},
	{"POST", "/pay/profitsharingmerchantratioquery", "pay/apiv2", "查询最大分账比例API", 0},
	{"POST", "/pay/profitsharingorderamountquery", "pay/apiv2", "查询订单待分账金额", 0},
	{"POST", "/pay/profitsharingquery", "pay/apiv2", "查询分账结果", 0},
	{"POST", "/pay/profitsharingremovereceiver", "pay/apiv2", "删除分账接收方", 0},
	{"POST", "/pay/profitsharingreturnquery", "pay/apiv2", "回退结果查询", 0},
	{"POST", "/pay/refundquery", "pay/apiv2", "查询退款", 0},
	{"POST", "/pay/unifiedorder", "pay/apiv2", "统一下单", 0},
	{"POST", "/payitil/report", "pay/apiv2", "交易保障", 0},
	{"POST", "/refundapi/gateway/refund.xml", "pay/legacy", "退款", 0},
	{"POST", "/risk/getpublickey", "pay/apiv2", "获取RSA加密公钥API", 0},
	{"POST", "/secapi/pay/multiprofitsharing", "pay/apiv2", "请求多次分账", 0},
	{"POST", "/secapi/pay/profitsharing", "pay/apiv2", "请求单次分账", 0},
	{"POST", "/secapi/pay/profitsharingfinish", "pay/apiv2", "完结分账", 0},
	{"POST", "/secapi/pay/profitsharingreturn", "pay/apiv2", "分账回退", 0},
	{"POST", "/secapi/pay/refund", "pay/apiv2", "申请退款", 0},
	{"POST", "/secapi/pay/reverse", "pay/apiv2", "撤销订单", 0},
	{"POST", "/tools/authcodetoopenid", "pay/apiv2", "授权码查询openid", 0},
	{"POST", "/tools/shorturl", "pay/apiv2", "转换短链接", 0},
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
	{"POST", "/wxa/sec/order/get_order", "notify/delivery", "查询订单发货状态", 0},
	{"POST", "/wxa/sec/order/get_order_list", "notify/delivery", "查询订单列表", 0},
	{"POST", "/wxa/sec/order/is_trade_managed", "notify/delivery", "查询小程序是否已开通发货信息管理服务", 0},
	{"POST", "/wxa/sec/order/is_trade_management_confirmation_completed", "notify/delivery", "查询小程序是否已完成交易结算管理确认", 0},
	{"POST", "/wxa/sec/order/notify_confirm_receive", "notify/delivery", "确认收货提醒", 0},
	{"POST", "/wxa/sec/order/opspecialorder", "notify/delivery", "特殊发货报备", 0},
	{"POST", "/wxa/sec/order/set_msg_jump_path", "notify/delivery", "消息跳转路径设置", 0},
	{"POST", "/wxa/sec/order/upload_combined_shipping_info", "notify/delivery", "发货信息合单录入", 0},
	{"POST", "/wxa/sec/order/upload_shipping_info", "notify/delivery", "发货信息录入", 0},
}
