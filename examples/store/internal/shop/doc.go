// Package shop is the shop itself: products, stock, orders, refunds and the
// ledger, in one SQLite file. It knows no HTTP and no WeChat; package cashier
// tells it what WeChat said.
//
// Every change of money happens in one transaction together with the business
// key of the notice that caused it, so it happens once however often, in
// whatever order and in however many processes the notice is handled.
//
//	s, err := shop.Open("shop.db", time.Now)
//	o, err := s.Place(ctx, shop.Cart{Customer: 1, Product: "teapot", Quantity: 1, …})
//	r, err := s.Paid(ctx, shop.Payment{No: o.No, Total: o.Total, …}) // r is Applied, then Duplicate
package shop
