// Package delivery tells WeChat that what was paid for is on its way: today's order
// shipping management of mini programs, and the delivery notice of 2014. Until it is
// told, the money of a mini program's orders stays frozen.
//
//	d := delivery.New(app) // of the mini program the order was paid in
//	err := d.Ship(ctx, delivery.Shipment{
//		Order:   delivery.Number{TransactionID: order.TransactionID},
//		By:      delivery.Express,
//		Parcels: []delivery.Parcel{{TrackingNo: "YT0000000000002", Company: "YTO", ItemDesc: "Tea cup x2"}},
//		At:      parcel.HandedOver, // stored with the order, so that a repetition is the same
//		OpenID:  order.OpenID,
//	})
//	if wechat.OutcomeOf(err) == wechat.Unknown {
//		return queue.Again(order, err) // the same Shipment; Ship looks before it uploads
//	}
//
// An order may be shipped anew only once. So nothing here is ever repeated blindly:
// Upload sends one request, and after an answer that tells nothing Ship asks with Get
// what WeChat knows before it sends the identical request again.
//
// Waiting, Shipped and the other states only go forward (State.Supersedes). The
// events Settled, Overdue, Connect and Controlled come by push. Accounts of 2014
// have Legacy.
package delivery
