package percolator

// gramSize is the largest number of bytes that a hook in the body has.
const gramSize = 4

// gramHooks are the hooks in the body, by the bytes that they are, the first one the
// highest.
type gramHooks struct {
	// bySize has those of 1 to gramSize bytes at 0 to gramSize-1.
	bySize [gramSize]map[uint32][]int32
	// mayBe has a bit for each hash of a hook of gramSize bytes, so that most places in a
	// body cost one look at some kilobytes.
	mayBe []uint64
}

const gramBits = 16

func (g *gramHooks) isEmpty() bool {
	for _, table := range g.bySize {
		if len(table) > 0 {
			return false
		}
	}
	return true
}

func (g *gramHooks) add(text string, index int32) {
	table := &g.bySize[len(text)-1]
	if *table == nil {
		*table = map[uint32][]int32{}
	}
	var gram uint32
	for i := range len(text) {
		gram = gram<<8 | uint32(text[i])
	}
	(*table)[gram] = append((*table)[gram], index)
}

// finish is called when all hooks are added.
func (g *gramHooks) finish() {
	if len(g.bySize[gramSize-1]) == 0 {
		return
	}
	g.mayBe = make([]uint64, 1<<gramBits/64)
	for gram := range g.bySize[gramSize-1] {
		hash := gramHash(gram)
		g.mayBe[hash/64] |= 1 << (hash % 64)
	}
}

func gramHash(gram uint32) uint32 { return gram * 2654435761 >> (32 - gramBits) }

// find calls visit with the filters that hang on each place of a folded text.
func (g *gramHooks) find(text string, visit func([]int32)) {
	var gram uint32
	for i := range len(text) {
		gram = gram<<8 | uint32(text[i])
		if i >= gramSize-1 && g.mayBe != nil {
			if hash := gramHash(gram); g.mayBe[hash/64]&(1<<(hash%64)) != 0 {
				if hooks, ok := g.bySize[gramSize-1][gram]; ok {
					visit(hooks)
				}
			}
		}
		for size := 1; size < gramSize && size <= i+1; size++ {
			if len(g.bySize[size-1]) > 0 {
				if hooks, ok := g.bySize[size-1][gram&(1<<(8*size)-1)]; ok {
					visit(hooks)
				}
			}
		}
	}
}
