package complaint_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/complaint"
)

// page is an answer with the complaints or entries numbered from first.
func page(name, first string, n int, total string) step {
	var items []string
	for i := range n {
		items = append(items, fmt.Sprintf(`{"%s":"%s%d"}`, name, first, i))
	}
	return step{status: 200, body: `{"data":[` + strings.Join(items, ",") + `],"limit":2,"offset":0` + total + `}`}
}

var today = complaint.ListRequest{Begin: time.Unix(1767300000, 0), End: time.Unix(1767300000, 0), Limit: 2}

func TestAllWalksThePages(t *testing.T) {
	t.Parallel()
	d := newDesk(t).says(page("complaint_id", "a", 2, `,"total_count":5`), page("complaint_id", "b", 2, ""),
		page("complaint_id", "c", 1, ""), page("complaint_id", "d", 1, `,"total_count":1`))
	all := d.direct.All(t.Context(), today)
	for range 2 { // each walk begins anew
		var ids []string
		for c, err := range all {
			require.NoError(t, err)
			ids = append(ids, c.ID)
		}
		if len(d.all()) == 3 {
			assert.Equal(t, []string{"a0", "a1", "b0", "b1", "c0"}, ids)
		} else {
			assert.Equal(t, []string{"d0"}, ids)
		}
	}
	sent := d.all()
	require.Len(t, sent, 4)
	assert.Equal(t, base+"?begin_date=2026-01-02&end_date=2026-01-02&limit=2", sent[0].target)
	assert.Equal(t, base+"?begin_date=2026-01-02&end_date=2026-01-02&limit=2&offset=2", sent[1].target)
	assert.Equal(t, sent[0].target, sent[3].target)
}

func TestAllWithoutATotalEndsAtAnEmptyPage(t *testing.T) {
	t.Parallel()
	d := newDesk(t).says(page("complaint_id", "a", 2, ""), page("complaint_id", "b", 0, ""))
	in := today
	in.Limit = 0
	n := 0
	for _, err := range d.direct.All(t.Context(), in) {
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, 2, n)
	assert.Contains(t, d.all()[0].target, "limit=50")
}

func TestAllStopsAfterTheFirstErrorAndWhenTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t).says(page("complaint_id", "a", 2, `,"total_count":9`), refuses(429, wechat.ErrRateLimited), page("complaint_id", "a", 2, `,"total_count":9`))
	var last error
	n := 0
	for _, err := range d.direct.All(t.Context(), today) {
		last = err
		n++
	}
	require.ErrorIs(t, last, wechat.ErrRateLimited)
	assert.Equal(t, 3, n)
	for range d.direct.All(t.Context(), today) {
		break
	}
	assert.Len(t, d.all(), 3)
}

func TestAllHistory(t *testing.T) {
	t.Parallel()
	d := newDesk(t).says(page("log_id", "a", 2, `,"total_count":3`), page("log_id", "b", 1, `,"total_count":3`), refuses(404, wechat.ErrNotFound))
	var ids []string
	for e, err := range d.partner.AllHistory(t.Context(), complaintID) {
		require.NoError(t, err)
		ids = append(ids, e.LogID)
	}
	assert.Equal(t, []string{"a0", "a1", "b0"}, ids)
	assert.Equal(t, one+"/negotiation-historys?limit=300&offset=2", d.all()[1].target)
	for _, err := range d.partner.AllHistory(t.Context(), complaintID) {
		require.ErrorIs(t, err, wechat.ErrNotFound)
	}
}
