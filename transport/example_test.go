package transport_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/wxcommerce/wechat/transport"
)

func ExampleNew() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.Method, " ", r.RequestURI)
	}))
	defer server.Close()

	carrier, err := transport.New(transport.WithTimeouts(transport.Timeouts{Dial: 2 * time.Second}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer carrier.CloseIdleConnections()

	req, err := http.NewRequest(http.MethodGet, server.URL+"/v3/certificates?name=a%7Cb", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := carrier.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(body), err)
	// Output: 200 GET /v3/certificates?name=a%7Cb <nil>
}

func ExampleWithResty() {
	client := resty.New().SetTimeout(20*time.Second).SetQueryParam("lang", "zh_CN")
	_, err := transport.New(transport.WithResty(client))
	fmt.Println(err)
	// Output: transport: WithResty: the client would change, repeat or expose signed requests: query parameters (SetQueryParam); pass a resty client without them (retries, observing and limits are options of package wechat)
}
