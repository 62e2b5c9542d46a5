package wechattest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSealedReplies(t *testing.T) {
	t.Parallel()
	const plain = "<xml><Content>hi</Content></xml>"
	a, err := NewApp(AppConfig{Clock: NewClock(time.Time{})})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	set := a.Push()
	set.Mode = PushSafe
	seal := func(appID string) string {
		key, err := pushKey(set.EncodingAESKey)
		require.NoError(t, err)
		sealed, err := sealPush(key, strings.Repeat("r", 16), plain, appID)
		require.NoError(t, err)
		return "<xml><Encrypt>" + sealed + "</Encrypt><MsgSignature>" + sumPush(set.Token, "1", "2", sealed) + "</MsgSignature><TimeStamp>1</TimeStamp><Nonce>2</Nonce></xml>"
	}
	n, err := a.openReply(set, []byte(seal(a.AppID)))
	require.NoError(t, err)
	assert.Equal(t, "hi", n.at("Content"))
	_, err = a.openReply(set, []byte(plain))
	require.ErrorContains(t, err, "not encrypted")
	_, err = a.openReply(set, []byte(strings.Replace(seal(a.AppID), "<Nonce>2", "<Nonce>3", 1)))
	require.ErrorContains(t, err, "MsgSignature")
	_, err = a.openReply(set, []byte(seal("wx0000000000000000")))
	require.ErrorContains(t, err, "another app")
	set.Mode = PushCompatible
	n, err = a.openReply(set, []byte(plain))
	require.NoError(t, err)
	assert.Equal(t, "hi", n.at("Content"))
}
