// Package alarm is how WeChat tells a shop that something is wrong: the alarm
// callback of 2014 (告警), about deliveries that are late and callbacks that fail, and
// today's notices to partners about merchants that were punished (商户违规通知).
//
//	h := notify.NewHandler(notify.Legacy(m))
//	notify.On(h, alarm.Raised, func(ctx context.Context, e notify.Event[alarm.Alarm]) error {
//		if e.Data.Type == alarm.DeliveryLate {
//			return desk.Hurry(ctx, e.Data.TransactionID())
//		}
//		return desk.Note(ctx, e.Data.String())
//	})
//	http.Handle("POST /alarm", h)
//
// A shop of 2014 had to answer alarms before it was opened to everybody. Partners of
// today name an address with Service.Create and receive Violated there.
package alarm
