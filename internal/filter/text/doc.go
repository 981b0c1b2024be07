// Package text reads and writes filters in the form that people type into a search
// box.
//
//	level:error service:checkout user.id=42 "card declined" -path:/health (a OR b)
//
// The grammar, where conditions side by side must all hold:
//
//	or        = and {"OR" and}
//	and       = not {["AND"] not}
//	not       = {"-" | "NOT"} primary
//	primary   = "(" or ")" | condition
//	condition = word | quoted | field operator (value | "(" value {"OR" value} ")")
//	operator  = ":" | "=" | "!=" | "~" | "=~" | ">" | ">=" | "<" | "<="
//
// A word ends at white space or a parenthesis, a field's name also at an operator. A
// quoted text is in double quotes, in which \" and \\ stand for " and \. In a word, a
// backslash before white space or a character of ASCII punctuation takes that
// character's meaning away. OR, AND and NOT are words of the grammar in capitals only.
//
// docs/search.md says what each means.
package text
