package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/notify"
)

func TestAdverse46_EnvelopesThatAreNone(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	good := wrap(t, "EV-1", eventPaid, "transaction", paidSample)
	swap := func(old, new string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, new, 1)
	}
	cipher := sealGCM(t, apiV3Key, nonce12, "transaction", paidSample)
	resource := good[strings.Index(good, `{"algorithm"`) : strings.Index(good, `}`)+1]
	for name, body := range map[string]string{
		"null":                       `null`,
		"array":                      `[]`,
		"empty object":               `{}`,
		"number":                     `1`,
		"text":                       `"{}"`,
		"not JSON":                   `<xml></xml>`,
		"form":                       `a=b&c=d`,
		"only white space":           ` `,
		"NUL":                        "\x00",
		"no resource":                swap(`"resource":`+resource, `"other":1`),
		"resource null":              swap(resource, `null`),
		"resource empty":             swap(resource, `{}`),
		"resource array":             swap(resource, `[]`),
		"resource array of itself":   swap(resource, `[`+resource+`]`),
		"resource text":              swap(resource, `"x"`),
		"resource number":            swap(resource, `1`),
		"resource true":              swap(resource, `true`),
		"ciphertext null":            swap(`"`+cipher+`"`, `null`),
		"ciphertext number":          swap(`"`+cipher+`"`, `1`),
		"ciphertext object":          swap(`"`+cipher+`"`, `{}`),
		"ciphertext empty":           swap(`"`+cipher+`"`, `""`),
		"nonce null":                 swap(`"`+nonce12+`"`, `null`),
		"nonce array":                swap(`"`+nonce12+`"`, `["`+nonce12+`"]`),
		"algorithm null":             swap(`"AEAD_AES_256_GCM"`, `null`),
		"associated_data a number":   swap(`"associated_data":"transaction"`, `"associated_data":1`),
		"original_type an object":    swap(`"original_type":"transaction"`, `"original_type":{}`),
		"id missing":                 swap(`"id":"EV-1",`, ``),
		"id empty":                   swap(`"id":"EV-1"`, `"id":""`),
		"id a number":                swap(`"id":"EV-1"`, `"id":1`),
		"event_type null":            swap(`"TRANSACTION.SUCCESS"`, `null`),
		"event_type an array":        swap(`"TRANSACTION.SUCCESS"`, `["TRANSACTION.SUCCESS"]`),
		"event_type missing":         swap(`"event_type":"TRANSACTION.SUCCESS",`, ``),
		"another resource_type":      swap(`"encrypt-resource"`, `"plain-resource"`),
		"resource_type missing":      swap(`"resource_type":"encrypt-resource",`, ``),
		"summary a number":           swap(`"summary":"支付成功"`, `"summary":1`),
		"cut":                        good[:len(good)-1],
		"cut in a text":              good[:30],
		"comma too many":             swap(`"id":"EV-1",`, `"id":"EV-1",,`),
		"unquoted key":               swap(`"id"`, `id`),
		"closed with the wrong sign": good[:len(good)-1] + "]",
	} {
		h, p := receiver(t, m)
		h.Fallback(nil)
		refused(t, p, h.Handle(t.Context(), signed(t, time.Now(), body)), 500, notify.ErrMalformed, name)
	}
}

func TestAdverse46_PayloadsThatAreNone(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	for name, plain := range map[string]string{
		"nothing":            ``,
		"null":               `null`,
		"array":              `[]`,
		"array of an object": `[` + paidSample + `]`,
		"empty object":       `{}`,
		"empty, with spaces": " {\n\t} ",
		"number":             `1`,
		"text":               `"` + mchID + `"`,
		"not JSON":           `transaction`,
		"cut":                paidSample[:len(paidSample)-1],
		"byte order mark":    "\ufeff" + paidSample,
		"no business key":    `{"mchid":"1900000001"}`,
		"empty business key": `{"mchid":"1900000001","transaction_id":""}`,
		"null business key":  `{"mchid":"1900000001","transaction_id":null}`,
	} {
		h, p := receiver(t, m)
		refused(t, p, h.Handle(t.Context(), notice(t, plain)), 500, notify.ErrMalformed, name)
	}
}

func TestAdverse46_EmptyPayloadsReachNobody(t *testing.T) {
	t.Parallel()
	h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)))
	called := func(context.Context, notify.Event[anything]) error { t.Error("called"); return nil }
	notify.On(h, notify.Of[anything]("A").Owner(), called)
	h.Fallback(func(context.Context, notify.Event[json.RawMessage]) error { t.Error("called"); return nil })
	for _, event := range []string{"A", "B"} {
		for _, plain := range []string{`{}`, " {\n} ", `[]`, `null`, `1`} {
			assert.Equal(t, 500, h.Handle(t.Context(), signed(t, time.Now(), wrap(t, "1", event, "", plain))).Status)
		}
	}
}

func TestAdverse66_DepthAndCrowds(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	h, p := receiver(t, m, notify.WithMaxBody(64<<20), notify.WithDeadline(time.Minute))
	var crowd strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&crowd, `"k%d":1,`, i)
	}
	deepObject := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	deepArray := strings.Repeat(`[`, 100_000) + strings.Repeat("]", 100_000)
	good := wrap(t, "EV-1", eventPaid, "transaction", paidSample)
	for name, extra := range map[string]string{
		"objects": `"deep":` + deepObject + `,`,
		"arrays":  `"deep":` + deepArray + `,`,
		"crowd":   crowd.String(),
	} {
		refused(t, p, h.Handle(t.Context(), signed(t, time.Now(), "{"+extra+good[1:])), 500, notify.ErrMalformed, "envelope: "+name)
		refused(t, p, h.Handle(t.Context(), notice(t, "{"+extra+paidSample[1:])), 500, notify.ErrMalformed, "payload: "+name)
	}
}

func TestAdverse67_DoubledKeysAndOtherSpellings(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	for name, extra := range map[string]string{
		"doubled":                   `"trade_state":"SUCCESS",`,
		"upper case":                `"TRADE_STATE":"SUCCESS",`,
		"long s":                    `"trade_ſtate":"SUCCESS",`,
		"escaped":                   `"trade\u005fstate":"SUCCESS",`,
		"escaped long s":            `"trade_\u017ftate":"SUCCESS",`,
		"owner in other case":       `"MchID":"1900000001",`,
		"unknown, doubled":          `"new":1,"new":2,`,
		"unknown in two cases":      `"new":1,"NEW":2,`,
		"below, doubled":            `"x":{"total":1,"total":2},`,
		"below, in other case":      `"x":[{"Total":1}],`,
		"the selector's":            `"Combine_Out_Trade_No":"x",`,
		"only the escaped selector": `"combine_out_trade_n\u006f":"x",`,
	} {
		h, p := receiver(t, m)
		refused(t, p, h.Handle(t.Context(), notice(t, "{"+extra+paidSample[1:])), 500, notify.ErrMalformed, "payload: "+name)
	}
	good := wrap(t, "EV-1", eventPaid, "transaction", paidSample)
	for name, extra := range map[string]string{
		"doubled":             `"event_type":"TRANSACTION.SUCCESS",`,
		"resource twice":      `"resource":{},`,
		"upper case":          `"ID":"EV-2",`,
		"long s":              `"reſource":{},`,
		"Kelvin sign":         `"K":1,"k":1,`,
		"escaped":             `"\u0069d":"EV-2",`,
		"ciphertext, doubled": `"x":{"ciphertext":"a","ciphertext":"b"},`,
	} {
		h, p := receiver(t, m)
		refused(t, p, h.Handle(t.Context(), signed(t, time.Now(), "{"+extra+good[1:])), 500, notify.ErrMalformed, "envelope: "+name)
	}
}

func TestAdverse68_TolerantForTheUnknownStrictForMoney(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	for plain, want := range map[string]int{
		`"trade_state":"BRAND_NEW_STATE"`:                            200,
		`"trade_state":null`:                                         200,
		`"payer":null`:                                               200,
		`"new":{"a":[1,2,{"b":null}]}`:                               200,
		`"new":9007199254740993`:                                     200,
		`"new":1e999`:                                                200,
		`"amount":{"total":9007199254740993}`:                        200,
		`"amount":{"total":9223372036854775807,"new":[]}`:            200,
		`"amount":{"total":9223372036854775808}`:                     500,
		`"amount":{"total":-9223372036854775809}`:                    500,
		`"amount":{"total":"1"}`:                                     500,
		`"amount":{"total":1.0}`:                                     500,
		`"amount":{"total":true}`:                                    500,
		`"amount":[]`:                                                500,
		`"amount":"100"`:                                             500,
		`"payer":[{"openid":"o"}]`:                                   500,
		`"trade_state":1`:                                            500,
		`"trade_state":{}`:                                           500,
		`"trade_state":["SUCCESS"]`:                                  500,
		`"amount":{"total":100,"currency":156}`:                      500,
		`"attach":"` + strings.Repeat("a", 100_000) + `"`:            200,
		`"attach":"` + "\u2028 <script> ]]> \\u0000 \\ud800" + `"`:   200,
		`"attach":"支付","trade_state_desc":"支付成功"`:                    200,
		`"attach":"` + "\\" + `u12","trade_state_desc":"bad escape"`: 500,
	} {
		h, p := receiver(t, m)
		reply := h.Handle(t.Context(), notice(t, `{"mchid":"1900000001","transaction_id":"1",`+plain+`}`))
		assert.Equal(t, want, reply.Status, plain)
		assert.Equal(t, want == 200, p.calls() == 1, plain)
	}
	h, p := receiver(t, m)
	h.Handle(t.Context(), notice(t, `{"mchid":"1900000001","transaction_id":"1","amount":{"total":9007199254740993}}`))
	assert.EqualValues(t, 9007199254740993, p.events[0].Data.Amount.Total, "no float comes near it")
}

func TestAdverse69_BytesThatAreNoText(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	h, p := receiver(t, m)
	reply := h.Handle(t.Context(), notice(t, `{"mchid":"1900000001","transaction_id":"1","attach":"a`+"\xff\xfe"+`b"}`))
	require.Equal(t, 200, reply.Status, "invalid UTF-8 does not lose a payment")
	assert.Equal(t, "a\ufffd\ufffdb", p.events[0].Data.Attach)

	for name, plain := range map[string]string{
		"bare NUL":            `{"mchid":"1900000001","transaction_id":"1","attach":"a` + "\x00" + `b"}`,
		"bare newline":        `{"mchid":"1900000001","transaction_id":"1","attach":"a` + "\n" + `b"}`,
		"second document":     paidSample + paidSample,
		"trailing text":       paidSample + "x",
		"trailing NUL":        paidSample + "\x00",
		"UTF-16":              "\xff\xfe{\x00}\x00",
		"owner not in UTF-8":  `{"mchid":"190000000` + "\xff" + `","transaction_id":"1"}`,
		"a second, empty one": paidSample + "{}",
	} {
		h, p := receiver(t, m)
		reply := h.Handle(t.Context(), notice(t, plain))
		assert.NotEqual(t, 200, reply.Status, name)
		refused(t, p, reply, reply.Status, nil, name)
	}
	good := wrap(t, "EV-1", eventPaid, "transaction", paidSample)
	for name, body := range map[string]string{
		"second envelope": good + good,
		"trailing NUL":    good + "\x00",
		"bare NUL":        strings.Replace(good, "EV-1", "EV\x001", 1),
	} {
		h, p := receiver(t, m)
		refused(t, p, h.Handle(t.Context(), signed(t, time.Now(), body)), 500, notify.ErrMalformed, name)
	}
	h, p = receiver(t, m)
	odd := strings.Replace(good, "支付成功", "a\xffb\\u0000]]>", 1)
	require.Equal(t, 200, h.Handle(t.Context(), signed(t, time.Now(), odd)).Status)
	assert.Equal(t, "a\ufffdb\x00]]>", p.events[0].Summary)
}

func TestAdverse69_RepliesAreSafe(t *testing.T) {
	t.Parallel()
	type content struct {
		Text string `json:"text"`
	}
	h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)))
	notify.Answer(h, notify.Asking[content](notify.Of[transaction]("ASK")), func(_ context.Context, e notify.Event[transaction]) (content, error) {
		return content{e.Data.Attach}, nil
	})
	reply := h.Handle(t.Context(), signed(t, time.Now(), wrap(t, "1", "ASK", "", `{"attach":"a`+"\xff"+`\u0000\"]]>"}`)))
	assert.Equal(t, 200, reply.Status)
	assert.JSONEq(t, `{"text":"a\ufffd\u0000\"]]>"}`, string(reply.Body))
}

func TestEnvelopeToleratesTheUnknown(t *testing.T) {
	t.Parallel()
	good := wrap(t, "EV-1", eventPaid, "transaction", paidSample)
	for _, change := range []func(string) string{
		func(s string) string { return `{"new":{"id":"x","deep":[[[]]]},` + s[1:] },
		func(s string) string {
			return strings.Replace(s, `"create_time":"2026-01-02T03:04:05+08:00"`, `"create_time":null`, 1)
		},
		func(s string) string { return strings.Replace(s, `"2026-01-02T03:04:05+08:00"`, `"yesterday"`, 1) },
		func(s string) string { return strings.Replace(s, `"2026-01-02T03:04:05+08:00"`, `20260102`, 1) },
		func(s string) string {
			return strings.Replace(s, `"summary":"支付成功"`, `"summary":null,"summary2":"\u652f"`, 1)
		},
		func(s string) string { return strings.Replace(s, `"resource":{`, `"resource":{"new":null,`, 1) },
		func(s string) string { return "\n\t " + strings.ReplaceAll(s, `":`, `" : `) + "\r\n" },
	} {
		h, p := receiver(t, merchant(t, mchID, nil))
		body := change(good)
		require.NotEqual(t, good, body)
		assert.Equal(t, 200, h.Handle(t.Context(), signed(t, time.Now(), body)).Status, body)
		assert.Equal(t, 1, p.calls())
	}
}
