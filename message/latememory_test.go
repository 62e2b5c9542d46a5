package message_test

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/message"
)

// WeChat did not hear the answer and sends the push again, after the function of the
// first one has ended.
func TestLaterCopiesGetTheSameAnswer(t *testing.T) {
	t.Parallel()
	refused := &wechat.CallError{Outcome: wechat.NotDone, Err: assert.AnError}
	card := message.Card("c")
	tests := []struct {
		name   string
		takes  time.Duration
		m      message.Message
		fails  error // of the function
		sender error
		later  time.Duration // when the copy comes, counted from the answer
		reply  string        // to the copy
		calls  int
		sent   []string
	}{
		{"reply", 0, message.Text("tea"), nil, nil, 5 * time.Second, text("tea"), 1, nil},
		{"silence", 0, message.Silence(), nil, nil, 5 * time.Second, "success", 1, nil},
		{"sent at once", 0, card, nil, nil, 5 * time.Second, "success", 1, []string{"o1 wxcard"}},
		{"sent late", 6 * time.Second, message.Text("tea"), nil, nil, 5 * time.Second, "success", 1, []string{"o1 text"}},
		{"late silence", 6 * time.Second, message.Silence(), nil, nil, 5 * time.Second, "success", 1, nil},
		{"perhaps sent", 0, card, nil, assert.AnError, 5 * time.Second, "success", 1, []string{"o1 wxcard"}},
		{"refused", 0, card, nil, refused, 5 * time.Second, "", 2, []string{"o1 wxcard", "o1 wxcard"}},
		{"late and refused", 6 * time.Second, card, nil, refused, 5 * time.Second, "success", 2, []string{"o1 wxcard", "o1 wxcard"}},
		{"function fails", 0, card, assert.AnError, nil, 5 * time.Second, "", 2, nil},
		{"forgotten", 0, message.Text("tea"), nil, nil, time.Minute, text("tea"), 2, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				out, calls := outbox{err: tt.sender}, 0
				r := message.NewRouter(&out)
				r.Default(func(ctx context.Context, in message.Incoming) (message.Message, error) {
					calls++
					if tt.fails != nil {
						return tt.m, tt.fails
					}
					return slow(tt.takes, tt.m)(ctx, in)
				})
				h := handler(t)
				r.Register(h)
				push(t.Context(), h, wrote("tea"))
				time.Sleep(tt.later)
				status, reply := push(t.Context(), h, wrote("tea"))
				assert.Contains(t, reply, tt.reply)
				assert.Equal(t, tt.reply != "", status == 200)
				require.NoError(t, r.Late().Wait(t.Context()))
				assert.Equal(t, tt.calls, calls)
				assert.Equal(t, tt.sent, out.all())
			})
		})
	}
}

func TestRememberedAnswersAreBounded(t *testing.T) {
	t.Parallel()
	late, err := message.NewLate(&outbox{})
	require.NoError(t, err)
	calls := 0
	ask := func(key int) {
		_, err := late.Answer(t.Context(), "o1", strconv.Itoa(key), func(context.Context) (message.Message, error) {
			calls++
			return message.Text("tea"), nil
		})
		require.NoError(t, err)
	}
	const most = 10_000
	for key := range most + 1 {
		ask(key)
	}
	ask(1)
	ask(most)
	assert.Equal(t, most+1, calls, "these two are remembered")
	ask(0)
	assert.Equal(t, most+2, calls, "the oldest made room")
}
