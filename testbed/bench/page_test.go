package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/docketlog/docket/testbed/client"
	"github.com/docketlog/docket/testbed/collector"
	"github.com/docketlog/docket/testbed/ui/pagesources"
	"github.com/docketlog/docket/testbed/ui/records"
)

const (
	pageRecords      = 1_000_000
	shortPageRecords = 20_000
)

// pageFigures are the names that testbed/ui/speed gives to what it measures. No other page
// is measured beside it, so the aims are times; a key is shown late when people notice that.
func pageFigures() []string {
	return []string{"first-rows", "longest-frame-of-scrolling", "longest-key-to-frame"}
}

// BenchmarkWebPage measures the page in Chromium, with many records stored.
func BenchmarkWebPage(b *testing.B) {
	stored := pageRecords
	if testing.Short() {
		stored = shortPageRecords
	}
	docket := collector.Start(b, collector.Options{AdminKey: adminKey})
	c := client.New(docket.Endpoints, adminKey)
	b.Cleanup(c.Close)
	require.NoError(b, records.Store(b.Context(), c, stored, time.Now()))
	environment := []string{
		"DOCKET_UI_URL=http://" + docket.Endpoints.API, "DOCKET_UI_KEY=" + adminKey, "DOCKET_UI_WORKERS=1",
	}
	for b.Loop() {
		figures := readFigures(b, pagesources.Copy(b).Playwright(b, environment, "speed"))
		b.ReportMetric(0, "ns/op")
		var aims strings.Builder
		table := newSheet(fmt.Sprintf("%d records stored", stored), "ms")
		for _, name := range pageFigures() {
			require.NotEmpty(b, figures[name], "no figure of %s was printed", name)
			measured := newSpread(figures[name])
			b.ReportMetric(measured.median, name+"-ms")
			table.add(strings.ReplaceAll(name, "-", " "), measured.text(0))
			aims.WriteString("- " + reached(b, "page/"+name, measured))
		}
		report(b, table.text()+"\n"+aims.String())
	}
}

// readFigures reads the lines `figure <name> <milliseconds>`.
func readFigures(b *testing.B, printed []byte) map[string][]float64 {
	b.Helper()
	figures := map[string][]float64{}
	lines := bufio.NewScanner(bytes.NewReader(printed))
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) != 3 || words[0] != "figure" {
			continue
		}
		value, err := strconv.ParseFloat(words[2], 64)
		require.NoError(b, err, lines.Text())
		figures[words[1]] = append(figures[words[1]], value)
	}
	require.NoError(b, lines.Err())
	return figures
}
