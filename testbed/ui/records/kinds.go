package records

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
)

// kind is what some records of a service have in common.
type kind struct {
	service, level string
	// message has %d, %s and %u for a number, some digits and a user's id.
	message string
	// path, status and method are those of a request; "" and 0 when there is none.
	method, path string
	status       int
}

// kinds are as likely as they are often here.
var kinds = weighted(map[int][]kind{ //nolint:gochecknoglobals // a table
	40: {
		{"gateway", "INFO", "GET /api/products/%d 200 in %d ms", "GET", "/api/products", 200},
		{"gateway", "INFO", "GET /health 200 in 1 ms", "GET", "/health", 200},
	},
	20: {
		{"checkout", "INFO", "Order %d placed by user %u", "POST", "/api/orders", 201},
		{"search", "DEBUG", "Query took %d ms, %d hits", "", "", 0},
		{"inventory", "TRACE", "Lock of shelf %d taken after %d µs", "", "", 0},
	},
	8: {
		{"payments", "INFO", "Charge %s of %d cents captured", "POST", "/v1/charges", 200},
		{"mailer", "NOTICE", "Mail %s handed to the relay in %d ms", "", "", 0},
		{"search", "WARN", "Index is %d s behind", "", "", 0},
		{"gateway", "WARN", "Slow upstream: checkout took %d ms", "POST", "/api/orders", 200},
	},
	4: {
		{"checkout", "ERROR", "card declined: issuer answered %d for order %d", "POST", "/api/orders", 402},
		{"payments", "ERROR", "timeout after %d ms while capturing charge %s", "POST", "/v1/charges", 504},
		{"inventory", "WARN", "Stock of product %d is low: %d left", "", "", 0},
		{"mailer", "ERROR", "Relay refused mail %s: 451 try again later (attempt %d)", "", "", 0},
		{"reports", "", "nightly report %d: %d rows", "", "", 0},
	},
	1: {
		{"payments", "FATAL", "ledger is out of balance by %d cents; refusing to start", "", "", 0},
		{"inventory", "ERROR", stackTrace, "", "", 0},
		{"reports", "INFO", longText, "", "", 0},
	},
})

// stackTrace is a message of several lines.
const stackTrace = `panic: runtime error: index out of range [%d] with length %d

goroutine 1287 [running]:
shop/inventory.(*Shelf).Take(0xc000424000, 0x2a)
	shop/inventory/shelf.go:118 +0x1d4
shop/inventory.(*Service).Reserve(0xc0001b2000, {0x9e3f20, 0xc00052c0f0}, 0x3f1)
	shop/inventory/service.go:77 +0x2b1
created by net/http.(*Server).Serve in goroutine 1
	net/http/server.go:3285 +0x4b4`

// longText is a message that no row can show at once.
var longText = "Report %d: " + strings.Repeat("region eu-north-1 sold 1,204 items and took 37 back; ", 60) + "done in %d ms" //nolint:gochecknoglobals // a constant but for Repeat

func weighted(byWeight map[int][]kind) []kind {
	var all []kind
	for _, weight := range []int{40, 20, 8, 4, 1} { // a map has no order
		for _, kind := range byWeight[weight] {
			for range weight {
				all = append(all, kind)
			}
		}
	}
	return all
}

// fill makes a record of a kind.
func fill(record plog.LogRecord, random *rand.Rand, kind kind) {
	if kind.level != "" {
		severity(record, kind.level)
	}
	user := random.IntN(2000)
	record.Body().SetStr(write(random, kind.message, user))
	trace(record, random)
	attributes := record.Attributes()
	attributes.PutStr("thread", fmt.Sprintf("worker-%d", random.IntN(16)))
	if kind.method == "" {
		attributes.PutDouble("cpu.load", float64(random.IntN(1000))/1000)
		attributes.PutBool("retried", random.IntN(5) == 0)
		return
	}
	attributes.PutStr("user.id", strconv.Itoa(user))
	attributes.PutStr("http.request.method", kind.method)
	attributes.PutStr("url.path", kind.path)
	attributes.PutInt("http.response.status_code", int64(kind.status))
	attributes.PutDouble("duration_ms", float64(random.IntN(400_000))/1000)
	attributes.PutStr("client.address", fmt.Sprintf("192.0.2.%d", random.IntN(256)))
	request := attributes.PutEmptyMap("request")
	request.PutStr("id", digits(random, 16))
	headers := request.PutEmptyMap("headers")
	headers.PutStr("accept", "application/json")
	headers.PutStr("x-forwarded-for", fmt.Sprintf("198.51.100.%d", random.IntN(256)))
	items := request.PutEmptySlice("items")
	for range random.IntN(4) {
		item := items.AppendEmpty().SetEmptyMap()
		item.PutStr("sku", "SKU-"+digits(random, 6))
		item.PutInt("count", int64(random.IntN(5))+1)
		item.PutDouble("price", float64(random.IntN(20_000))/100)
	}
}

// write fills a message's places.
func write(random *rand.Rand, message string, user int) string {
	var text strings.Builder
	for {
		before, after, found := strings.Cut(message, "%")
		text.WriteString(before)
		if !found {
			return text.String()
		}
		switch after[0] {
		case 'd':
			fmt.Fprint(&text, random.IntN(9000)+10)
		case 's':
			text.WriteString(digits(random, 12))
		case 'u':
			fmt.Fprint(&text, user)
		}
		message = after[1:]
	}
}
