package filter

import (
	"cmp"
	"slices"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/docketlog/docket/internal/record"
)

// Matcher is an expression that is prepared to be evaluated on many records. It
// selects the same records as Matches. It is safe for concurrent use.
//
// Evaluating does not allocate as long as what is compared are strings that are
// UTF-8, integers and doubles as numbers, and fields of the record itself.
type Matcher struct{ root node }

// Compile prepares an expression. The error is an *Error that says that the
// expression is too deep or has too many nodes; what the parsers make never is.
func Compile(expression Expression) (*Matcher, error) {
	if err := checkSize(expression); err != nil {
		return nil, err
	}
	return &Matcher{root: compile(Normalize(expression))}, nil
}

// Matches reports whether the expression selects the record.
func (m *Matcher) Matches(r record.Record) bool { return m.root.matches(r) }

func checkSize(expression Expression) error {
	nodes := 0
	var check func(expression Expression, depth int) error
	check = func(expression Expression, depth int) error {
		if nodes++; nodes > maxTreeNodes {
			return &Error{Problem: "the filter has too many conditions: ask for less at once"}
		}
		if depth > maxTreeDepth {
			return &Error{Problem: "the filter is nested too deeply: use fewer groups in groups"}
		}
		for _, part := range partsOf(expression) {
			if err := check(part, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return check(expression, 1)
}

// partsOf returns the parts of an And, an Or and a Not.
func partsOf(expression Expression) []Expression {
	switch e := expression.(type) {
	case And:
		return e
	case Or:
		return e
	case Not:
		return []Expression{e.Part}
	default:
		return nil
	}
}

// node is a prepared expression.
type node interface {
	matches(r record.Record) bool
	// cost estimates how long matches takes, so that what is cheap goes first.
	cost() int
}

// Costs of leaves: looking at a number of the record, finding an attribute, looking
// at all of a text.
const (
	costNumber    = 1
	costAttribute = 4
	costText      = 20
)

func compile(normal Expression) node {
	switch e := normal.(type) {
	case And:
		return all(compileParts(e))
	case Or:
		return some(compileParts(e))
	case Not:
		return not{compile(e.Part)}
	case Equal:
		return compileEqual(e)
	case CompareTime:
		if e.Field.IsTime() {
			return ownTime(e)
		}
	}
	field, leaf, price := testOf(normal)
	if leaf == nil {
		return definition{normal}
	}
	return compileTest(field, leaf, price)
}

// testOf returns the field of a leaf, the test of its value, and what that costs
// beside finding the field; nil if the expression is no leaf.
func testOf(expression Expression) (field Field, leaf test, price int) {
	switch e := expression.(type) {
	case Exists:
		return e.Field, anyText{}, 0
	case Equal:
		return e.Field, newEqualTest(e.Values), 0
	case EqualNumber:
		return e.Field, equalNumber(e.Values), 0
	case Contains:
		return e.Field, compileContains(e), costText
	case Wildcard:
		return e.Field, compileWildcard(e.Parts), costText
	case Regexp:
		return e.Field, regexpTest{e.Pattern}, 10 * costText
	case Compare:
		return e.Field, compareTest{e.Order, e.Number}, 0
	case CompareTime:
		return e.Field, timeTest{e.Order, e.Time}, costAttribute
	default:
		return Field{}, nil, 0
	}
}

// Predicate returns the field of a leaf, and a function that reports whether the leaf
// matches a record in which the field has a value of that text. It is for backends that
// have the texts of fields without the records. The text must be as Field.Text returns
// it. ok is false if the expression is not a leaf that Normalize returns.
func Predicate(leaf Expression) (field Field, matches func(text string) bool, ok bool) {
	if isNever(leaf) {
		return Field{}, nil, false
	}
	field, compiled, _ := testOf(leaf)
	if compiled == nil {
		return Field{}, nil, false
	}
	return field, compiled.text, true
}

func compileParts(parts []Expression) []node {
	nodes := make([]node, len(parts))
	for i, part := range parts {
		nodes[i] = compile(part)
	}
	slices.SortStableFunc(nodes, func(a, b node) int { return cmp.Compare(a.cost(), b.cost()) })
	return nodes
}

type all []node

func (n all) matches(r record.Record) bool {
	for _, part := range n {
		if !part.matches(r) {
			return false
		}
	}
	return true
}

func (n all) cost() int { return sumOf(n) }

type some []node

func (n some) matches(r record.Record) bool {
	for _, part := range n {
		if part.matches(r) {
			return true
		}
	}
	return false
}

func (n some) cost() int { return sumOf(n) }

func sumOf(parts []node) int {
	sum := 1
	for _, part := range parts {
		sum += part.cost()
	}
	return sum
}

type not struct{ node }

func (n not) matches(r record.Record) bool { return !n.node.matches(r) }

// definition evaluates an expression that has no faster form.
type definition struct{ Expression }

func (definition) cost() int { return costText }

// levelSet tells by severity number which levels are selected. Numbers out of range
// have the level of 0.
type levelSet [plog.SeverityNumberFatal4 + 1]bool

// compileEqual returns the node of an Equal. What has a fixed form is compared in
// that, not as text.
func compileEqual(e Equal) node {
	switch e.Field.Place {
	case PlaceLevel:
		var set levelSet
		for number := range set {
			set[number] = slices.Contains(e.Values, string(record.LevelOf(plog.SeverityNumber(number)))) //nolint:gosec // small
		}
		return set
	case PlaceTraceID:
		return newTraceIDs(e.Values)
	case PlaceSpanID:
		return newSpanIDs(e.Values)
	default:
		return compileTest(testOf(e))
	}
}

func (levelSet) cost() int { return costNumber }

func (set levelSet) matches(r record.Record) bool {
	if number := int(r.Log.SeverityNumber()); number > 0 && number < len(set) {
		return set[number]
	}
	return set[0]
}

// ownTime is a CompareTime of a time of the record itself.
type ownTime CompareTime

func (ownTime) cost() int { return costNumber }

func (n ownTime) matches(r record.Record) bool {
	t, ok := n.Field.Time(r)
	return ok && n.Order.holds(t.Compare(n.Time))
}
