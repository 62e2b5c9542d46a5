// Package address reads the shipping address that a user picks in WeChat's own
// control, whichever client it came from, and signs for the control of 2014:
//
//	picked, err := address.Parse(body) // what the page's success callback got
//	switch {
//	case errors.Is(err, address.ErrCancelled):
//		return nil // the user picked none
//	case err != nil:
//		return err
//	}
//	row, err := picked.Save() // versioned JSON, for the shop's own store
//
// A page on today's clients, after wx.config with openAddress in its jsApiList (see
// package jssdk), and a mini program with chooseAddress in its requiredPrivateInfos:
//
//	wx.openAddress({success: r => post('/address', JSON.stringify(r))});
//	wx.chooseAddress({success: r => post('/address', JSON.stringify(r))});
//
// Adding, changing and deleting addresses happens inside of that control; what was
// picked is the shop's to keep. An Address is personal data: it prints without name,
// phone and street, and Save and Line alone give them away.
//
// # Adverse inputs
//
//	66  depth and crowds                TestAdverse66_67_ParseRefuses
//	67  duplicate, case-variant keys    TestAdverse66_67_ParseRefuses
//	69  invalid UTF-8, control bytes    TestParseCleans
package address
