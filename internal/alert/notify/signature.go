package notify

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const secretPrefix = "whsec_"

func newSecret() string {
	const size = 32
	secret := make([]byte, size)
	_, _ = rand.Read(secret) // it never fails
	return secretPrefix + base64.StdEncoding.EncodeToString(secret)
}

// sign adds the headers of Standard Webhooks: an id that stays the same when the request
// is made again, the time of the request, and the HMAC-SHA256 of both and the body.
func sign(headers http.Header, secret, id string, now time.Time, body []byte) error {
	signer, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		return fmt.Errorf("read the secret of the webhook: %w", err)
	}
	signature, err := signer.Sign(id, now, body)
	if err != nil {
		return fmt.Errorf("sign the webhook: %w", err)
	}
	headers.Set(standardwebhooks.HeaderWebhookID, id)
	headers.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	headers.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return nil
}
