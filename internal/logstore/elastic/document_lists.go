package elastic

import (
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/docketlog/docket/internal/filter"
)

// maxListsBytes is the size of the lists of attributes of a document, about, and of
// its words. Maps in maps could else take the square of the size of their record.
const maxListsBytes = 4 << 20

// lists are the texts by which the attributes and the body of a record are found.
//
// An attribute that a filter.Field finds in the place is in fieldTerms, and in
// fieldFolded and fieldNumbers if its text asks for it, or else
//
//   - it is named in fieldCut, as its term or its folded term would be longer than
//     maxTermBytes, and in none of the three;
//   - or fieldCut has the name of its place alone: then attributes of that place may be
//     in no list and not named in fieldCut either, as their keys are too long (or, in
//     fieldKeys, not UTF-8), or all of them together. Those that are in lists are right.
//
// So what has neither a term of an attribute, nor its name in fieldCut, nor its place's,
// does not have the attribute.
type lists struct {
	terms, folded, numbers, keys, words, cut jsonList

	// place is the name of the place whose attributes are being added. isCut is true
	// once its name has to be in the list cut.
	place string
	isCut bool
	// path is the path to the value that is being added; found are the paths that have
	// one already, leaves those that are in the list keys.
	path          []byte
	found, leaves map[string]struct{}
	// term is the term that is being added.
	term []byte
}

// start empties the lists.
func (l *lists) start() {
	for _, list := range []*jsonList{&l.terms, &l.folded, &l.numbers, &l.keys, &l.words, &l.cut} {
		list.reset()
	}
	if l.found == nil {
		l.found, l.leaves = map[string]struct{}{}, map[string]struct{}{}
	}
}

// append appends the members of the lists that are not empty.
func (l *lists) append(dst []byte) []byte {
	dst = l.terms.append(dst, fieldTerms)
	dst = l.folded.append(dst, fieldFolded)
	dst = l.numbers.append(dst, fieldNumbers)
	dst = l.keys.append(dst, fieldKeys)
	dst = l.words.append(dst, fieldWords)
	return l.cut.append(dst, fieldCut)
}

// addCut names something in the list cut.
func (l *lists) addCut(name string) { l.cut.add(name) }

// addBody adds the words of the body's text.
func (l *lists) addBody(text string) {
	clear(l.found)
	isWhole := true
	for word := range words(filter.Fold(text)) {
		if _, isKnown := l.found[word]; isKnown {
			continue
		}
		if len(word) > maxTermBytes || l.words.size()+len(word) > maxListsBytes {
			isWhole = false
			continue
		}
		l.found[word] = struct{}{}
		l.words.add(word)
	}
	if !isWhole {
		l.addCut(nameBody)
	}
	clear(l.found) // do not keep the text alive
}

// addAttributes adds the attributes of a place as filter.Field finds them: those that
// have a key themselves, and then what is in maps by its path; of equal paths only the
// first, which is found.
func (l *lists) addAttributes(place filter.Place, attributes pcommon.Map) {
	l.place, l.isCut = placeName(place), false
	if isFlat(attributes) {
		for key, value := range attributes.All() {
			l.addKey(key)
			l.addTerm(key, value)
		}
	} else {
		l.addAll(attributes)
	}
	if l.isCut {
		l.addCut(l.place)
	}
}

// isFlat reports whether no value is a map and no key is there twice.
func isFlat(m pcommon.Map) bool {
	const few = 24
	if m.Len() > few {
		return false // not known
	}
	var keys [few]string
	count := 0
	for key, value := range m.All() {
		if value.Type() == pcommon.ValueTypeMap {
			return false
		}
		for _, other := range keys[:count] {
			if key == other {
				return false
			}
		}
		keys[count] = key
		count++
	}
	return true
}

func (l *lists) addAll(attributes pcommon.Map) {
	clear(l.found)
	clear(l.leaves)
	for key, value := range attributes.All() {
		l.path = append(l.path[:0], key...)
		l.addPath(value)
	}
	for key, value := range attributes.All() {
		if value.Type() == pcommon.ValueTypeMap {
			l.path = append(l.path[:0], key...)
			l.addNested(value.Map())
		}
	}
}

// addNested adds what is in the map at the path.
func (l *lists) addNested(m pcommon.Map) {
	if l.isFull() || len(l.path) > maxTermBytes { // whatever is in it has a longer path
		l.isCut = l.isCut || m.Len() > 0
		return
	}
	length := len(l.path)
	for key, value := range m.All() {
		l.path = append(append(l.path[:length], '.'), key...)
		l.addPath(value)
		if value.Type() == pcommon.ValueTypeMap {
			l.addNested(value.Map())
		}
	}
	l.path = l.path[:length]
}

// addPath adds the value at the path.
func (l *lists) addPath(value pcommon.Value) {
	if l.isFull() || len(l.path) > maxTermBytes {
		l.isCut = true
		return
	}
	_, isFound := l.found[string(l.path)]
	_, isLeaf := l.leaves[string(l.path)]
	isNewLeaf := !isLeaf && value.Type() != pcommon.ValueTypeMap
	if isFound && !isNewLeaf {
		return
	}
	path := string(l.path)
	if isNewLeaf {
		l.leaves[path] = struct{}{}
		l.addKey(path)
	}
	if !isFound {
		l.found[path] = struct{}{}
		l.addTerm(path, value)
	}
}

// isFull reports whether the lists of attributes have their largest size.
func (l *lists) isFull() bool {
	return l.terms.size()+l.folded.size()+l.numbers.size()+l.keys.size()+l.cut.size() > maxListsBytes
}

// addKey adds a key to the list of them.
func (l *lists) addKey(key string) {
	if len(l.place)+len(".")+len(key) > maxTermBytes || !utf8.ValidString(key) || l.isFull() {
		l.isCut = true
		return
	}
	l.keys.begin()
	l.keys.text = append(append(l.keys.text, l.place...), '.')
	l.keys.text = appendEscaped(l.keys.text, key)
	l.keys.end()
}

// addTerm adds a text to the lists of them.
func (l *lists) addTerm(key string, value pcommon.Value) {
	l.term = append(append(l.term[:0], l.place...), '.')
	l.term = append(appendEscapedKey(l.term, key), '=')
	room := maxTermBytes - len(l.term)
	if room < 0 || l.isFull() {
		l.isCut = true
		return
	}
	if isLonger(value, room) {
		l.cutKey(key)
		return
	}
	text := filter.Text(value)
	folded := filter.Fold(text)
	if len(text) > room || len(folded) > room {
		l.cutKey(key)
		return
	}
	l.terms.addBoth(l.term, text)
	if folded != text {
		l.folded.addBoth(l.term, folded)
	}
	if number, ok := filter.Number(text); ok {
		var digits [16]byte
		l.numbers.addBoth(l.term, string(appendSortable(digits[:0], number)))
	}
}

// cutKey names an attribute in the list cut.
func (l *lists) cutKey(key string) {
	if !utf8.ValidString(key) {
		l.isCut = true
		return
	}
	l.addCut(l.place + "." + key)
}

// isLonger reports whether the text of a map or a slice is certainly longer than some
// bytes, without making it.
func isLonger(v pcommon.Value, bytes int) bool {
	if kind := v.Type(); kind != pcommon.ValueTypeMap && kind != pcommon.ValueTypeSlice {
		return false
	}
	return afterJSON(v, bytes) < 0
}

// afterJSON returns how many bytes are left after the JSON of a value, at most.
func afterJSON(v pcommon.Value, bytes int) int {
	switch v.Type() {
	case pcommon.ValueTypeStr:
		return bytes - len(`""`) - len(v.Str())
	case pcommon.ValueTypeBytes:
		return bytes - len(`""`) - v.Bytes().Len()
	case pcommon.ValueTypeMap:
		bytes -= len(`{}`)
		for key, value := range v.Map().All() {
			if bytes = afterJSON(value, bytes-len(`"":`)-len(key)); bytes < 0 {
				return bytes
			}
		}
	case pcommon.ValueTypeSlice:
		bytes -= len(`[]`)
		for _, element := range v.Slice().All() {
			if bytes = afterJSON(element, bytes); bytes < 0 {
				return bytes
			}
		}
	default:
		return bytes - len(`0`)
	}
	return bytes
}

// jsonList is the elements of a JSON array of strings.
type jsonList struct{ text []byte }

// maxKeptBytes is the largest buffer that is kept from one document to the next.
const maxKeptBytes = 256 << 10

func (l *jsonList) reset() {
	if cap(l.text) > maxKeptBytes {
		l.text = nil
	}
	l.text = l.text[:0]
}

func (l *jsonList) size() int { return len(l.text) }

func (l *jsonList) begin() {
	if len(l.text) > 0 {
		l.text = append(l.text, ',')
	}
	l.text = append(l.text, '"')
}

func (l *jsonList) end() { l.text = append(l.text, '"') }

func (l *jsonList) add(text string) {
	l.begin()
	l.text = appendEscaped(l.text, text)
	l.end()
}

// addBoth adds the text that follows a prefix.
func (l *jsonList) addBoth(prefix []byte, text string) {
	l.begin()
	l.text = appendEscaped(l.text, prefix)
	l.text = appendEscaped(l.text, text)
	l.end()
}

// append appends the member, unless the list is empty.
func (l *jsonList) append(dst []byte, name string) []byte {
	if len(l.text) == 0 {
		return dst
	}
	dst = append(appendName(dst, name), '[')
	dst = append(dst, l.text...)
	return append(dst, ']')
}
