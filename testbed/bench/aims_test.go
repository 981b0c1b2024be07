package bench

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAimIsSaidPlainly(t *testing.T) {
	least, most := Aim{Wanted: 0.6}, Aim{Wanted: 400, IsMost: true, Unit: "MiB"}
	assert.Equal(t, "at least 0.6", least.Bound())
	assert.Equal(t, "NOT MET", least.Verdict(0.594))
	assert.Equal(t, "0.594", least.Number(0.594))
	assert.Equal(t, "MET", least.Verdict(0.6))
	assert.Equal(t, "at most 400 MiB", most.Bound())
	assert.Equal(t, "MET", most.Verdict(400))
	assert.Equal(t, "NOT MET", most.Verdict(401))
	assert.Equal(t, "401", most.Number(401))
}

func TestAimsHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, aim := range Aims() {
		assert.False(t, seen[aim.Name], aim.Name)
		seen[aim.Name] = true
		found, ok := FindAim(aim.Name)
		assert.True(t, ok)
		assert.Equal(t, aim, found)
	}
	_, ok := FindAim("speed of light")
	assert.False(t, ok)
}
