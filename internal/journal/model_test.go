package journal

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/types"
	"github.com/stretchr/testify/require"
)

// crashFiles can be stopped at any moment, and know which bytes are not synced.
type crashFiles struct {
	types.VFS
	// running is held for reading during every call, and for writing while a crash
	// is looked at.
	running sync.RWMutex

	mu    sync.Mutex
	files map[string]*crashFile
}

func (f *crashFiles) file(name string, file types.WritableFile, err error, isNew bool) (types.WritableFile, error) {
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	watched := &crashFile{WritableFile: file, files: f, isNew: isNew}
	f.files[name] = watched
	return watched, nil
}

func (f *crashFiles) Create(directory, name string, size uint64) (types.WritableFile, error) {
	f.running.RLock()
	defer f.running.RUnlock()
	file, err := f.VFS.Create(directory, name, size)
	return f.file(name, file, err, true)
}

func (f *crashFiles) OpenWriter(directory, name string) (types.WritableFile, error) {
	file, err := f.VFS.OpenWriter(directory, name)
	return f.file(name, file, err, false)
}

func (f *crashFiles) Delete(directory, name string) error {
	f.running.RLock()
	defer f.running.RUnlock()
	return f.VFS.Delete(directory, name)
}

type crashFile struct {
	types.WritableFile
	files *crashFiles

	mu       sync.Mutex
	unsynced []span
	// isNew says that the directory may not know the file yet.
	isNew bool
}

func (f *crashFile) WriteAt(content []byte, offset int64) (int, error) {
	f.files.running.RLock()
	defer f.files.running.RUnlock()
	f.mu.Lock()
	f.unsynced = append(f.unsynced, span{offset, int64(len(content))})
	f.mu.Unlock()
	return f.WritableFile.WriteAt(content, offset)
}

func (f *crashFile) Sync() error {
	f.files.running.RLock()
	defer f.files.running.RUnlock()
	if err := f.WritableFile.Sync(); err != nil {
		return err
	}
	f.mu.Lock()
	f.unsynced, f.isNew = nil, false
	f.mu.Unlock()
	return nil
}

// crash copies the directory as a crash leaves it. With a loss of power, what is
// not synced is there, or not, or garbage, block by block.
func (f *crashFiles) crash(t *testing.T, directory string, powerLoss bool, random *rand.Rand) (image string) {
	t.Helper()
	f.running.Lock()
	defer f.running.Unlock()
	image = FastDirectory(t)
	require.NoError(t, os.CopyFS(image, os.DirFS(directory)))
	if !powerLoss {
		return image
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, file := range f.files {
		path := filepath.Join(image, name)
		if _, err := os.Stat(path); err != nil {
			continue // released
		}
		file.mu.Lock()
		unsynced, isNew := file.unsynced, file.isNew
		file.mu.Unlock()
		if isNew && random.IntN(2) == 0 {
			require.NoError(t, os.Remove(path))
			continue
		}
		for _, s := range unsynced {
			losePower(t, path, s, random)
		}
	}
	return image
}

func losePower(t *testing.T, path string, written span, random *rand.Rand) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	const sector = 512
	kept := random.Float64()
	for at := written.offset; at < written.offset+written.bytes; {
		next := min(at/sector*sector+sector, written.offset+written.bytes)
		if random.Float64() > kept {
			block := make([]byte, next-at)
			if random.IntN(2) == 0 {
				for i := range block {
					block[i] = byte(random.Uint32())
				}
			}
			_, err := file.WriteAt(block, at)
			require.NoError(t, err)
		}
		at = next
	}
	if random.IntN(4) == 0 {
		require.NoError(t, file.Truncate(written.offset+random.Int64N(written.bytes+1)))
	}
}

// model is the journal as it should be: a map.
type model struct {
	random    *rand.Rand
	files     *crashFiles
	directory string
	journal   *Journal
	options   Options

	mu sync.Mutex
	// entries are the acknowledged ones that are not released, last the newest of
	// them, checkpoint the applier's.
	entries    map[uint64][]byte
	last       uint64
	checkpoint uint64
	appended   uint64
	crashes    int
}

func (m *model) open(t *testing.T) {
	t.Helper()
	report, err := Inspect(t.Context(), m.directory)
	if m.appended > 0 {
		require.NoError(t, err)
		require.True(t, report.Healthy(), "a crash is no damage: %v", report.Damages)
	}
	m.files = &crashFiles{VFS: fs.New(), files: map[string]*crashFile{}}
	m.journal, err = open(m.directory, m.options, m.files)
	require.NoError(t, err)
	if m.appended > 0 && report.Entries > 0 {
		require.Equal(t, m.journal.LastIndex(), report.LastIndex)
	}
}

// payload is unlike every other one, if it is long enough.
func (m *model) payload() []byte {
	sizes := []int{0, 1, 8, 40, 100, 500, 500, 1000, 5000, 20_000}
	size := sizes[m.random.IntN(len(sizes))]
	if m.random.IntN(60) == 0 {
		size = MinSegmentBytes + m.random.IntN(4*MinSegmentBytes)
	}
	if m.random.IntN(2000) == 0 {
		size = maxCommitBytes + 1
	}
	payload := make([]byte, size)
	m.appended++
	copy(payload, binary.BigEndian.AppendUint64(nil, m.appended))
	for i := 8; i < size; i++ {
		payload[i] = byte(i)
	}
	return payload
}

// append appends a group at once, and returns when all are acknowledged. Those
// that have been are in entries.
func (m *model) append(t *testing.T, count int) {
	t.Helper()
	var group sync.WaitGroup
	for range count {
		payload := m.payload()
		group.Go(func() {
			index, err := m.journal.Append(t.Context(), payload)
			if err != nil {
				t.Error(err)
				return
			}
			m.mu.Lock()
			defer m.mu.Unlock()
			if _, isTaken := m.entries[index]; isTaken {
				t.Errorf("index %d was given out twice", index)
			}
			m.entries[index] = payload
			m.last = max(m.last, index)
		})
	}
	group.Wait()
}

// release applies and releases some of the entries.
func (m *model) release(t *testing.T) {
	t.Helper()
	if m.last == m.checkpoint {
		return
	}
	m.checkpoint += 1 + m.random.Uint64N(m.last-m.checkpoint)
	require.NoError(t, m.journal.SetCheckpoint("backend", m.checkpoint))
	if m.random.IntN(4) == 0 {
		return // a crash may come before the release
	}
	require.NoError(t, m.journal.Release(m.checkpoint))
	for index := range m.entries {
		if index <= m.checkpoint {
			delete(m.entries, index)
		}
	}
}

// crash ends the journal while a group is appended, and goes on with what is left.
func (m *model) crash(t *testing.T) {
	t.Helper()
	m.crashes++
	group := 1 + m.random.IntN(30)
	delay := time.Duration(m.random.IntN(1500)) * time.Microsecond
	powerLoss := m.random.IntN(2) == 0
	damage := rand.New(rand.NewPCG(m.random.Uint64(), 0))
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.append(t, group)
	}()
	time.Sleep(delay)
	m.mu.Lock()
	acknowledged := m.last
	m.mu.Unlock()
	image := m.files.crash(t, m.directory, powerLoss, damage)
	<-done
	require.NoError(t, m.journal.Close())
	require.NoError(t, os.RemoveAll(m.directory))

	m.directory = image
	m.open(t)
	last := m.journal.LastIndex()
	require.GreaterOrEqual(t, last, acknowledged, "an acknowledged entry is gone")
	require.LessOrEqual(t, last, m.last, "there is an entry that nobody has appended")
	for index := last + 1; index <= m.last; index++ {
		delete(m.entries, index) // they were not acknowledged yet
	}
	m.last = last
}

// check compares the journal with the model.
func (m *model) check(t *testing.T) {
	t.Helper()
	require.Equal(t, m.last, m.journal.LastIndex())
	checkpoint, err := m.journal.Checkpoint("backend")
	require.NoError(t, err)
	require.Equal(t, m.checkpoint, checkpoint)
	next := m.checkpoint + 1
	require.NoError(t, m.journal.Verify(t.Context(), m.checkpoint, func(index uint64, payload []byte) error {
		if index != next || string(payload) != string(m.entries[index]) {
			return errors.New("an entry is not the one that was appended")
		}
		next++
		return nil
	}))
	require.Equal(t, m.last+1, next)
	for range min(20, len(m.entries)) {
		index := m.last - m.random.Uint64N(uint64(len(m.entries)))
		got, err := m.journal.Read(index)
		require.NoError(t, err)
		require.Equal(t, string(m.entries[index]), string(got))
	}
}

// The journal does what a map does, whatever happens between.
func TestJournalIsLikeItsModel(t *testing.T) {
	duration := 5 * time.Second
	if os.Getenv("DOCKET_TEST_LONG") != "" {
		duration = 5 * time.Minute
	}
	crashes, appended := 0, uint64(0)
	for start := time.Now(); time.Since(start) < duration; {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		m := &model{
			random: rand.New(rand.NewPCG(seed, 0)), directory: FastDirectory(t),
			options: Options{SegmentBytes: MinSegmentBytes}, entries: map[uint64][]byte{},
		}
		m.open(t)
		for step := 0; step < 60 && !t.Failed(); step++ {
			switch m.random.IntN(6) {
			case 0, 1:
				m.append(t, 1+m.random.IntN(40))
			case 2:
				m.release(t)
			case 3:
				require.NoError(t, m.journal.Close())
				m.open(t)
				m.check(t)
			default:
				m.crash(t)
				m.check(t)
			}
		}
		m.check(t)
		require.NoError(t, m.journal.Close())
		require.NoError(t, os.RemoveAll(m.directory))
		crashes += m.crashes
		appended += m.appended
	}
	t.Logf("%d crashes, %d entries", crashes, appended)
}
