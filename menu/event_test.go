package menu_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/menu"
)

// The JSON form of each push; numbers that are texts are the push dialect's business.
func TestEventsFromJSON(t *testing.T) {
	t.Parallel()
	const head = `"ToUserName":"gh_1","FromUserName":"o1","CreateTime":1704100000,"MsgType":"event","Event":"`
	push := func(event string) menu.Push {
		return menu.Push{ToUserName: "gh_1", FromUserName: "o1", CreateTime: 1704100000, Event: event}
	}
	visit := menu.Visit{Push: push("VIEW"), URL: "https://shop.example/", MenuID: "208396993"}
	for _, text := range []string{`208396993`, `"208396993"`} {
		assert.Equal(t, visit, read[menu.Visit](t, `{`+head+`VIEW","EventKey":"https://shop.example/","MenuId":`+text+`}`))
	}
	assert.Equal(t, menu.Tap{Push: push("CLICK"), Key: "K"}, read[menu.Tap](t, `{`+head+`CLICK","EventKey":"K","New":1}`))
	assert.Equal(t, menu.Scan{Push: push("scancode_waitmsg"), Key: "K", Code: menu.ScanCode{Type: "barcode", Result: "EAN_13,6900000000000"}},
		read[menu.Scan](t, `{`+head+`scancode_waitmsg","EventKey":"K","ScanCodeInfo":{"ScanType":"barcode","ScanResult":"EAN_13,6900000000000"}}`))
}

func read[T any](t *testing.T, text string) (out T) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &out))
	return out
}
