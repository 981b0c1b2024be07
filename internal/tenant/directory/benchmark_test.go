package directory_test

import (
	"fmt"
	"testing"

	"github.com/docketlog/docket/internal/tenant"
	"github.com/docketlog/docket/internal/tenant/directory"
)

// BenchmarkAuthenticate is what every request pays.
func BenchmarkAuthenticate(b *testing.B) {
	store := openStore(b)
	d := start(b, store, directory.Options{})
	var value string
	for n := range 100 {
		var err error
		_, value, err = d.CreateKey(b.Context(), admin, tenant.NewKey{Label: fmt.Sprint(n), Scopes: []tenant.Scope{tenant.ScopeWrite}})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.RunParallel(func(parallel *testing.PB) {
		for parallel.Next() {
			if _, err := authenticate(d, value); err != nil {
				b.Error(err)
			}
		}
	})
}
