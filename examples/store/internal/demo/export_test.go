package demo

import (
	"context"
	"io"
	"slices"

	"github.com/wxcommerce/wechat/examples/store/internal/app"
	"github.com/wxcommerce/wechat/wechattest"
)

// Play plays some steps, and makes trouble before the last of them.
func Play(ctx context.Context, generation string, names []string, trouble func(*app.App)) error {
	return begin(generation, wechattest.ReusedKeys(), func(d *day) error {
		for i, name := range names {
			if i == len(names)-1 {
				trouble(d.app)
			}
			if name == "ledgers" {
				return d.balance(ctx, io.Discard)
			}
			at := slices.IndexFunc(steps, func(s step) bool { return s.name == name })
			if err := d.play(ctx, io.Discard, steps[at]); err != nil {
				return err
			}
		}
		return nil
	})
}
