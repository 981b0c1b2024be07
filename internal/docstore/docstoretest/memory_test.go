package docstoretest_test

import (
	"testing"

	"github.com/docketlog/docket/internal/docstore"
	"github.com/docketlog/docket/internal/docstore/docstoretest"
)

func TestMemory(t *testing.T) {
	docstoretest.Run(t, func(*testing.T) docstore.Store { return docstoretest.NewMemory() })
}
