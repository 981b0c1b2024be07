// The modules that read and change search texts, without a browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';

const ui = '../../../extension/logsapiextension/ui/';
const { addCondition, chosenValues, isExpressible, removeCondition, withoutField, written } = await import(`${ui}query/compose.js`);
const { attributeField, attributeOf } = await import(`${ui}query/fields.js`);
const { indexOfColumn, scan } = await import(`${ui}query/scanner.js`);
const { conjunction, isClosed } = await import(`${ui}query/tree.js`);

/** Tokens in short: `field<level> operator<:> value<error>`. */
function tokens(text) {
  return scan(text).filter(({ kind }) => kind !== 'space').map(({ kind, start, end }) => `${kind}<${text.slice(start, end)}>`).join(' ');
}

test('scan tells the parts of a search apart', () => {
  const cases = {
    'level:error timeout': 'field<level> operator<:> value<error> word<timeout>',
    '-path:/health': 'not<-> field<path> operator<:> value</health>',
    'a OR (b AND NOT c)': 'word<a> keyword<OR> open<(> word<b> keyword<AND> keyword<NOT> word<c> close<)>',
    'path:(/a OR "b c")': 'field<path> operator<:> open<(> value</a> keyword<OR> value<"b c"> close<)>',
    'path:(AND NOT)x': 'field<path> operator<:> open<(> value<AND> value<NOT> close<)> word<x>',
    'path:>=5': 'field<path> operator<:>=> value<5>',
    'path=~^(a b)\\)': 'field<path> operator<=~> value<^(a> word<b> close<)> word<\\)>',
    '(path=~(a|b))': 'open<(> field<path> operator<=~> value<(a|b)> close<)>',
    '"two words"=x': 'field<"two words"> operator<=> value<x>',
    'two\\ words=x': 'field<two\\ words> operator<=> value<x>',
    'foo-bar': 'word<foo-bar>',
    'ORDER NOTE': 'word<ORDER> word<NOTE>',
    '"open': 'word<"open>',
    'a:': 'field<a> operator<:>',
    ') x': 'close<)> word<x>',
  };
  for (const [text, want] of Object.entries(cases)) assert.equal(tokens(text), want, text);
});

test('scan says what a part means', () => {
  const [value] = scan('"a \\"b\\" \\\\ c\\d*"');
  assert.deepEqual([value.text, value.isQuoted, value.isOpen, value.hasStar], ['a "b" \\ c\\d*', true, false, false]);
  const [word] = scan('a\\*b*\\ c');
  assert.deepEqual([word.text, word.hasStar], ['a*b* c', true]);
  assert.equal(scan('"a')[0].isOpen, true);
});

test('scan covers every text', () => {
  const alphabet = ['a', ' ', '(', ')', '"', '\\', '*', ':', '=', '~', '!', '<', '>', '-', 'OR', 'AND ', 'é', '😀', '\u3000', '\n'];
  let seed = 7;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
  for (let round = 0; round < 3000; round += 1) {
    const text = Array.from({ length: Math.floor(random() * 14) }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
    assert.equal(scan(text).map(({ start, end }) => text.slice(start, end)).join(''), text);
    conjunction(text);
    isClosed(text);
  }
});

test('a column counts characters', () => {
  assert.equal(indexOfColumn('😀 x:', 3), 3);
  assert.equal(indexOfColumn('abc', 9), 3);
  assert.equal(indexOfColumn('abc', 1), 0);
});

test('conjunction finds what must hold', () => {
  assert.deepEqual(conjunction('a OR b'), null);
  assert.deepEqual(conjunction('(a OR b) level:x -"c d"')?.map(({ condition }) => condition?.field ?? null), [null, 'level', null]);
  assert.deepEqual(conjunction('a: b'), null);
  assert.deepEqual(conjunction('a:(b'), null);
  assert.deepEqual(conjunction(''), []);
  assert.equal(conjunction('NOT -x!=1')?.[0].condition?.isNegative, true);
  assert.equal(isClosed('(a'), false);
  assert.equal(isClosed('a)'), false);
  assert.equal(isClosed('(a "b)")'), true);
});

test('a value is written so that it means itself', () => {
  const cases = {
    error: 'error', '42': '"42"', '-1': '"-1"', '1e3': '"1e3"', '.5': '".5"', '1.2.3': '1.2.3', '': '""', 'a b': '"a b"', 'a*b': '"a*b"', '*': '"*"',
    '(x)': '"(x)"', 'say "hi"': '"say \\"hi\\""', 'C:\\x': '"C:\\\\x"', AND: '"AND"', OR: '"OR"', or: 'or', '-x': '"-x"', 'x-y': 'x-y', '/a/b': '/a/b',
    '~x': '"~x"', '>5': '">5"', 'Straße': 'Straße', '日本': '日本', '😀': '"😀"', 'a\nb': '"a\nb"',
  };
  for (const [value, want] of Object.entries(cases)) assert.equal(written(value), want, value);
});

test('attributes have names that mean them', () => {
  assert.equal(attributeField('log', 'user.id'), 'user.id');
  assert.equal(attributeField('log', 'level'), 'attributes.level');
  assert.equal(attributeField('log', 'any.x'), 'attributes.any.x');
  assert.equal(attributeField('log', 'user.id', { isInBoth: true }), 'attributes.user.id');
  assert.equal(attributeField('resource', 'host'), 'resource.host');
  assert.deepEqual(attributeOf('attributes.a.b'), { place: 'log', key: 'a.b' });
  assert.deepEqual(attributeOf('level'), null);
});

test('addCondition adds to what is there', () => {
  const add = (q, field, value, more = {}) => addCondition(q, { field, value, ...more });
  assert.equal(add('', 'level', 'error'), 'level:error');
  assert.equal(add('timeout ', 'user.id', '42'), 'timeout user.id="42"');
  assert.equal(add('timeout', 'user.id', '42', { exclude: true }), 'timeout -user.id="42"');
  assert.equal(add('a OR b', 'level', 'error'), '(a OR b) level:error');
  assert.equal(add('"open', 'level', 'error'), '"open level:error');
  assert.equal(add('x', 'two words', 'a "b"'), 'x "two words"="a \\"b\\""');
  assert.equal(add('x', 'service', ''), 'x service:""');
  assert.equal(add('x', 'event', ''), 'x -event:*');
  assert.equal(add('x', 'path', ''), 'x path=""');
  assert.equal(add('x', 'path', null), 'x -path:*');
  assert.equal(add('x', 'path', null, { exclude: true }), 'x path:*');
});

test('addCondition replaces what contradicts it', () => {
  const add = (q, field, value, more = {}) => addCondition(q, { field, value, ...more });
  assert.equal(add('level:info timeout', 'level', 'error'), 'level:error timeout');
  assert.equal(add('level>=warn timeout', 'level', 'info'), 'level:info timeout');
  assert.equal(add('a -level:error', 'level', 'error'), 'a level:error');
  assert.equal(add('level:error a', 'level', 'error', { exclude: true }), 'a -level:error');
  assert.equal(add('level:(warn OR error)', 'level', 'warn', { exclude: true }), 'level:error');
  assert.equal(add('-level:(warn OR error)', 'level', 'warn', { exclude: true }), '-level:(warn OR error)');
  assert.equal(add('attributes.x=1 y', 'x', '2'), 'x="2" y');
  assert.equal(add('resource.x=1', 'x', '2'), 'resource.x=1 x="2"');
  assert.equal(add('attributes.level=1', 'level', 'info'), 'attributes.level=1 level:info');
  assert.equal(add('-path:*', 'path', '/a'), 'path=/a');
  assert.equal(add('message:word', 'message', 'whole text'), 'message="whole text"');
  assert.equal(add('word', 'message', 'whole text'), 'word message="whole text"');
});

test('addCondition can find a value beside others', () => {
  const add = (q, field, value) => addCondition(q, { field, value, also: true });
  assert.equal(add('level:info x', 'level', 'error'), 'level:(info OR error) x');
  assert.equal(add('level:(INFO OR warn)', 'level', 'info'), 'level:(warn OR info)');
  assert.equal(add('user.id=42 x', 'user.id', '7'), 'user.id=(42 OR "7") x');
  assert.equal(add('x', 'level', 'error'), 'x level:error');
});

test('removeCondition takes back', () => {
  assert.equal(removeCondition('level:(info OR warn) x', { field: 'level', value: 'info' }), 'level:warn x');
  assert.equal(removeCondition('level:info x', { field: 'level', value: 'info' }), 'x');
  assert.equal(removeCondition('-path=/a x', { field: 'path', value: '/a', exclude: true }), 'x');
  assert.equal(removeCondition('-path=/a x', { field: 'path', value: '/a' }), '-path=/a x');
  assert.equal(removeCondition('-path:* x', { field: 'path', value: null }), 'x');
  assert.equal(withoutField('a level:x -level!=y (level:z)', 'level'), 'a (level:z)');
});

test('chosenValues tells what is chosen', () => {
  const { included, excluded } = chosenValues('level:(ERROR OR warn) -level=info level>=warn -path:*', 'level');
  assert.deepEqual([[...included], [...excluded]], [['error', 'warn'], ['info']]);
  assert.deepEqual([...chosenValues('-path:*', 'path').included], [null]);
});

test('what has no condition is known', () => {
  assert.equal(isExpressible({ field: 'path', value: 'x'.repeat(1024) }), true);
  assert.equal(isExpressible({ field: 'path', value: 'x'.repeat(1025) }), false);
  assert.equal(isExpressible({ field: 'path', value: '😀'.repeat(1024) }), true);
  assert.equal(isExpressible({ field: 'attributes.', value: 'x' }), false);
});

test('adding and taking back leaves what was there', () => {
  const values = ['a', '42', '', 'x y', '"', '\\', '*', '(', 'OR', '-', '\n', '😀', '\\"', 'a"b\\'];
  for (const q of ['', 'timeout', 'level:error -path:/health', '(a OR b)']) {
    for (const field of ['user.id', 'two words', 'a"b', 'attributes.level', 'service', '-x', 'x*']) {
      for (const value of values) {
        for (const exclude of [false, true]) {
          const filter = { field, value, exclude };
          const added = addCondition(q, filter);
          assert.ok(conjunction(added), added);
          const chosen = chosenValues(added, field);
          assert.deepEqual([...(exclude ? chosen.excluded : chosen.included)], [value], added);
          assert.equal(removeCondition(added, filter), q, added);
        }
      }
    }
  }
});
