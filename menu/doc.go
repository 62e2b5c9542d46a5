// Package menu makes the custom menu at the foot of an official account's chat:
// the default one, others for users with a tag or a platform, and what a tap on a
// button pushes to the shop.
//
//	menus := menu.New(app)
//	err := menus.Create(ctx, menu.Of(
//		menu.View("Shop", "https://shop.example/"),
//		menu.Group("Me",
//			menu.Click("Orders", "ORDERS"),
//			menu.ScanWait("Scan", "SCAN"))))
//	if err != nil {
//		return err
//	}
//	notify.On(pushes, menu.Clicked, func(ctx context.Context, e notify.Event[menu.Tap]) error {
//		return answer(ctx, e.Data.FromUserName, e.Data.Key)
//	})
//
// A Menu is plain data with JSON tags, so it can be kept in a file; Validate finds
// what WeChat would refuse and names the field.
package menu
