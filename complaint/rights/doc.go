// Package rights is how users of 2014 complain (用户维权): WeChat calls the shop when
// a user complains, is content with what was done about it, or is not, and the
// shop says when it has done something. Package complaint replaces it.
//
//	h := notify.NewHandler(notify.Legacy(m))
//	notify.On(h, rights.Requested, func(ctx context.Context, e notify.Event[rights.Request]) error {
//		return desk.Open(ctx, e.Key, e.Data.FeedbackID, e.Data.Reason, e.Data.Solution)
//	})
//	notify.On(h, rights.Rejected, func(ctx context.Context, e notify.Event[rights.Reply]) error {
//		return desk.OpenAgain(ctx, e.Key, e.Data.FeedbackID)
//	})
//	http.Handle("POST /rights", h)
//	…
//	err := rights.New(m.App()).Handled(ctx, openID, feedbackID) // the user accepts or refuses
//
// Only app, user and time of a callback are signed. What it says is whatever the
// sender wrote: serve it by https at an address nobody guesses, compare transaction
// and openid with the shop's own orders, and treat the texts as a stranger's.
//
// The user's way to it is the menu link that Entry gives.
package rights
