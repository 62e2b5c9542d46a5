package wechattest

import (
	"container/heap"
	"time"
)

// due is something that becomes due: a notice to send, a refund to end, a complaint
// without a reply. One
// whose owner has moved on since is skipped.
type due struct {
	at        time.Time
	order     int // ties go to who came first
	notice    string
	refund    string
	complaint string
}

type dueHeap []due

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].order < h[j].order
}
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)   { *h = append(*h, x.(due)) }
func (h *dueHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

// plan notes something due.
func (s *state) plan(d due) {
	d.order = s.seq
	heap.Push(&s.agenda, d)
}

// first is the first due thing that still is, nil if there is none.
func (s *state) first() *due {
	for len(s.agenda) > 0 {
		d := s.agenda[0]
		if n := s.notices[d.notice]; n != nil && n.Next.Equal(d.at) {
			return &d
		}
		if r := s.refunds[d.refund]; r != nil && !r.Due.IsZero() && r.Due.Equal(d.at) {
			return &d
		}
		if c := s.complaints[d.complaint]; c != nil && !c.Due.IsZero() && c.Due.Equal(d.at) {
			return &d
		}
		heap.Pop(&s.agenda)
	}
	return nil
}
