// Package ui lets a person play the customer of a simulated WeChat Pay: it serves
// the bridge script that WeChat puts into pages, the pay sheet the script opens,
// and a phone that scans payment codes.
//
//	sim, err := wechattest.NewPay(wechattest.Config{BaseURL: "http://127.0.0.1:8081"})
//	if err != nil {
//		return err
//	}
//	return http.ListenAndServe("127.0.0.1:8081", ui.New(sim, "http://127.0.0.1:8080"))
//
// A page of the shop loads http://127.0.0.1:8081/ui/bridge.js and then calls
// WeixinJSBridge.invoke('getBrandWCPayRequest', …) as it would inside WeChat. The
// phone is at /ui/phone; /ui/phone?code=… has scanned already.
package ui
