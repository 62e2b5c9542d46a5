package demo

import "context"
import "io"

func Run(ctx context.Context, out io.Writer) error { return nil }
