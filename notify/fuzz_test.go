package notify_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/notify"
)

// FuzzHandleV3 sends what a stranger can send: no call, no success, no panic.
func FuzzHandleV3(f *testing.F) {
	body, err := os.ReadFile("testdata/s11_body.json")
	require.NoError(f, err)
	good := s11Request(f).Header
	f.Add("POST", good.Get("Wechatpay-Timestamp"), good.Get("Wechatpay-Nonce"), good.Get("Wechatpay-Serial"), "AAAA", "", "", []byte("{}"))
	f.Add("POST", "1700000299", good.Get("Wechatpay-Nonce"), good.Get("Wechatpay-Serial"), s11Signature, "wechatpay-nonce", "x", body)
	f.Add("POST", "1700000000", "n", "440024045C4A427599D09BB4E3DE0279F2E813FD", "WECHATPAY/SIGNTEST/"+s11Signature, "", "", body)
	f.Add("GET", "", "", "", "", "Wechatpay-Signature-Type", "WECHATPAY2-SM2-WITH-SM3", []byte(nil))
	h := notify.NewHandler(notify.V3(s11Merchant(f, s11Time)))
	fail := func(context.Context, notify.Event[json.RawMessage]) error {
		f.Error("a handler was called")
		return nil
	}
	h.Fallback(fail)
	genuine := s11Request(f)
	f.Fuzz(func(t *testing.T, method, stamp, nonce, serial, signature, name, value string, body []byte) {
		header := http.Header{"Wechatpay-Timestamp": {stamp}, "Wechatpay-Nonce": {nonce}, "Wechatpay-Serial": {serial}, "Wechatpay-Signature": {signature}}
		if name != "" {
			header[name] = append(header[name], value)
		}
		if signature == s11Signature && string(body) == string(genuine.Body) && nonce == genuine.Header.Get("Wechatpay-Nonce") && stamp == "1700000000" {
			t.Skip("the genuine one")
		}
		reply := h.Handle(t.Context(), notify.Request{Method: method, Header: header, Body: body})
		require.GreaterOrEqual(t, reply.Status, 400)
	})
}

// FuzzHandleV3Plain sends arbitrary payloads, properly signed and encrypted: a call
// means that the payload is one object of ours with its business key, and success
// means a call.
func FuzzHandleV3Plain(f *testing.F) {
	f.Add(paidSample)
	f.Add(`{"combine_out_trade_no":"C","combine_mchid":"1900000001","transaction_id":"1"}`)
	f.Add(`{"mchid":"1900000009","transaction_id":"1"}`)
	f.Add(`{"MCHID":"1900000001","tran\u0073action_id":"1"}`)
	f.Add(`{"sub_mchid":null,"transaction_id":"1","amount":{"total":1e2}}`)
	f.Add(`[` + paidSample + `]`)
	f.Add(`{}`)
	f.Add(strings.Repeat(`{"a":`, 200))
	m := merchant(f, mchID, time.Now)
	f.Fuzz(func(t *testing.T, plain string) {
		var got []notify.Event[transaction]
		h := notify.NewHandler(notify.V3(m), notify.WithDeadline(time.Minute))
		notify.On(h, paid, func(_ context.Context, e notify.Event[transaction]) error {
			got = append(got, e)
			return nil
		})
		reply := h.Handle(t.Context(), notice(t, plain))
		require.Equal(t, reply.Status == 200, len(got) == 1, plain)
		if len(got) == 0 {
			return
		}
		var want transaction
		require.NoError(t, json.Unmarshal([]byte(plain), &want))
		require.Equal(t, want, got[0].Data)
		require.NotEmpty(t, want.TransactionID)
		require.Equal(t, mchID+"/"+eventPaid+"/"+want.TransactionID, got[0].Key)
		var all map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(plain), &all))
		for _, name := range []string{"mchid", "sp_mchid", "combine_mchid"} {
			var owner *string
			if raw, ok := all[name]; ok {
				require.NoError(t, json.Unmarshal(raw, &owner))
			}
			require.True(t, owner == nil || *owner == "" || *owner == mchID, plain)
		}
		if raw, ok := all["combine_out_trade_no"]; ok {
			require.Equal(t, "null", string(raw))
		}
	})
}
