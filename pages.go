package wechat

import (
	"context"
	"iter"
)

// Pages walks a list page by page. fetch is given the offset and returns one
// page and the total, or a negative total when the list does not tell; the walk
// ends at the total, at an empty page, or after the first error, which is the
// last thing it yields. Endpoint packages build their All methods on it.
func Pages[T any](ctx context.Context, fetch func(ctx context.Context, offset int) (items []T, total int, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		for offset := 0; ; {
			items, total, err := fetch(ctx, offset)
			if err != nil {
				yield(zero, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			offset += len(items)
			if len(items) == 0 || total >= 0 && offset >= total {
				return
			}
		}
	}
}
