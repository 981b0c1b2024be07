package record_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The leaf hashes of the first entries of Certificate Transparency's reference
// Merkle tree (the test data of RFC 6962's implementations).
func TestHashIsRFC6962LeafHash(t *testing.T) {
	assert.Equal(t, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", hexHash(nil))
	assert.Equal(t, "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7", hexHash([]byte{0}))
}
