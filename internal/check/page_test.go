package check_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/internal/check"
)

func TestPageURL(t *testing.T) {
	t.Parallel()
	hosts := []string{"shop.example", "localhost:8080"}
	tests := []struct{ name, raw, want, says string }{
		{"plain", "https://shop.example/a?b=%E4%B8%AD&from=singlemessage", "https://shop.example/a?b=%E4%B8%AD&from=singlemessage", ""},
		{"fragment", "https://shop.example/a?b=1#/route?x", "https://shop.example/a?b=1", ""},
		{"empty fragment", "https://shop.example/#", "https://shop.example/", ""},
		{"no path", "http://shop.example?params=value", "http://shop.example?params=value", ""},
		{"another case", "https://Shop.Example/", "https://Shop.Example/", ""},
		{"port", "http://localhost:8080/x", "http://localhost:8080/x", ""},
		{"empty", "", "", "empty"},
		{"only a fragment", "#x", "", "empty"},
		{"another host", "https://evil.example/", "", "not one of the 2"},
		{"a sub-domain", "https://x.shop.example/", "", "not one of"},
		{"another port", "https://shop.example:444/", "", "not one of"},
		{"no port", "http://localhost/x", "", "not one of"},
		{"user name", "https://shop.example@evil.example/", "", "user name"},
		{"user name of ours", "https://u@shop.example/", "", "user name"},
		{"backslash", `https://shop.example\@evil.example/`, "", "not a URL"},
		{"backslash in the path", `https://shop.example/\x`, "", "backslash"},
		{"other scheme", "javascript://shop.example/%0aalert(1)", "", "whole address"},
		{"path alone", "/cart", "", "whole address"},
		{"space", "https://shop.example/a b", "", "visible ASCII"},
		{"control character", "https://shop.example/\n", "", "visible ASCII"},
		{"Chinese unescaped", "https://shop.example/中", "", "visible ASCII"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var f check.Fields
			got := f.PageURL("url", tt.raw, hosts)
			if tt.says == "" {
				require.NoError(t, f.Err())
				assert.Equal(t, tt.want, got)
				return
			}
			require.ErrorContains(t, f.Err(), tt.says)
			assert.NotContains(t, f.Err().Error(), "evil")
		})
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"shop.example", "localhost:8080", "127.0.0.1:1", "[::1]:80"} {
		var f check.Fields
		f.Hosts("hosts", []string{good})
		require.NoError(t, f.Err(), good)
	}
	for _, bad := range [][]string{nil, {""}, {"https://shop.example"}, {"shop.example/"}, {"a.example", "*.shop.example"}, {"u@shop.example"}, {"a b"}, {":80"}, {"shop.example?x"}} {
		var f check.Fields
		f.Hosts("hosts", bad)
		require.Error(t, f.Err(), "%q", bad)
	}
}
