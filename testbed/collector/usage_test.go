package collector

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseStat(t *testing.T) {
	const line = "4242 (a (very) odd name) S 1 4242 4242 0 -1 4194560 900 0 3 0 250 50 0 0 20 0 9 0 1000 99999744 8192 18446744073709551615"
	usage, err := parseStat(line, 4096)
	require.NoError(t, err)
	assert.Equal(t, Usage{ResidentBytes: 32 << 20, CPU: 3 * time.Second}, usage)
}

func TestParseStatRefusesOtherText(t *testing.T) {
	for _, line := range []string{"", "4242", "4242 (name) S 1 2", "4242 (n) S 1 1 1 0 -1 1 1 1 1 1 x 1 1 1 1 1 1 1 1 1 1 1"} {
		_, err := parseStat(line, 4096)
		assert.Error(t, err, line)
	}
}

func TestReadUsageOfThisProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		_, err = ReadUsage(os.Getpid())
		require.Error(t, err, "without /proc there is nothing to read")
		return
	}
	usage, err := ReadUsage(os.Getpid())
	require.NoError(t, err)
	assert.Greater(t, usage.ResidentBytes, int64(1<<20))
	assert.Greater(t, usage.MappedBytes, int64(1<<20), "the program itself is a mapped file")
	assert.Less(t, usage.MappedBytes, usage.ResidentBytes)
}

func TestParseStatm(t *testing.T) {
	mapped, err := parseStatm("5000 300 20 1 0 4000 0\n", 4096)
	require.NoError(t, err)
	assert.Equal(t, int64(20*4096), mapped)
	for _, damaged := range []string{"", "1 2", "1 2 x 4"} {
		_, err := parseStatm(damaged, 4096)
		assert.Error(t, err, damaged)
	}
}
