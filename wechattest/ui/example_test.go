package ui_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/wxcommerce/wechat/wechattest"
	"github.com/wxcommerce/wechat/wechattest/ui"
)

func ExampleNew() {
	sim, err := wechattest.NewPay(wechattest.Config{BaseURL: "http://127.0.0.1:8081"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = sim.Close() }()
	handler := ui.New(sim, "http://127.0.0.1:8080") // serve it at 127.0.0.1:8081

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/ui/phone", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 text/html; charset=utf-8
}
