package sign_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wxcommerce/wechat/sign"
)

const (
	v4Encrypt = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
	v5Encrypt = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
	v6Encrypt = "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
	v7Encrypt = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
	v8Encrypt = "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
)

// The vectors are samples of official documents and tools, recomputed.
func TestPushSignatureVectors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, token string
		parts       []string
		want        string
	}{
		{"V1", "AAAAA", []string{"1714036504", "1514711492"}, "f464b24fc39322e44b38aa78f5edd27bd1441696"},
		{"V2", "AAAAA", []string{"1714037059", "486452656"}, "899cf89e464efb63f54ddac96b0a0a235f53aa78"},
		{"V3 sorts", "789", []string{"456", "123"}, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"},
		{"V4", "AAAAA", []string{"1714112445", "415670741", v4Encrypt}, "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"},
		{"V4 of three", "AAAAA", []string{"1714112445", "415670741"}, "6c5c811b55cc85e0e1b54100749188c20beb3f5d"},
		{"V5", "AAAAA", []string{"1713424427", "415670741", v5Encrypt}, "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"},
		{"V6", "pamtest", []string{"1409304348", "xxxxxx", v6Encrypt}, "82c962d39941aa48552f90ef55aa323dc620cc10"},
		{"V6 of three", "pamtest", []string{"1409304348", "xxxxxx"}, "76480565cbe296026c53aaacd1ad523a1ddba24f"},
		{"V7", "QDG6eK", []string{"1409659589", "263014780", v7Encrypt}, "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"},
		{"V8", "spamtest", []string{"1409735669", "1320562132", v8Encrypt}, "5d197aaffba7e9b25a30732f161a50dee96bd5fa"},
		{"V8 of three", "spamtest", []string{"1409735669", "1320562132"}, "16120ec1b8dbb870f510d87ce6bc2463eae6ca1a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, sign.Push(tt.token, tt.parts...))
			require.NoError(t, sign.CheckPush(tt.want, tt.token, tt.parts...))
			require.ErrorIs(t, sign.CheckPush("", tt.token, tt.parts...), sign.ErrNoSign)
			require.ErrorIs(t, sign.CheckPush(strings.ToUpper(tt.want), tt.token, tt.parts...), sign.ErrMismatch)
			require.ErrorIs(t, sign.CheckPush(tt.want[1:], tt.token, tt.parts...), sign.ErrMismatch)
			require.ErrorIs(t, sign.CheckPush(tt.want, tt.token+"x", tt.parts...), sign.ErrMismatch)
			for i := range tt.want {
				for bit := range 8 {
					flipped := []byte(tt.want)
					flipped[i] ^= 1 << bit
					require.ErrorIs(t, sign.CheckPush(string(flipped), tt.token, tt.parts...), sign.ErrMismatch)
				}
			}
		})
	}
}

func TestAnEmptyPushTokenProvesNothing(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, sign.CheckPush(sign.Push("", "1", "2"), "", "1", "2"), sign.ErrMismatch)
}
