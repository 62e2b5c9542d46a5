// Package oauth logs users in: on pages opened inside of WeChat, on websites by a QR
// code, and in mini programs. A Login does all of it for a shop with pages:
//
//	web, err := oauth.New(oauth.Config{App: app, Secret: seal.NewKey(appSecret)})
//	if err != nil {
//		return err
//	}
//	login, err := oauth.NewLogin(oauth.LoginConfig{Service: web, Origin: "https://shop.example", Secret: cookieKey})
//	if err != nil {
//		return err
//	}
//	http.Handle(login.Path(), login)
//	http.Handle("/orders", login.Require(orders)) // in it, login.Visitor(r) says who
//
// A Service gives the single steps: AuthorizeURL, Exchange, Refresh, User. A Mini
// logs in the users of a mini program and opens what their phones encrypt.
//
// A user's Token is not the account's token of package token; the compiler keeps
// them apart. Tokens and session keys print as ***.
//
// # Adverse inputs
//
// Number 72 of the list, as far as logging in goes, and the tests that show it:
//
//	state absent, malformed, doubled        TestAdverse72_StateAbsent
//	state reused                            TestAdverse72_StateReused, _StateReusedInTwoProcesses
//	state of another session                TestAdverse72_StateOfAnotherSession
//	state expired                           TestAdverse72_StateExpired
//	code reused or expired                  TestAdverse72_CodeReused
//	return address on another host          TestAdverse72_ReturnAddress
//	cookie flags and fixation               TestAdverse72_CookieFlags, _CookieFixation
//	forged Host and X-Forwarded headers     TestAdverse72_ForgedHost
//	34 padding of encrypted data            package seal, TestOpenDataRefuses
package oauth
