// Package notify receives what WeChat reports: payments, refunds, complaints. It
// proves who sent a callback, decrypts it, checks that it is about us, decodes it,
// hands it to a typed function and answers in time.
//
//	h := notify.NewHandler(notify.V3(m), notify.WithLogger(slog.Default()))
//	notify.On(h, pay.Paid, func(ctx context.Context, e notify.Event[pay.Transaction]) error {
//		if err := e.Data.Matches(orders.Want(e.Data.OutTradeNo, store.TotalOf(e.Data.OutTradeNo))); err != nil {
//			return err // another price, app or merchant: fulfil nothing
//		}
//		return store.InTx(ctx, func(tx *sql.Tx) error {
//			if fresh, err := store.Remember(tx, e.Key); err != nil || !fresh {
//				return err // nil: an earlier copy did it
//			}
//			return store.MarkPaid(tx, e.Data.OutTradeNo, e.Data.Amount.Total)
//		})
//	})
//	http.Handle("POST /notify", h)
//
// # What the shop does, and what it need not do
//
// A function registered with On is called only with a notice that WeChat signed
// less than five minutes ago, that our key opens, and that names no merchant but
// ours; [WithAppIDs] adds the apps. Whether amount, currency and order fit is the
// shop's to compare. nil acknowledges; an error, a panic and being late do not, and
// WeChat Pay sends again: 15 times in 24 hours. An event nobody registered is
// refused, too, unless there is a [Handler.Fallback], so that it is seen rather
// than lost.
//
// # Exactly once
//
// Notices come more than once and out of order. [Event].Key is the same for every
// copy: make it unique in the shop's database, and insert it in the transaction
// that has the effect. Then it does not matter which copy came first, whether two
// processes got one each, or whether one was killed in between. [WithSeen] spares
// the work for copies, but promises nothing: a process may end between the effect
// and the note of it. For long work, store the event in an own queue under Key,
// return nil, and work from there.
//
// A combined order is one notice for several orders: use Key with the transaction
// id of each.
//
// # In time
//
// WeChat Pay waits 5 seconds. After 4.5 ([WithDeadline]), counted from the arrival,
// a failure is answered whatever the function, the store or the key set is doing,
// and the function's context ends. Success is never answered before the function
// returned nil. One that ignores its context keeps its goroutine, nothing else does.
//
// # Other frameworks
//
// [Handler] is an http.Handler: gin.WrapH(h), echo.WrapHandler(h), chi and the rest
// take it as it is. It has to see the raw body; put it in front of middlewares that
// read bodies. Where there is no net/http, call [Handler.Handle]:
//
//	app.Post("/notify", func(c *fiber.Ctx) error {
//		header := http.Header{}
//		for name, values := range c.GetReqHeaders() {
//			for _, v := range values {
//				header.Add(name, strings.Clone(v)) // fasthttp uses its memory again
//			}
//		}
//		r := h.Handle(c.Context(), notify.Request{Method: c.Method(), Header: header, Body: c.Body()})
//		c.Set("Content-Type", r.ContentType)
//		return c.Status(r.Status).Send(r.Body)
//	})
//
// A queue in front of it works the same way, provided that it keeps method, header
// and raw body and delivers within the five minutes; otherwise verify first and
// queue the event.
//
// [Router] serves many merchants on one path.
//
// # Answers
//
// Success is 200 with {"code":"SUCCESS"}, which old and new descriptions accept.
// Failures are 4xx or 5xx with {"code":"FAIL"} and a word that does not tell which
// check failed; the reason goes to [WithLogger] and [WithObserver]. A signature
// probe, wrong on purpose, gets a 401 and a line at Info. Callbacks that wait for
// content are registered with [Answer].
//
// # Message push
//
// [Push] receives what users write and what happens to an account; package message
// has its kinds, replies and a router. There silence is the usual answer: a push
// nobody registered for is acknowledged, and a function that needs longer than
// WeChat waits is better given to a message.Router with a Sender.
//
// # Adverse inputs and their tests
//
//	22 headers missing, empty, doubled        TestAdverse22_HeadersMissingEmptyDoubled
//	23 body touched on its way                TestAdverse23_BodyTouchedOnTheWay
//	24 base64 in other spellings              TestAdverse24_*
//	25 signature probe                        TestAdverse25_ProbeIsRefusedWithoutAlarm
//	26 key and serial do not fit              TestAdverse26_KeyAndSerialBelongTogether
//	27 unknown serials                        TestAdverse27_UnknownSerials
//	28 expired, EC, short, nil keys           TestAdverse28_KeysThatAreNoGood
//	29 time missing, malformed, at the edge   TestAdverse29_*
//	30 resource does not open                 TestAdverse30_ResourcesThatDoNotOpen
//	34, 35 a push that does not open          TestAdverse34_35_SignedButDoesNotOpen
//	36 readable where encrypted is expected   TestAdverse36_NothingReadableIsBelieved
//	39 sixteen copies, two instances          TestAdverse39_CopiesHaveOneEffectAndAreAllAcknowledged
//	41 panic                                  TestAdverse41_*
//	42 slow function, hung store or key set   TestAdverse42_*
//	43 error of the function                  TestAdverse43_AnErrorIsNeverAcknowledged
//	44 wrong amount, merchant, app            TestAdverse44_*
//	46 unknown event, broken envelope         TestAdverse46_*, TestUnknownEventsAreSentAgainUnlessThereIsAFallback
//	47 oversize, slow, method, body read      TestAdverse47_*, TestForgedNoticesAllocateLittle
//	48 another merchant's notice or route     TestAdverse48_*
//	49 sent again hours later                 TestAdverse49_ResentHoursLaterIsAcknowledgedOnly
//	50 combined order, mixed states           TestAdverse50_CombinedOrderWithMixedStates
//	65 DOCTYPE, entities, encodings           TestAdverse65_EntitiesInPushes
//	66 depth and crowds of keys               TestAdverse66_*
//	67 doubled keys, other spellings          TestAdverse67_*
//	68 null, types, large numbers, new enums  TestAdverse68_*
//	69 invalid UTF-8, NUL, second document    TestAdverse69_*
package notify
