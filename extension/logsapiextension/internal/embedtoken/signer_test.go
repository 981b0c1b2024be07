package embedtoken_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/extension/logsapiextension/internal/embedtoken"
	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
)

var now = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

func claims() embedtoken.Claims {
	return embedtoken.Claims{
		ProjectID: 7, ExternalID: `"Ü" <1>`, Origin: "https://app.example.com", KeyID: "k",
		IssuedAt: now.UnixMilli(), ExpiresAt: now.Add(time.Hour).UnixMilli(),
	}
}

func TestTokenOfAnotherReplicaAndAfterARestart(t *testing.T) {
	documents := docstoretest.NewMemory()
	token, err := embedtoken.New(documents).Sign(t.Context(), claims())
	require.NoError(t, err)
	got, err := embedtoken.New(documents).Verify(t.Context(), token, now.Add(time.Hour-time.Millisecond))
	require.NoError(t, err)
	assert.Equal(t, claims(), got)
	_, err = embedtoken.New(documents).Verify(t.Context(), token, now.Add(time.Hour))
	require.ErrorIs(t, err, embedtoken.ErrExpired)
	_, err = embedtoken.New(docstoretest.NewMemory()).Verify(t.Context(), token, now)
	require.ErrorIs(t, err, embedtoken.ErrInvalid, "of another installation")
}

func TestReplicasThatStartAtOnceShareOneSecret(t *testing.T) {
	documents := docstoretest.NewMemory()
	tokens := make([]string, 8)
	var group sync.WaitGroup
	for i := range tokens {
		group.Go(func() {
			var err error
			tokens[i], err = embedtoken.New(documents).Sign(t.Context(), claims())
			assert.NoError(t, err)
		})
	}
	group.Wait()
	for _, token := range tokens {
		_, err := embedtoken.New(documents).Verify(t.Context(), token, now)
		require.NoError(t, err)
	}
}

func TestTokensThatWereChanged(t *testing.T) {
	documents := docstoretest.NewMemory()
	signer := embedtoken.New(documents)
	token, err := signer.Sign(t.Context(), claims())
	require.NoError(t, err)
	for i := range token {
		for _, change := range []byte{1, 2, 32} {
			changed := []byte(token)
			changed[i] ^= change
			_, err := signer.Verify(t.Context(), string(changed), now)
			require.ErrorIs(t, err, embedtoken.ErrInvalid, "byte %d", i)
		}
	}
	other := claims()
	other.ExternalID = "2"
	forged, err := json.Marshal(other)
	require.NoError(t, err)
	_, mac, _ := strings.Cut(token, ".")
	for _, wrong := range []string{
		"", ".", "phe_", "phe_.", "phx_abc", token[4:], token + ".", token + "A", token[:len(token)-1], strings.Repeat("a", 1<<20),
		embedtoken.Prefix + base64.RawURLEncoding.EncodeToString(forged) + "." + mac,
	} {
		_, err := signer.Verify(t.Context(), wrong, now)
		require.ErrorIs(t, err, embedtoken.ErrInvalid, wrong)
	}
}

// A secret that everybody can guess would be worse than none.
func TestSecretThatIsNone(t *testing.T) {
	documents := docstoretest.NewMemory()
	_, err := documents.Create(t.Context(), docstore.Document{Collection: "embed_secrets", ID: "signing", Body: json.RawMessage(`{}`)})
	require.NoError(t, err)
	_, err = embedtoken.New(documents).Sign(t.Context(), claims())
	require.ErrorContains(t, err, "delete it to make another")
}
