package filter

// Normalize returns an expression that selects the same records and has fewer forms:
// no nil, no Levels, Services or BodyContains; no And in an And, no Or in an Or and
// no Not of a Not; no And or Or of a single part; and no part that is known to match
// every record or none. If the whole is known to, it is And{} or Or{}.
func Normalize(expression Expression) Expression {
	switch e := expression.(type) {
	case nil:
		return And{}
	case And:
		return normalizeAnd(e)
	case Or:
		return normalizeOr(e)
	case Not:
		return negate(Normalize(e.Part))
	case Levels:
		return Normalize(e.long())
	case Services:
		return Normalize(e.long())
	case BodyContains:
		return Normalize(e.long())
	}
	if isNever(expression) {
		return Or{}
	}
	return expression
}

// isNever reports whether a leaf cannot match because it has nothing to compare with.
func isNever(leaf Expression) bool {
	switch l := leaf.(type) {
	case Equal:
		return len(l.Values) == 0
	case EqualNumber:
		return len(l.Values) == 0
	case Contains:
		return len(l.Parts) == 0
	case Wildcard:
		return len(l.Parts) == 0
	case Regexp:
		return l.Pattern == nil
	default:
		return false
	}
}

// negate returns the opposite of a normalized expression.
func negate(expression Expression) Expression {
	switch e := expression.(type) {
	case Not:
		return e.Part
	case And:
		if len(e) == 0 {
			return Or{}
		}
	case Or:
		if len(e) == 0 {
			return And{}
		}
	}
	return Not{expression}
}

func normalizeAnd(parts And) Expression {
	all := And{}
	for _, part := range parts {
		switch normal := Normalize(part).(type) {
		case And:
			all = append(all, normal...)
		case Or:
			if len(normal) == 0 {
				return Or{}
			}
			all = append(all, normal)
		default:
			all = append(all, normal)
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

func normalizeOr(parts Or) Expression {
	some := Or{}
	for _, part := range parts {
		switch normal := Normalize(part).(type) {
		case Or:
			some = append(some, normal...)
		case And:
			if len(normal) == 0 {
				return And{}
			}
			some = append(some, normal)
		default:
			some = append(some, normal)
		}
	}
	if len(some) == 1 {
		return some[0]
	}
	return some
}
