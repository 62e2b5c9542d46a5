// Command golive checks a shop before it goes live: it plays WeChat against the
// shop's own addresses, with genuine notices and with everything that must not be
// believed, and prints what passed, what failed and how to mend it.
//
//	go run ./examples/store -targets targets.json      # a shop to try it on
//	go run ./examples/golive -targets targets.json
//
// The file says where the shop listens and holds its test keys; -example prints
// one to fill in. The exit status is 0 if no rule failed, 1 if one did, and 2 if
// the check could not be made, so that a pipeline can stop there. Only loopback
// is called, unless -host names a test machine.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/wxcommerce/wechat/wechattest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const (
	ready    = 0
	notReady = 1
	noCheck  = 2
)

// names collects -host.
type names []string

func (n *names) String() string     { return strings.Join(*n, ",") }
func (n *names) Set(s string) error { *n = append(*n, s); return nil }

// run is the program; its result is the exit code.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	var hosts names
	flags := flag.NewFlagSet("golive", flag.ContinueOnError)
	flags.SetOutput(errs)
	file := flags.String("targets", "", "JSON file that says where the shop listens and which test keys it knows; - for standard input")
	format := flags.String("format", "text", "of the report: text, json or html")
	target := flags.String("o", "", "file for the report instead of standard output")
	public := flags.Bool("public", false, "call addresses that are neither loopback nor -host; the check sends forged and oversize requests")
	example := flags.Bool("example", false, "print a targets file to fill in, and exit")
	flags.Var(&hosts, "host", "test machine that may be called besides loopback; may be repeated")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return ready
		}
		return noCheck
	}
	if *example {
		_, _ = io.WriteString(out, sample)
		return ready
	}
	report, err := check(ctx, *file, hosts, *public)
	if err == nil {
		err = write(report, *format, *target, out)
	}
	if err != nil {
		fmt.Fprintln(errs, "golive:", err)
		return noCheck
	}
	if !report.OK() {
		return notReady
	}
	return ready
}

func check(ctx context.Context, file string, hosts []string, public bool) (*wechattest.LaunchReport, error) {
	t, err := read(file)
	if err != nil {
		return nil, err
	}
	t.Hosts, t.Public = append(t.Hosts, hosts...), t.Public || public
	return wechattest.Launch(ctx, t)
}

// most bounds a targets file.
const most = 1 << 20

func read(file string) (t wechattest.Targets, err error) {
	var in io.Reader = os.Stdin
	switch file {
	case "":
		return t, errors.New("say where the shop listens: -targets FILE (-example prints one to fill in)")
	case "-":
	default:
		f, err := os.Open(file)
		if err != nil {
			return t, err
		}
		defer f.Close()
		in = f
	}
	d := json.NewDecoder(io.LimitReader(in, most))
	d.DisallowUnknownFields() // a misspelt address would not be checked
	if err := d.Decode(&t); err != nil {
		return t, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

func write(r *wechattest.LaunchReport, format, file string, out io.Writer) (err error) {
	formats := map[string]func(io.Writer) error{"text": r.WriteText, "json": r.WriteJSON, "html": r.WriteHTML}
	f := formats[format]
	if f == nil {
		return fmt.Errorf("-format %q: want text, json or html", format)
	}
	if file == "" {
		return f(out)
	}
	w, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := errors.Join(f(w), w.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s The report is in %s.\n", r.Summary(), file)
	return err
}

const sample = `{
  "shop": "The corner shop",
  "v3": {
    "mchid": "0000100001", "appid": "wx0000000000000001", "apiv3_key": "32 bytes, made for this test",
    "keys": [{"id": "PUB_KEY_ID_0000000000000000100001", "pem": "-----BEGIN PRIVATE KEY-----\n…"}],
    "pay_url": "http://127.0.0.1:8080/notify/pay",
    "refund_url": "http://127.0.0.1:8080/notify/refund",
    "samples": [{"out_trade_no": "TEST0001", "total": 100, "openid": "o…"}],
    "refunds": [{"out_trade_no": "TEST0002", "total": 100, "openid": "o…", "out_refund_no": "R0001", "refund": 100}]
  },
  "push": {
    "url": "http://127.0.0.1:8080/wechat", "appid": "wx0000000000000001",
    "token": "test token", "encoding_aes_key": "43 letters and digits, made for this test"
  },
  "count_url": "http://127.0.0.1:8080/test/fulfilled"
}
`
