// Package account looks after the account itself: how many calls it has left, what
// became of a call by the id in its error, which addresses WeChat has, and whether
// WeChat reaches the shop.
//
//	desk := account.New(app)
//	left, err := desk.Quota(ctx, "/cgi-bin/message/custom/send")
//	if err != nil {
//		return err
//	}
//	if left.Daily.Remain < 1000 {
//		warn("only a thousand messages left today")
//	}
//	trace, err := desk.Trace(ctx, apiError.RequestID) // what exactly was refused
package account
