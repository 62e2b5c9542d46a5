package user_test

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat"
	"github.com/wxcommerce/wechat/user"
)

// pages is a service whose lists come in these pages.
func pages(t *testing.T, answers ...string) (*user.Service, *int) {
	t.Helper()
	n, mock := new(int), httpmock.NewMockTransport()
	mock.RegisterNoResponder(func(*http.Request) (*http.Response, error) {
		*n++
		if *n > len(answers) {
			return nil, errors.New("asked once too often")
		}
		return httpmock.NewStringResponse(200, answers[*n-1]), nil
	})
	app, err := wechat.NewApp("wx1234567890abcdef", purse{}, wechat.WithTransport(&http.Client{Transport: mock}), wechat.WithBackoff(wechat.NoRetry))
	require.NoError(t, err)
	return user.New(app), n
}

func TestListsAreWalked(t *testing.T) {
	t.Parallel()
	const first, second = `{"total":3,"count":2,"data":{"openid":["o1","o2"]},"next_openid":"o2"}`, `{"total":3,"count":1,"data":{"openid":["o3"]},"next_openid":"o3"}`
	lists := map[string]func(u *user.Service) iter.Seq2[string, error]{
		"followers": func(u *user.Service) iter.Seq2[string, error] { return u.Followers(t.Context()) },
		"blocked":   func(u *user.Service) iter.Seq2[string, error] { return u.Blocked(t.Context()) },
		"members":   func(u *user.Service) iter.Seq2[string, error] { return u.TagMembers(t.Context(), 1) },
	}
	tests := []struct {
		name    string
		answers []string
		want    []string
		err     error
	}{
		{"an empty page ends it", []string{first, second, `{"total":3,"count":0,"next_openid":""}`}, []string{"o1", "o2", "o3"}, nil},
		{"no cursor ends it", []string{first, strings.Replace(second, `"next_openid":"o3"`, `"next_openid":""`, 1)}, []string{"o1", "o2", "o3"}, nil},
		{"a cursor that stands still ends it", []string{first, strings.Replace(second, `"next_openid":"o3"`, `"next_openid":"o2"`, 1)}, []string{"o1", "o2", "o3"}, nil},
		{"nobody", []string{`{"total":0,"count":0,"next_openid":""}`}, nil, nil},
		{"an error is the last thing", []string{first, `{"errcode":45009,"errmsg":"reach max api daily quota limit"}`}, []string{"o1", "o2"}, wechat.ErrDailyQuota},
	}
	for name, list := range lists {
		for _, tt := range tests {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				u, n := pages(t, tt.answers...)
				var got []string
				var last error
				for id, err := range list(u) {
					require.NoError(t, last, "something came after the error")
					if last = err; err == nil {
						got = append(got, id)
					}
				}
				assert.Equal(t, tt.want, got)
				require.ErrorIs(t, last, tt.err)
				assert.Equal(t, len(tt.answers), *n)
			})
		}
	}
	u, n := pages(t, first)
	for range u.Followers(t.Context()) {
		break
	}
	assert.Equal(t, 1, *n, "nothing is asked for in advance")
}

func TestWhatIsRefusedBeforeTheNetwork(t *testing.T) {
	t.Parallel()
	many := slices.Collect(func(yield func(string) bool) {
		for i := range 101 {
			if !yield(fmt.Sprintf("o%d", i)) {
				return
			}
		}
	})
	type s = *user.Service
	for _, tt := range []struct {
		name, field, says string
		call              func(u s) error
	}{
		{"get nobody", "openid", "empty", func(u s) error { _, err := u.Get(t.Context(), ""); return err }},
		{"a name for an OpenID", "openid", "visible ASCII", func(u s) error { _, err := u.Get(t.Context(), "8fA3 茶"); return err }},
		{"batch of none", "user_list", "has 0 entries, want 1 to 100", func(u s) error { _, err := u.Batch(t.Context()); return err }},
		{"batch of 101", "user_list", "has 101 entries", func(u s) error { _, err := u.Batch(t.Context(), many...); return err }},
		{"an empty one in the batch", "user_list[1]", "empty", func(u s) error { _, err := u.Batch(t.Context(), "o1", ""); return err }},
		{"30 characters of remark", "remark", "has 30 characters, the limit is 29", func(u s) error { return u.Remark(t.Context(), "o1", strings.Repeat("茶", 30)) }},
		{"remark for nobody", "openid", "empty", func(u s) error { return u.Remark(t.Context(), "", "x") }},
		{"tag without a name", "tag.name", "empty", func(u s) error { _, err := u.CreateTag(t.Context(), " "); return err }},
		{"tag with 31 characters", "tag.name", "the limit is 30", func(u s) error { return u.RenameTag(t.Context(), 1, strings.Repeat("茶", 31)) }},
		{"tag 51 users", "openid_list", "has 51 entries, want 1 to 50", func(u s) error { return u.Tag(t.Context(), 1, many[:51]...) }},
		{"untag nobody", "openid_list", "has 0 entries", func(u s) error { return u.Untag(t.Context(), 1) }},
		{"tags of nobody", "openid", "empty", func(u s) error { _, err := u.TagsOf(t.Context(), ""); return err }},
		{"block 21 users", "openid_list", "has 21 entries, want 1 to 20", func(u s) error { return u.Block(t.Context(), many[:21]...) }},
		{"unblock nobody", "openid_list", "has 0 entries", func(u s) error { return u.Unblock(t.Context()) }},
		{"moved from nowhere", "from_appid", "empty", func(u s) error { _, err := u.ChangeOpenIDs(t.Context(), "", "o1"); return err }},
		{"101 moved", "openid_list", "has 101 entries", func(u s) error { _, err := u.ChangeOpenIDs(t.Context(), "gh_1", many...); return err }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			u, c := newService(t, `{}`)
			err := tt.call(u)
			var f *wechat.FieldError
			require.ErrorAs(t, err, &f)
			assert.Equal(t, tt.field, f.Field)
			assert.Contains(t, f.Problem, tt.says)
			assert.NotContains(t, err.Error(), "8fA3")
			assert.Equal(t, wechat.NotDone, wechat.OutcomeOf(err))
			assert.Empty(t, c.asked)
		})
	}
}

func TestATagIsNeverMadeOfNothing(t *testing.T) {
	t.Parallel()
	u, _ := newService(t, `{"errcode":0}`)
	_, err := u.CreateTag(t.Context(), "VIP")
	require.ErrorContains(t, err, "holds no tag")
	assert.Equal(t, wechat.Done, wechat.OutcomeOf(err))
}

func TestFollows(t *testing.T) {
	t.Parallel()
	assert.True(t, user.Profile{Subscribe: 1}.Follows())
	assert.False(t, user.Profile{}.Follows())
}
