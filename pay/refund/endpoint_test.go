package refund_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/pay/refund"
	"github.com/wxcommerce/wechat/seal"
	"github.com/wxcommerce/wechat/sign"
	"github.com/wxcommerce/wechat/wechattest"
)

// number has every character a refund number may have.
const number = "R|1*a_-@"

type endpoint struct {
	name           string
	partner        bool
	call           func(ctx context.Context, s *refund.Service) (*refund.Refund, error)
	method, target string
	body           string // "" means none, a regular expression where secrets travel
	refused        wechat.Code
	status         int // of the refusal
}

const (
	answer = `{"refund_id":"50000000382019052709732678859","out_refund_no":"R|1*a_-@","transaction_id":"4200001","out_trade_no":"order1","channel":"ORIGINAL","user_received_account":"招商银行信用卡","success_time":"2020-12-01T16:18:12+08:00","create_time":"2020-12-01T16:18:00+08:00","status":"SUCCESS","funds_account":"UNSETTLED",
"amount":{"total":100,"refund":60,"from":[{"account":"AVAILABLE","amount":60}],"payer_total":90,"payer_refund":54,"settlement_refund":60,"settlement_total":100,"discount_refund":6,"currency":"CNY","refund_fee":1},
"promotion_detail":[{"promotion_id":"109519","scope":"SINGLE","type":"DISCOUNT","amount":10,"refund_amount":6,"goods_detail":[{"merchant_goods_id":"SKU-1","wechatpay_goods_id":"1001","goods_name":"茶","unit_price":50,"refund_amount":60,"refund_quantity":1}]}]}`

	applied = `"transaction_id":"4200001","out_refund_no":"R|1*a_-@","reason":"商品已售完","notify_url":"https://shop.example/refunds","funds_account":"AVAILABLE","amount":{"refund":60,"from":[{"account":"AVAILABLE","amount":50},{"account":"UNAVAILABLE","amount":10}],"total":100,"currency":"CNY"},"goods_detail":[{"merchant_goods_id":"SKU-1","wechatpay_goods_id":"1001","goods_name":"茶 <红>","unit_price":50,"refund_amount":60,"refund_quantity":1}]`
	sealed  = `"[A-Za-z0-9+/=]{344}"`
)

func at(hour, minute, second int) wechat.Time {
	return wechat.Time{Time: time.Date(2020, 12, 1, hour, minute, second, 0, wechat.Beijing)}
}

// want is answer, read.
func want() refund.Refund {
	return refund.Refund{RefundID: "50000000382019052709732678859", OutRefundNo: number, TransactionID: "4200001", OutTradeNo: "order1",
		Channel: refund.ChannelOriginal, UserReceivedAccount: "招商银行信用卡", SuccessTime: at(16, 18, 12), CreateTime: at(16, 18, 0),
		State: refund.StateSuccess, FundsAccount: refund.Unsettled,
		Amount: refund.RefundAmount{Total: 100, Refund: 60, From: []refund.From{{Account: refund.Available, Amount: 60}}, PayerTotal: 90, PayerRefund: 54,
			SettlementRefund: 60, SettlementTotal: 100, DiscountRefund: 6, Currency: "CNY", RefundFee: 1},
		PromotionDetail: []refund.Promotion{{PromotionID: "109519", Scope: "SINGLE", Type: "DISCOUNT", Amount: 10, RefundAmount: 6,
			GoodsDetail: []refund.Goods{{MerchantGoodsID: "SKU-1", WechatpayGoodsID: "1001", GoodsName: "茶", UnitPrice: 50, RefundAmount: 60, RefundQuantity: 1}}}}}
}

func request() refund.Request {
	return refund.Request{TransactionID: "4200001", OutRefundNo: number, Reason: "商品已售完", NotifyURL: "https://shop.example/refunds", FundsAccount: refund.Available,
		Amount:      refund.Amount{Refund: 60, Total: 100, From: []refund.From{{Account: refund.Available, Amount: 50}, {Account: refund.Unavailable, Amount: 10}}},
		GoodsDetail: []refund.Goods{{MerchantGoodsID: "SKU-1", WechatpayGoodsID: "1001", GoodsName: "茶 <红>", UnitPrice: 50, RefundAmount: 60, RefundQuantity: 1}}}
}

func abnormal() refund.AbnormalRequest {
	return refund.AbnormalRequest{RefundID: "5000", OutRefundNo: number, Type: refund.ToUserCard, BankType: refund.BankICBC,
		BankAccount: seal.Plain("6222020111122220000"), RealName: seal.Plain("张三")}
}

func endpoints() []endpoint {
	const dir = "/v3/refund/domestic/refunds"
	var all []endpoint
	for _, s := range []struct {
		name, query, body string
		partner           bool
	}{{"direct", "", "", false}, {"partner", "?sub_mchid=0000190002", `"sub_mchid":"0000190002",`, true}} {
		for _, e := range []endpoint{
			{name: "Apply", method: "POST", target: dir, body: `{` + s.body + applied + `}`, refused: refund.ErrNotEnough, status: 403,
				call: func(ctx context.Context, r *refund.Service) (*refund.Refund, error) { return r.Apply(ctx, request()) }},
			{name: "Query", method: "GET", target: dir + "/R%7C1*a_-@" + s.query, refused: wechat.ErrNotFound, status: 404,
				call: func(ctx context.Context, r *refund.Service) (*refund.Refund, error) { return r.Query(ctx, number) }},
			{name: "ApplyAbnormal", method: "POST", target: dir + "/5000/apply-abnormal-refund", refused: wechat.ErrNoAuth, status: 403,
				body: `^\{` + s.body + `"out_refund_no":"R\|1\*a_-@","type":"USER_BANK_CARD","bank_type":"ICBC_DEBIT","bank_account":` + sealed + `,"real_name":` + sealed + `\}$`,
				call: func(ctx context.Context, r *refund.Service) (*refund.Refund, error) {
					return r.ApplyAbnormal(ctx, abnormal())
				}},
		} {
			e.name, e.partner = e.name+"/"+s.name, s.partner
			all = append(all, e)
		}
	}
	return all
}

func (e endpoint) on(d *desk) (*refund.Refund, error) {
	if e.partner {
		return e.call(d.t.Context(), d.partner)
	}
	return e.call(d.t.Context(), d.direct)
}

func (e endpoint) desk(t testing.TB, script ...step) *desk {
	return newDesk(t, append([]step(nil), script...), append([]step(nil), script...))
}

// same compares times as moments and the rest as it is.
func same(t *testing.T, want, got refund.Refund) {
	t.Helper()
	assert.True(t, want.SuccessTime.Equal(got.SuccessTime.Time))
	assert.True(t, want.CreateTime.Equal(got.CreateTime.Time))
	got.SuccessTime, got.CreateTime = want.SuccessTime, want.CreateTime
	assert.Equal(t, want, got)
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			d := e.desk(t, step{status: 200, body: answer})
			got, err := e.on(d)
			require.NoError(t, err)
			same(t, want(), *got)
			r := d.only()
			assert.Equal(t, e.method, r.method)
			assert.Equal(t, e.target, r.target)
			assert.Equal(t, d.account.PlatformKeyID, r.keyID)
			switch {
			case e.body == "":
				assert.Empty(t, r.body)
			case e.body[0] == '^':
				assert.Regexp(t, e.body, r.body)
			default:
				assert.JSONEq(t, e.body, r.body)
				assert.NotContains(t, r.body, `\u00`, "no HTML escapes")
			}
		})
	}
}

func TestEndpointsTolerateNewFieldsAndValues(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			body := `{"brand_new":{"deep":[1,"x",null]},` + strings.NewReplacer(`"SUCCESS"`, `"SOARING"`, `"ORIGINAL"`, `"PIGEON"`, `"UNSETTLED"`, `"POCKET"`).Replace(answer)[1:]
			got, err := e.on(e.desk(t, step{status: 200, body: body}))
			require.NoError(t, err)
			assert.Equal(t, refund.State("SOARING"), got.State)
			assert.False(t, got.State.Terminal())
			assert.Equal(t, refund.Channel("PIGEON"), got.Channel)
			assert.Equal(t, refund.FundsAccount("POCKET"), got.FundsAccount)
		})
	}
}

func TestEndpointsReportRefusals(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			_, err := e.on(e.desk(t, refuses(e.status, e.refused)))
			require.ErrorIs(t, err, e.refused)
			assert.NotContains(t, err.Error(), "张三")
			if e.method == http.MethodGet {
				return
			}
			assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err), "a refund's refusal proves nothing")
		})
	}
}

func TestG14_EndpointsRejectUnprovedAnswers(t *testing.T) {
	t.Parallel()
	for _, e := range endpoints() {
		for kind, cause := range map[wechattest.Kind]error{wechattest.Unsigned: sign.ErrUnsigned, wechattest.WrongSignature: sign.ErrMismatch, wechattest.Probe: sign.ErrProbe} {
			t.Run(e.name, func(t *testing.T) {
				t.Parallel()
				got, err := e.on(e.desk(t, step{status: 200, body: answer}.with(kind)))
				require.ErrorIs(t, err, cause)
				assert.Nil(t, got)
				assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
			})
		}
		t.Run(e.name+"/refusal", func(t *testing.T) {
			t.Parallel()
			_, err := e.on(e.desk(t, refuses(e.status, e.refused).with(wechattest.Unsigned)))
			var api *wechat.APIError
			require.ErrorAs(t, err, &api)
			assert.False(t, api.Verified)
		})
	}
}

// adverse runs e with the default backoff in virtual time.
func adverse(t *testing.T, f func(t *testing.T, e endpoint, run func(script ...step) ([]sent, error))) {
	t.Helper()
	for _, e := range endpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f(t, e, func(script ...step) ([]sent, error) {
					d := newDesk(t, append([]step(nil), script...), append([]step(nil), script...), wechat.WithBackoff(wechat.DefaultBackoff))
					_, err := e.on(d)
					all := d.all()
					for _, r := range all[1:] {
						assert.Equal(t, all[0].body, r.body, "repeated unchanged")
					}
					return all, err
				})
			})
		})
	}
}

func once(e endpoint) bool { return strings.HasPrefix(e.name, "ApplyAbnormal") }

func TestAdverse15_AcceptedIsRepeated(t *testing.T) {
	t.Parallel()
	adverse(t, func(t *testing.T, e endpoint, run func(...step) ([]sent, error)) {
		sent, err := run(refuses(202, "PROCESSING"), step{status: 200, body: answer})
		if once(e) {
			assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
			assert.Len(t, sent, 1)
			return
		}
		require.NoError(t, err)
		assert.Len(t, sent, 2)
	})
}

func TestAdverse16_TooManyRequests(t *testing.T) {
	t.Parallel()
	adverse(t, func(t *testing.T, e endpoint, run func(...step) ([]sent, error)) {
		sent, err := run(refuses(429, wechat.ErrRateLimited), step{status: 200, body: answer})
		if e.method == http.MethodGet {
			require.NoError(t, err)
			return
		}
		require.ErrorIs(t, err, wechat.ErrRateLimited)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err), "query first")
		assert.Len(t, sent, 1)
	})
}

func TestAdverse17_TroubleThenSuccessIsOneRefund(t *testing.T) {
	t.Parallel()
	adverse(t, func(t *testing.T, e endpoint, run func(...step) ([]sent, error)) {
		sent, err := run(broken, lost, step{status: 200, body: answer})
		if once(e) {
			assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
			assert.Len(t, sent, 1)
			return
		}
		require.NoError(t, err)
		assert.Len(t, sent, 3)
	})
}

func TestAdverse18_BrownOutEndsSoon(t *testing.T) {
	t.Parallel()
	adverse(t, func(t *testing.T, e endpoint, run func(...step) ([]sent, error)) {
		sent, err := run(refuses(503, wechat.ErrSystem))
		require.ErrorIs(t, err, wechat.ErrSystem)
		assert.Equal(t, wechat.Unknown, wechat.OutcomeOf(err))
		assert.LessOrEqual(t, len(sent), 3)
	})
}
