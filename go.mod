module github.com/wxcommerce/wechat

go 1.25

require (
	github.com/boombuler/barcode v1.1.0
	github.com/go-resty/resty/v2 v2.17.2
	github.com/jarcoal/httpmock v1.4.2
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
	go.yaml.in/yaml/v3 v3.0.5
	golang.org/x/text v0.31.0
	pgregory.net/rapid v1.3.0
)

require golang.org/x/net v0.43.0 // indirect
