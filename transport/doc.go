// Package transport carries requests to WeChat exactly as they were signed. It is the only place that knows the HTTP
// library (resty); everything else sees *http.Request and *http.Response.
//
//	carrier, err := transport.New(transport.WithTimeouts(transport.Timeouts{Dial: 2 * time.Second}))
//	if err != nil {
//		return err
//	}
//	defer carrier.CloseIdleConnections()
//	merchant, err := wechat.NewMerchant(config, wechat.WithTransport(carrier))
//
// A signature covers the method, the path, the query and the body, so a carrier that adds a query parameter, swaps
// the Authorization header, follows a redirect or repeats a request breaks the call or, worse, sends the same payment
// twice. A [Client] therefore sends what it was given, once, and hands back the answer unread. wechattest.TestTransport
// holds any other carrier to the same rules.
//
// Plain http is spoken to loopback addresses only. TLS is 1.2 or newer with full verification, and there is no option
// to weaken it: a private test server is trusted with [WithRootCAs].
//
// # Adverse inputs and their tests
//
//	 2 connection refused                  TestAdverse02_ARefusedConnectionIsNamed
//	 3 self-signed, wrong name, expired    TestAdverse03_BadCertificatesAreRefused, ..._OldTLSIsRefused,
//	                                       ..._TheSystemsAuthoritiesCountByDefault, ..._PlainHTTPOnATLSPortIsNoAnswer
//	 5 accepts, never answers              TestAdverse05_ASilentServerEndsAtTheDeadline
//	 6 a byte now and then                 TestAdverse06_ATricklingBodyEndsAtTheDeadline
//	 7 reset after the headers             TestAdverse07_AResetAfterTheHeadersIsAReadError
//	 8 body cut short                      TestAdverse08_ABodyCutShortIsAReadError
//	10 gzip bomb                           TestAdverse10_AGzipAnswerIsUnpackedAndABombIsNotSwallowed
//	11 redirects                           TestAdverse11_RedirectsAreNotFollowed
//	12 error pages                         TestAdverse12_AnErrorPageIsAnAnswer
//	19 cancelled before, while, after      TestAdverse19_CancelledBeforeWhileAndAfter
//	20 stale keep-alive on POST            TestAdverse20_AStaleKeepAliveDoesNotDoubleAPost,
//	                                       TestAdverse20_AFirstPostThatDiesIsNotRepeated
package transport
