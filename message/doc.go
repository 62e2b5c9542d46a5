// Package message is what an account says: replies to what users send and do, and
// customer service, template, subscription and mass messages. It also knows what
// users can send and which events are about messages.
//
//	h := notify.NewHandler(push)                  // of notify.Push
//	r := message.NewRouter(message.New(app))      // slow answers are sent by customer service
//	r.Exact("tea", func(ctx context.Context, in message.Incoming) (message.Message, error) {
//		return message.MiniProgram(message.Page{Title: "Longjing, 250 g", AppID: shop, Path: "pages/tea", ThumbMediaID: cover}), nil
//	})
//	r.Default(func(ctx context.Context, in message.Incoming) (message.Message, error) {
//		return message.Text("Write tea to see today's tea."), nil
//	})
//	r.Register(h)
//	http.Handle("/wechat", h)
package message
