package sign

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// Format prints number and serial, whatever the verb, and *** for the key.
func (i Identity) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sign.Identity{MchID: %q, Serial: %q, Key: ***}", i.MchID, i.Serial)
}

// MarshalJSON writes number and serial, and *** for the key: encoding/json would
// otherwise write out a private key that it was handed by mistake.
func (i Identity) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct{ MchID, Serial, Key string }{i.MchID, i.Serial, "***"})
}

// LogValue makes slog print number and serial only.
func (i Identity) LogValue() slog.Value {
	return slog.GroupValue(slog.String("mchid", i.MchID), slog.String("serial", i.Serial))
}

// Format prints the app id, whatever the verb, and *** for the key.
func (i AppIdentity) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sign.AppIdentity{AppID: %q, Key: ***}", i.AppID)
}

// MarshalJSON writes the app id, and *** for the key.
func (i AppIdentity) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct{ AppID, Key string }{i.AppID, "***"})
}

// LogValue makes slog print the app id only.
func (i AppIdentity) LogValue() slog.Value { return slog.GroupValue(slog.String("appid", i.AppID)) }
