// Package jssdk signs the shop's pages for wx.config, so that their scripts may open
// WeChat's controls: pay, pick an address, confirm a transfer. One call makes all
// that a page needs, as JSON:
//
//	signer, err := jssdk.New(jssdk.Config{AppID: app.ID(), Tickets: ticket, Hosts: []string{"shop.example"}})
//	if err != nil {
//		return err
//	}
//	params, err := orders.JSAPIParams(prepayID) // of package pay
//	if err != nil {
//		return err
//	}
//	pay := jssdk.Pay(*params)
//	page, err := signer.Page(ctx, jssdk.PageRequest{URL: url, Pay: &pay, Address: true})
//
// In the page, which asks for itself with location.href.split('#')[0] and loads
// https://res.wx.qq.com/open/js/jweixin-1.6.0.js:
//
//	wx.config(page.config);
//	wx.ready(() => wx.chooseWXPay({...page.pay, success: () => location.reload()}));
//
// What a page is told about success proves nothing: the server asks WeChat Pay, or
// waits for the notice. Clients report a signature that is wrong as "invalid
// signature", mostly because the address signed is not the one shown, and as
// "invalid url domain" a host that is missing in the account's console. Single-page
// apps sign the address they were opened with on iOS, and the current one elsewhere,
// as far as known.
package jssdk
