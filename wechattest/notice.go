package wechattest

import (
	"context"
	"time"
)

type noticeDesk struct{ c chan struct{} }

func (d *noticeDesk) start(p *Pay)             { d.c = make(chan struct{}, 1) }
func (d *noticeDesk) next() (time.Time, bool)  { return time.Time{}, false }
func (d *noticeDesk) runDue(context.Context)   {}
func (d *noticeDesk) changed() <-chan struct{} { return d.c }
func (d *noticeDesk) wake()                    {}
