// Package complaint answers consumers who complain to WeChat Pay (消费者投诉2.0): it
// lists complaints, shows their history, replies with words and pictures, decides
// about refunds that were asked for, and says when the shop is done. One Service
// serves direct merchants and, through wechat.Merchant.For, partners.
//
//	complaints := complaint.New(merchant)
//	notify.On(h, complaint.Moved, func(ctx context.Context, e notify.Event[complaint.Notice]) error {
//		c, err := complaints.Get(ctx, e.Data.ComplaintID) // the notice says little: read it anew
//		if err != nil || c.Allows(complaint.Reply) != nil {
//			return err
//		}
//		return complaints.Reply(ctx, c, complaint.Answer{Content: "我们马上处理"})
//	})
//
// A complaint moves from StatePending, by the first reply, to StateProcessing, and
// ends as StateProcessed; the user may open it again. Every action takes the
// complaint it is about and is refused before it is sent, with ErrNotAllowed, where
// that cannot be; see Complaint.Allows. A complaint that moved on meanwhile gives
// wechat.ErrRequest: read it again.
//
// Notices may get lost: walk All over the last days now and then, minutes apart.
package complaint
