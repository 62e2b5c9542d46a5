// Package token keeps the access token of an official account or mini program, and
// the tickets that hang on it. A Source fetches when somebody asks, once for all who
// wait, renews a little early, and replaces a token that WeChat refused:
//
//	src, err := token.New(token.Config{AppID: "wx8888888888888888", Secret: seal.NewKey(secret)})
//	if err != nil {
//		return err
//	}
//	app, err := wechat.NewApp("wx8888888888888888", src)
//	if err != nil {
//		return err
//	}
//	ticket, err := token.NewTicket(app, token.TicketConfig{}) // for wx.config in pages
//
// Several processes that serve one account give all their Sources one Store, such as
// those under stores/. It holds tokens in clear: guard it like the AppSecret.
//
// No timer runs and nothing has to be stopped.
package token
