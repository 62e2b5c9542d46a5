package notify_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify"
	"github.com/wxcommerce/wechat/seal"
)

type anything map[string]any

func TestKindPicksByTypeOriginalAndFields(t *testing.T) {
	t.Parallel()
	base := notify.Of[anything]("A", "B")
	tests := []struct {
		name            string
		kind            notify.Kind[anything]
		event, original string
		plain           string
		fits            bool
	}{
		{"first type", base, "A", "", `{"x":1}`, true},
		{"second type", base, "B", "", `{"x":1}`, true},
		{"another type", base, "C", "", `{"x":1}`, false},
		{"type in another case", base, "a", "", `{"x":1}`, false},
		{"any type", notify.Of[anything](), "C", "", `{"x":1}`, true},
		{"original fits", base.Original("o"), "A", "o", `{"x":1}`, true},
		{"original differs", base.Original("o"), "A", "p", `{"x":1}`, false},
		{"original is missing", base.Original("o"), "A", "", `{"x":1}`, false},
		{"has the field", base.Having("x"), "A", "", `{"x":1}`, true},
		{"has it empty", base.Having("x"), "A", "", `{"x":""}`, true},
		{"has it null", base.Having("x"), "A", "", `{"x": null }`, false},
		{"lacks the field", base.Having("x"), "A", "", `{"y":{"x":1}}`, false},
		{"has one of two", base.Having("x").Having("y"), "A", "", `{"x":1}`, false},
		{"has both", base.Having("x").Having("y"), "A", "", `{"x":1,"y":2}`, true},
		{"has it below", base.Having("y.x"), "A", "", `{"y":{"x":1}}`, true},
		{"lacks it below", base.Having("y.x"), "A", "", `{"y":{"z":1},"x":2}`, false},
		{"below a text", base.Having("y.x"), "A", "", `{"y":"{\"x\":1}"}`, false},
		{"below a list", base.Having("y.x"), "A", "", `{"y":[{"x":1}]}`, false},
		{"below nothing", base.Having("y.x.z"), "A", "", `{"z":1}`, false},
		{"without it", base.Without("x"), "A", "", `{"y":1}`, true},
		{"without it, null", base.Without("x"), "A", "", `{"x":null}`, true},
		{"not without it", base.Without("x"), "A", "", `{"x":0}`, false},
		{"one, not the other", base.Having("x").Without("y"), "A", "", `{"x":1}`, true},
	}
	m := merchant(t, mchID, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := notify.NewHandler(notify.V3(m))
			calls := 0
			notify.On(h, tt.kind, func(context.Context, notify.Event[anything]) error { calls++; return nil })
			reply := h.Handle(t.Context(), signed(t, time.Now(), wrap(t, "1", tt.event, tt.original, tt.plain)))
			assert.Equal(t, tt.fits, calls == 1)
			assert.Equal(t, tt.fits, reply.Status == 200)
		})
	}
}

func TestKindsAreValues(t *testing.T) {
	t.Parallel()
	base := notify.Of[anything]("A").Having("a").Having("a").Having("a").Without("z").Without("z").Without("z") // slices with room
	left, right := base.Having("l").Without("x"), base.Having("r").Without("y")
	m := merchant(t, mchID, nil)
	h := notify.NewHandler(notify.V3(m))
	var got []string
	add := func(name string) func(context.Context, notify.Event[anything]) error {
		return func(context.Context, notify.Event[anything]) error { got = append(got, name); return nil }
	}
	notify.On(h, left, add("left"))
	notify.On(h, right, add("right"))
	notify.On(h, base, add("base"))
	for _, plain := range []string{`{"a":1,"l":1}`, `{"a":1,"r":1}`, `{"a":1}`} {
		h.Handle(t.Context(), signed(t, time.Now(), wrap(t, "1", "A", "", plain)))
	}
	assert.Equal(t, []string{"left", "right", "base"}, got)
}

func TestFirstRegisteredWins(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h, p := receiver(t, merchant(t, mchID, nil), notify.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	second := 0
	notify.On(h, notify.Of[transaction](eventPaid), func(context.Context, notify.Event[transaction]) error { second++; return nil })
	assert.Empty(t, log.String(), "kinds may overlap")
	notify.On(h, paid, func(context.Context, notify.Event[transaction]) error { second++; return nil })
	assert.Contains(t, log.String(), "registered twice")
	assert.Equal(t, 200, h.Handle(t.Context(), notice(t, paidSample)).Status)
	assert.Equal(t, 1, p.calls())
	assert.Zero(t, second)
}

func TestOwnersOfAKind(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	sub := m.For(wechat.Sub{MchID: "1900000002"})
	base := notify.Of[anything]("A")
	tests := []struct {
		name   string
		m      *wechat.Merchant
		kind   notify.Kind[anything]
		plain  string
		status int
	}{
		{"nobody", m, base.Owner(), `{"mchid":"9"}`, 200},
		{"nobody, for one sub", sub, base.Owner(), `{"sub_mchid":"9"}`, 200},
		{"ours", m, base.Owner("mchid"), `{"mchid":"1900000001"}`, 200},
		{"missing", m, base.Owner("mchid"), `{"sp_mchid":"1900000001"}`, 403},
		{"null", m, base.Owner("mchid"), `{"mchid":null}`, 403},
		{"empty", m, base.Owner("mchid"), `{"mchid":""}`, 403},
		{"theirs", m, base.Owner("mchid"), `{"mchid":"1900000009"}`, 403},
		{"not a text", m, base.Owner("mchid"), `{"mchid":{}}`, 500},
		{"another name", m, base.Owner("stock_creator_mchid"), `{"stock_creator_mchid":"1900000001","mchid":"9"}`, 200},
		{"below", m, base.Owner("receiver.account"), `{"receiver":{"account":"1900000001"},"mchid":"9"}`, 200},
		{"below, theirs", m, base.Owner("receiver.account"), `{"receiver":{"account":"1900000009"}}`, 403},
		{"below, missing", m, base.Owner("receiver.account"), `{"receiver":{}}`, 403},
		{"below, no object", m, base.Owner("receiver.account"), `{"receiver":"1900000001"}`, 403},
		{"below, another spelling", m, base.Owner("receiver.account"), `{"receiver":{"account":"1900000001","ACCOUNT":"9"}}`, 500},
		{"every sub", m, base.Owner("sub_mchid"), `{"sub_mchid":"1900000008"}`, 200},
		{"every sub, but missing", m, base.Owner("sub_mchid"), `{"x":1}`, 403},
		{"one sub", sub, base.Owner("sub_mchid"), `{"sub_mchid":"1900000002"}`, 200},
		{"one sub, another", sub, base.Owner("sub_mchid"), `{"sub_mchid":"1900000008"}`, 403},
		{"one sub, missing", sub, base.Owner("sub_mchid"), `{"x":1}`, 403},
		{"both", sub, base.Owner("sp_mchid", "sub_mchid"), `{"sp_mchid":"1900000001","sub_mchid":"1900000002"}`, 200},
		{"only one of both", sub, base.Owner("sp_mchid", "sub_mchid"), `{"sub_mchid":"1900000002"}`, 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := notify.NewHandler(notify.V3(tt.m))
			notify.On(h, tt.kind, func(context.Context, notify.Event[anything]) error { return nil })
			reply := h.Handle(t.Context(), signed(t, time.Now(), wrap(t, "1", "A", "", tt.plain)))
			assert.Equal(t, tt.status, reply.Status)
		})
	}
}

func TestSecretsOfAPayloadAreOpened(t *testing.T) {
	t.Parallel()
	type withPhone struct {
		ID    string      `json:"complaint_id"`
		Phone seal.Secret `json:"payer_phone"`
		Other seal.Secret `json:"other"`
	}
	sealed, err := seal.Encrypt(&merchantKey().PublicKey, "13800000000")
	require.NoError(t, err)
	h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)))
	notify.On(h, notify.Of[withPhone]("COMPLAINT.CREATE"), func(_ context.Context, e notify.Event[withPhone]) error {
		phone, err := e.Data.Phone.Reveal()
		assert.NoError(t, err)
		assert.Equal(t, "13800000000", phone)
		_, err = e.Data.Other.Reveal()
		assert.ErrorIs(t, err, seal.ErrSealed, "what our key does not open stays as it is")
		return nil
	})
	plain := `{"complaint_id":"1","payer_phone":"` + sealed + `","other":"AAAA"}`
	assert.Equal(t, 200, h.Handle(t.Context(), signed(t, time.Now(), wrap(t, "1", "COMPLAINT.CREATE", "complaint", plain))).Status)
}

func TestBusinessKeys(t *testing.T) {
	t.Parallel()
	m := merchant(t, mchID, nil)
	h := notify.NewHandler(notify.V3(m))
	var keys []string
	note := func(_ context.Context, e notify.Event[anything]) error { keys = append(keys, e.Key); return nil }
	notify.On(h, notify.Of[anything]("A"), note)
	notify.On(h, notify.Of[anything]("B", "C").Keyed(func(a anything) string { s, _ := a["no"].(string); return s }), note)
	for _, n := range [][2]string{{"A", `{"no":"1"}`}, {"B", `{"no":"1"}`}, {"C", `{"no":"1"}`}, {"C", `{"no":"2"}`}, {"B", `{"no":null}`}} {
		h.Handle(t.Context(), signed(t, time.Now(), wrap(t, "EV-7", n[0], "", n[1])))
	}
	assert.Equal(t, []string{mchID + "/A/EV-7", mchID + "/B/1", mchID + "/C/1", mchID + "/C/2"}, keys)
}
