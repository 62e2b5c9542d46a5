package account

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/examples/store/internal/shop"
	"github.com/wxcommerce/wechat/message"
)

// TellWithin is how long after a payment its customer may still be told. For as
// long WeChat knows a message again by its number, so that one whose fate is
// unknown can be sent again.
const TellWithin = 10 * time.Minute

// Tell sends a template message to each customer who has paid and does not know it
// yet, and returns how many were sent. It changes nothing of an order but the note
// that this is done. A refusal, such as of somebody who does not follow the account,
// is final; what became of a message that got lost is found out by the next Tell.
func (a *Account) Tell(ctx context.Context) (sent int, err error) {
	if a.cfg.Template == "" {
		return 0, nil
	}
	due, err := a.cfg.Store.Untold(ctx, a.cfg.Now().Add(-TellWithin))
	if err != nil {
		return 0, err
	}
	var problems []error
	for _, o := range due {
		_, err := a.say.SendTemplate(ctx, a.receipt(o))
		if err != nil && wechat.OutcomeOf(err) == wechat.Unknown {
			problems = append(problems, err)
			continue
		}
		if err != nil {
			a.cfg.Log.Info("customer not told", "no", o.No, "error", err)
		} else {
			sent++
		}
		problems = append(problems, a.cfg.Store.Told(ctx, o.No))
	}
	return sent, errors.Join(problems...)
}

// receipt is the message about a payment. Its number makes it safe to repeat.
func (a *Account) receipt(o shop.Order) message.Template {
	return message.Template{To: o.OpenID, TemplateID: a.cfg.Template, URL: a.enter("/orders/" + o.No), ClientMsgID: "paid-" + o.No,
		Values: message.Values{"character_string1": o.No, "thing2": short(o.Description, 20), "amount3": o.Total.Yuan() + "元"}}
}

// short is at most n characters of s.
func short(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// Run tells customers every now and then, until ctx ends.
func (a *Account) Run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if _, err := a.Tell(ctx); err != nil && ctx.Err() == nil {
				a.cfg.Log.Warn("telling customers", "error", err)
			}
		}
	}
}

// ErrNoChat means that the account may not say anything to a customer now: they
// have to write first.
var ErrNoChat = errors.New("account: the customer has to write first")

// Ask opens the talk about an order: the account says in the chat of its customer,
// who has that openid, how it stands. It is ErrNoChat where WeChat only lets an account answer.
func (a *Account) Ask(ctx context.Context, openID string, o shop.Order) error {
	err := a.say.Send(ctx, openID, a.about(o))
	for _, code := range []wechat.Code{message.ErrWindowClosed, message.ErrWindowSpent, message.ErrUserRefuses, message.ErrOpenID} {
		if errors.Is(err, code) {
			return errors.Join(ErrNoChat, err)
		}
	}
	return err
}
