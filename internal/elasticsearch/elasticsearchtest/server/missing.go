package server

import (
	"context"
	"os"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/docketlog/docket/internal/elasticsearch"
)

// StartMissing starts, at once, a server of each product of which the environment names
// none. After an error, none runs.
func StartMissing(ctx context.Context) (map[elasticsearch.Name]*Process, error) {
	var mutex sync.Mutex
	processes := map[elasticsearch.Name]*Process{} // guarded by mutex
	var group errgroup.Group
	for _, product := range Products() {
		if os.Getenv(Variable(product)) != "" {
			continue
		}
		group.Go(func() error {
			process, err := Start(ctx, ReleaseToTest(product), Options{})
			if err != nil {
				return err
			}
			mutex.Lock()
			defer mutex.Unlock()
			processes[product] = process
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		for _, process := range processes {
			process.Remove()
		}
		return nil, err
	}
	return processes, nil
}
