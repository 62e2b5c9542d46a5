package bill_test

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wxcommerce/wechat/pay/bill"
)

const benchRows = 200_000

// benchBill is a 70 MB trade bill with the 27 columns of today.
func benchBill() []byte {
	var b bytes.Buffer
	b.WriteString("交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r\n")
	for i := range benchRows {
		fmt.Fprintf(&b, "`2026-11-22 10:%02d:%02d,`wx0000000000000001,`0000190001,`0,`,`42000%023d,`T%020d,`oUpF8uMuAJO_M2pxb1Q9zNjWeS6o,`JSAPI,`SUCCESS,`CMB_CREDIT,`CNY,`12.99,`0.00,`0,`0,`0.00,`0.00,`,`,`高山乌龙茶礼盒 %d 克装,`shop=7&campaign=autumn,`0.08000,`0.60%%,`12.99,`0.00,`\r\n", i/60%60, i%60, i, i, i%500)
	}
	fmt.Fprintf(&b, "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n`%d,`2598000.00,`0.00,`0.00,`16000.00,`2598000.00,`0.00\r\n", benchRows)
	return b.Bytes()
}

// BenchmarkBill compares a day's bill through the library (download, spool,
// unpack nothing, digest, typed rows, totals) with a hand-written scan of the same
// bytes from memory (digest, split, a string a row, no types, no checks). The figure
// to compare is cpu-ms/op, user and system time of the whole process.
func BenchmarkBill(b *testing.B) {
	text := benchBill()
	b.Run("raw", func(b *testing.B) {
		cpu(b, func() {
			if n := rawScan(bytes.NewReader(text)); n != benchRows {
				b.Fatal(n)
			}
		})
	})
	b.Run("library", func(b *testing.B) {
		d := newDesk(b, "", answerFor(text), func() *http.Response {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(text)), ContentLength: int64(len(text))}
		})
		ticket, err := d.Trade(b.Context(), bill.TradeRequest{Date: day})
		if err != nil {
			b.Fatal(err)
		}
		cpu(b, func() {
			file, err := d.Download(b.Context(), ticket)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for row, err := range file.Trades() {
				if err != nil {
					b.Fatal(err)
				}
				if row.OrderAmount > 0 {
					n++
				}
			}
			if n != benchRows {
				b.Fatal(n)
			}
			file.Close()
		})
	})
}

func cpu(b *testing.B, f func()) {
	b.ReportAllocs()
	before := used()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64((used()-before).Milliseconds())/float64(b.N), "cpu-ms/op")
}

func used() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func rawScan(r io.Reader) (rows int) {
	h := sha1.New()
	lines := bufio.NewReaderSize(io.TeeReader(r, h), 64<<10)
	values := make([]string, 0, 32)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return rows - 1 // without the totals
		}
		if line[0] != '`' {
			continue
		}
		s := string(bytes.TrimRight(line[1:], "\r\n"))
		values = values[:0]
		for {
			v, rest, more := strings.Cut(s, ",`")
			values = append(values, v)
			if !more {
				break
			}
			s = rest
		}
		if len(values) > 0 {
			rows++
		}
	}
}
