// Command store is a small shop that takes WeChat Pay, together with a simulated
// WeChat to pay with. It needs nothing but Go:
//
//	go run ./examples/store
//
// prints one address. -demo plays a whole day of the shop without a browser, and
// -generation v2 or 2014 does either with the older generations of WeChat Pay.
// -targets FILE starts a shop for the go-live check of examples/golive.
//
// # Adverse inputs
//
// Each kind of bad input has a number and tests with that number in their names:
//
//	39  copies, also to two instances      shop: TestAdverse39_…; cashier, aftersale: TestAdverse39And49_…; trial: TestG6_…
//	40  older state after newer            shop: TestAdverse40_RefundStates…, _Shipments…, _ComplaintsOnlyMoveForward
//	41  a function that panics             cashier: TestAdverse41_…
//	42  slow or hung store                 trial: TestG7_Adverse42_…
//	43  what cannot be stored yet          aftersale: TestAdverse43_…
//	44  wrong amount, currency, merchant   shop: TestAdverse44_…; cashier, trial: TestAdverse44And45_…
//	45  unknown order                      cashier, trial: TestAdverse44And45_…; shop: TestAdverse45_Complaint…
//	46  broken, 47 oversize, 48 foreign    aftersale: TestAdverse46To48_…; app: TestGoLive
//	49  sent again hours later             cashier: TestAdverse39And49_…; trial: TestAdverse49_…
//	51  paid while it is closed            shop, cashier, trial: TestAdverse51_…
//	70  kill -9 between any two steps      here: TestAdverse70_Killed…, one for each point
//	71  disk full, error after commit      trial: TestAdverse71_…
//	    39, 44, 49 and 51 in the older generations too: cashier: TestGenerations…
//	72  tampered forms, sessions, pages    web: TestAdverse72_Denies…, one for each trick
//	    logins: state, code, return address web: TestAdverse72_DeniesLogin…, one for each trick
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/wxcommerce/wechat/examples/store/internal/app"
	"github.com/wxcommerce/wechat/examples/store/internal/demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program; its result is the exit code.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("store", flag.ContinueOnError)
	flags.SetOutput(errs)
	addr := flags.String("addr", "127.0.0.1:8080", "loopback address of the shop; the simulated WeChat takes the next port")
	data := flags.String("data", "data", "folder of the shop's database and of the simulated WeChat's journal")
	play := flags.Bool("demo", false, "play the whole flow without a browser, in a folder of its own, and exit")
	targets := flags.String("targets", "", "file to write for examples/golive: the shop then runs for that check, with sample orders, in a folder of its own")
	generation := flags.String("generation", "v3", "generation of WeChat Pay: "+strings.Join(app.Generations(), ", "))
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	var err error
	switch {
	case *play:
		err = demo.Run(ctx, out, *generation, nil)
	case *targets != "":
		err = serveCheck(ctx, app.Config{Addr: *addr, Generation: *generation}, *targets, out, errs)
	default:
		err = serve(ctx, app.Config{Addr: *addr, Data: *data, Generation: *generation}, out, errs)
	}
	if err != nil {
		fmt.Fprintln(errs, err)
		return 1
	}
	return 0
}

// serve runs the shop until ctx ends.
func serve(ctx context.Context, cfg app.Config, out, errs io.Writer) error {
	return serveWith(ctx, cfg, out, errs, func(*app.App) error { return nil })
}

// serveCheck runs a shop for the go-live check, and says in a file where it is. The
// check invents payments, so its books are worth nothing and are thrown away.
func serveCheck(ctx context.Context, cfg app.Config, file string, out, errs io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "store-golive-")
	if err != nil {
		return fmt.Errorf("store: -targets: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cfg.Data, cfg.Check = dir, true
	return serveWith(ctx, cfg, out, errs, func(a *app.App) error {
		t, err := a.Targets(ctx)
		if err != nil {
			return err
		}
		b, err := json.MarshalIndent(t, "", "  ")
		if err != nil {
			return fmt.Errorf("store: -targets: %w", err)
		}
		if err := os.WriteFile(file+".new", b, 0o600); err != nil { // it holds keys, though of a simulator
			return fmt.Errorf("store: -targets: %w", err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			return fmt.Errorf("store: -targets: %w", err)
		}
		_, err = fmt.Fprintf(out, "Check it with: go run ./examples/golive -targets %s\n", file)
		return err
	})
}

// serveWith runs the shop, does something once it is open, and waits for ctx.
func serveWith(ctx context.Context, cfg app.Config, out, errs io.Writer, then func(*app.App) error) error {
	cfg.Log = slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: slog.LevelWarn}))
	cfg.Heal = 5 * time.Second
	a, err := app.Start(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "山月小铺 · Hill & Moon, an example shop with a simulated WeChat Pay %s\n\n", a.Cashier.Generation())
	fmt.Fprintf(out, "    %s/\n\n", a.Origin)
	fmt.Fprintf(out, "Merchant password (商家后台密码): %s\nCtrl+C stops the shop; both ledgers stay in %s.\n", a.Password, cfg.Data)
	if err := then(a); err != nil {
		return errors.Join(err, a.Close())
	}
	<-ctx.Done()
	return a.Close()
}
