package delivery_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/notify/delivery"
)

func TestStates(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "waiting shipped confirmed finished refunded settling state 7", strings.Join([]string{delivery.Waiting.String(), delivery.Shipped.String(),
		delivery.Confirmed.String(), delivery.Finished.String(), delivery.Refunded.String(), delivery.Settling.String(), delivery.State(7).String()}, " "))
	for s := delivery.State(-1); s < 9; s++ {
		assert.Equal(t, s == 1 || s == 2, s.Shippable(), s)
		assert.False(t, s.Supersedes(s), s)
		assert.False(t, s.Supersedes(delivery.Refunded), s)
		assert.Equal(t, s > 1 && s < 7, s.Supersedes(delivery.Waiting), s)
	}
	assert.True(t, delivery.Finished.Supersedes(delivery.Settling))
	assert.True(t, delivery.Settling.Supersedes(delivery.Finished), "which comes first is not documented")
	assert.False(t, delivery.Shipped.Supersedes(delivery.Confirmed))
}

// States that come in any order end where they would have ended in the right one.
func TestStatesNeverGoBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		course := []delivery.State{delivery.Waiting, delivery.Shipped, delivery.Confirmed, delivery.Settling, delivery.Refunded}[:rapid.IntRange(1, 5).Draw(t, "length")]
		last := course[len(course)-1]
		var have delivery.State
		for _, s := range append(rapid.Permutation(course).Draw(t, "order"), rapid.SliceOf(rapid.SampledFrom(course)).Draw(t, "again")...) {
			if s.Supersedes(have) {
				have = s
			}
		}
		assert.Equal(t, last, have)
	})
}

// fickle is shipping management for one order, in a few lines of its own: it keeps
// what is uploaded and loses requests and answers.
type fickle struct {
	faults   []int // of the requests to come
	recorded string
	anew     int // times the order was shipped anew
	blind    bool
	lost     bool // an upload was lost, and nobody has looked since
}

const (
	good = iota
	requestLost
	answerLost
	busy
)

func (f *fickle) Do(r *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	fault := good
	if len(f.faults) > 0 {
		fault, f.faults = f.faults[0], f.faults[1:]
	}
	if fault == requestLost {
		f.blind = f.blind || f.lost && !strings.HasSuffix(r.URL.Path, "get_order")
		f.lost = f.lost || !strings.HasSuffix(r.URL.Path, "get_order")
		return nil, errors.New("lost on the way there")
	}
	text := refuses(wechat.ErrBusy)
	if fault != busy {
		text = f.serve(r.URL.Path, raw)
	} else if !strings.HasSuffix(r.URL.Path, "get_order") {
		f.blind = f.blind || f.lost
		f.lost = true
	}
	if fault == answerLost {
		f.lost = f.lost || !strings.HasSuffix(r.URL.Path, "get_order")
		return nil, errors.New("lost on the way back")
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: int64(len(text)), Body: io.NopCloser(strings.NewReader(text))}, nil
}

func (f *fickle) serve(path string, raw []byte) string {
	if strings.HasSuffix(path, "get_order") {
		f.lost = false
		return f.shown()
	}
	f.blind = f.blind || f.lost
	switch {
	case f.recorded == string(raw):
		return refuses(delivery.ErrUnchanged)
	case f.recorded != "" && f.anew == 1:
		return refuses(delivery.ErrUsedUp)
	case f.recorded != "":
		f.anew++
	}
	f.recorded = string(raw)
	return ok
}

func (f *fickle) shown() string {
	if f.recorded == "" {
		return waiting
	}
	var u struct {
		By      int `json:"logistics_type"`
		Mode    int `json:"delivery_mode"`
		Parcels []struct {
			TrackingNo string `json:"tracking_no"`
			Company    string `json:"express_company"`
			ItemDesc   string `json:"item_desc"`
		} `json:"shipping_list"`
	}
	if json.Unmarshal([]byte(f.recorded), &u) != nil {
		return "broken"
	}
	p := u.Parcels[0]
	return `{"errcode":0,"order":{"order_state":2,"shipping":{"delivery_mode":` + strconv.Itoa(u.Mode) + `,"logistics_type":` + strconv.Itoa(u.By) +
		`,"finish_shipping":true,"shipping_list":[{"tracking_no":"` + p.TrackingNo + `","express_company":"` + p.Company + `","goods_desc":"` + p.ItemDesc + `"}]}}}`
}

// Whatever is lost: nil means recorded, NotDone means not, nothing is uploaded again
// before a look, and shipping the same again never uses up the chance to ship anew.
func TestShipKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := &fickle{faults: rapid.SliceOfN(rapid.SampledFrom([]int{good, requestLost, answerLost, busy}), 0, 30).Draw(t, "faults")}
		app, err := wechat.NewApp(appID, token{}, wechat.WithTransport(f), wechat.WithBackoff(wechat.NoRetry))
		if err != nil {
			t.Fatal(err)
		}
		s := delivery.Shipper{Orders: delivery.New(app), Sleep: func(context.Context, time.Duration) error { return nil }}
		in := express()
		for shipments := rapid.IntRange(1, 3).Draw(t, "shipments"); shipments > 0; shipments-- {
			in.At = in.At.Add(time.Second) // a shop that did not store it
			err := s.Ship(context.Background(), in)
			there := strings.Contains(f.recorded, in.Parcels[0].TrackingNo)
			switch wechat.OutcomeOf(err) {
			case wechat.Done:
				assert.True(t, there, "said to be recorded")
			case wechat.NotDone:
				assert.False(t, there, "said not to be recorded: %v", err)
			}
			assert.False(t, f.blind, "uploaded again without a look")
			assert.Zero(t, f.anew)
		}
	})
}
