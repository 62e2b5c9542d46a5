package user_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/user"
	"github.com/wxcommerce/wechat/wechattest"
)

// Followers come, are tagged, named, blocked and go, at the simulator.
func TestWholeWay(t *testing.T) {
	t.Parallel()
	clock := wechattest.NewClock(time.Time{})
	sim, err := wechattest.NewApp(wechattest.AppConfig{Clock: clock, Name: "tea"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, sim.Close()) })
	app, err := sim.Client()
	require.NoError(t, err)
	users, ctx := user.New(app), t.Context()
	var all []string
	for i := range 5 {
		u := wechattest.User{Name: fmt.Sprint("user", i)}
		sim.Follow(u)
		clock.Advance(time.Second)
		all = append(all, u.OpenID(sim.AppID))
	}
	collect := func(list func(func(string, error) bool)) (ids []string) {
		for id, err := range list {
			require.NoError(t, err)
			ids = append(ids, id)
		}
		slices.Sort(ids)
		return ids
	}
	sorted := slices.Sorted(slices.Values(all))
	assert.Equal(t, sorted, collect(users.Followers(ctx)))

	vip, err := users.CreateTag(ctx, "VIP")
	require.NoError(t, err)
	_, err = users.CreateTag(ctx, "VIP")
	require.ErrorIs(t, err, user.ErrTagName)
	require.NoError(t, users.Tag(ctx, vip.ID, all[:3]...))
	require.NoError(t, users.Untag(ctx, vip.ID, all[2]))
	assert.Equal(t, slices.Sorted(slices.Values(all[:2])), collect(users.TagMembers(ctx, vip.ID)))
	ids, err := users.TagsOf(ctx, all[0])
	require.NoError(t, err)
	assert.Equal(t, []int64{vip.ID}, ids)
	require.NoError(t, users.RenameTag(ctx, vip.ID, "Gold"))
	tags, err := users.Tags(ctx)
	require.NoError(t, err)
	assert.Contains(t, tags, user.Tag{ID: vip.ID, Name: "Gold", Count: 2})
	require.ErrorIs(t, users.DeleteTag(ctx, 2), user.ErrSystemTag)

	require.NoError(t, users.Remark(ctx, all[0], "老客"))
	p, err := users.Get(ctx, all[0])
	require.NoError(t, err)
	assert.Equal(t, "老客", p.Remark)
	assert.True(t, p.Follows())
	batch, err := users.Batch(ctx, all...)
	require.NoError(t, err)
	assert.Len(t, batch, 5)

	require.NoError(t, users.Block(ctx, all[4]))
	assert.Equal(t, []string{all[4]}, collect(users.Blocked(ctx)))
	require.NoError(t, users.Unblock(ctx, all[4]))
	assert.Empty(t, collect(users.Blocked(ctx)))
	require.NoError(t, users.DeleteTag(ctx, vip.ID))
	_, err = users.ListTagMembers(ctx, vip.ID, "")
	require.ErrorIs(t, err, user.ErrTagID)
	sim.Unfollow(wechattest.User{Name: "user0"})
	assert.NotContains(t, collect(users.Followers(ctx)), all[0])
}
