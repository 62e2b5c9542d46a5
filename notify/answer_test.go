package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/wxcommerce/wechat/notify"
)

// The one notice of APIv3 that waits for content.
type terminate struct {
	MchID string `json:"mchid"`
	Plan  string `json:"plan_id"`
}

type retention struct {
	Code string `json:"code"`
	Type string `json:"retention_type"`
}

var stay = notify.Asking[retention](notify.Of[terminate]("ENTRUST.TERMINATE_RETENTION"))

func TestAnswerSendsBackWhatTheShopSays(t *testing.T) {
	t.Parallel()
	s := &store{claim: func(context.Context) error { return errors.New("is not asked") }}
	h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)), notify.WithSeen(s))
	notify.Answer(h, stay, func(_ context.Context, e notify.Event[terminate]) (retention, error) {
		if e.Data.Plan != "p" {
			return retention{}, errors.New("no such plan")
		}
		return retention{"SUCCESS", "COUPON<1>"}, nil
	})
	ask := func(plain string) notify.Reply {
		return h.Handle(t.Context(), signed(t, time.Now(), wrap(t, "1", "ENTRUST.TERMINATE_RETENTION", "", plain)))
	}
	for range 2 {
		assert.Equal(t, notify.Reply{Status: 200, ContentType: "application/json", Body: []byte(`{"code":"SUCCESS","retention_type":"COUPON<1>"}`)},
			ask(`{"mchid":"1900000001","plan_id":"p"}`), "every copy gets its content")
	}
	assert.Equal(t, 500, ask(`{"mchid":"1900000001","plan_id":"q"}`).Status)
	assert.Equal(t, 403, ask(`{"mchid":"1900000009","plan_id":"p"}`).Status)
	assert.Empty(t, s.calls)
}

func TestAnswerThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	h := notify.NewHandler(notify.V3(merchant(t, mchID, nil)))
	notify.Answer(h, notify.Asking[json.Marshaler](notify.Of[anything]("A")), func(context.Context, notify.Event[anything]) (json.Marshaler, error) {
		return badAnswer{}, nil
	})
	assert.Equal(t, 500, h.Handle(t.Context(), signed(t, time.Now(), wrap(t, "1", "A", "", `{"a":1}`))).Status)
}

type badAnswer struct{}

func (badAnswer) MarshalJSON() ([]byte, error) { return nil, errors.New("no") }
