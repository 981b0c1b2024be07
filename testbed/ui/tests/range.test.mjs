// Ranges of time as they are typed, resolved and said, without a browser. The tests are
// about the clock of Berlin, where days are not those of UTC.
import assert from 'node:assert/strict';
import { test } from 'node:test';

process.env.TZ = 'Europe/Berlin';

const ui = '../../../extension/logsapiextension/ui/';
const { parseTypedRange } = await import(`${ui}state/typed-range.js`);
const { absolute, dateRangeOf, describeRange, shifted, spanOf, widened } = await import(`${ui}state/range.js`);
const { spanOfDate } = await import(`${ui}state/dates.js`);
const { describeWidth, histogramOf, niceCeiling, ticksOf } = await import(`${ui}elements/histogram-buckets.js`);

const now = Date.UTC(2026, 10, 21, 15, 30, 12, 345);
const utc = { now, clock: 'utc' };
const local = { now, clock: 'local' };
const range = (from, to) => ({ from, to });

test('what people type is understood', () => {
  const cases = {
    '15m': range('-15M', 'now'),
    '-15m': range('-15M', 'now'),
    'Last 2 hours': range('-2h', 'now'),
    '1h30m': range('-90M', 'now'),
    '3 days ago': range('-3d', 'now'),
    '1mo': range('-1m', 'now'),
    'past day': range('-1d', 'now'),
    today: range('dStart', 'now'),
    yesterday: range('-1dStart', '-1dEnd'),
    'this week': range('wStart', 'now'),
    'previous month': range('-1mStart', '-1mEnd'),
    all: range('all', 'now'),
    'since 3h': range('-3h', 'now'),
    '2h ago to now': range('-2h', 'now'),
    '10:00 - 11:30': range('2026-11-21T10:00:00Z', '2026-11-21T11:29:59.999999999Z'),
    '10:00-11:30': range('2026-11-21T10:00:00Z', '2026-11-21T11:29:59.999999999Z'),
    '3pm to 4pm': range('2026-11-21T15:00:00Z', '2026-11-21T15:59:59.999999999Z'),
    '22:00 to 02:00': range('2026-11-20T22:00:00Z', '2026-11-21T01:59:59.999999999Z'),
    '22:00': range('2026-11-20T22:00:00Z', '2026-11-20T22:00:59.999999999Z'),
    'nov 20': range('2026-11-20T00:00:00Z', '2026-11-20T23:59:59.999999999Z'),
    'dec 24': range('2025-12-24T00:00:00Z', '2025-12-24T23:59:59.999999999Z'),
    '20 November 10:00 to 12:00': range('2026-11-20T10:00:00Z', '2026-11-20T11:59:59.999999999Z'),
    'nov 19 to nov 20': range('2026-11-19T00:00:00Z', '2026-11-20T23:59:59.999999999Z'),
    '2026-11-20T10:00Z/2026-11-20T11:00Z': range('2026-11-20T10:00:00Z', '2026-11-20T10:59:59.999999999Z'),
    '2026-11-20 10:00:05.25 to 10:00:06': range('2026-11-20T10:00:05.250Z', '2026-11-20T10:00:05.999999999Z'),
    'since yesterday 10:00': range('2026-11-20T10:00:00Z', 'now'),
    '1795257531': range('2026-11-21T10:38:51Z', '2026-11-21T10:38:51.999999999Z'),
  };
  for (const [text, want] of Object.entries(cases)) assert.deepEqual(parseTypedRange(text, utc), want, text);
});

test('what is typed is on the chosen clock', () => {
  assert.deepEqual(parseTypedRange('10:00 to 11:00', local), range('2026-11-21T09:00:00Z', '2026-11-21T09:59:59.999999999Z'));
  assert.deepEqual(parseTypedRange('nov 20', local), range('2026-11-19T23:00:00Z', '2026-11-20T22:59:59.999999999Z'));
  assert.deepEqual(parseTypedRange('2026-11-20T10:00Z to 2026-11-20T11:00Z', local), range('2026-11-20T10:00:00Z', '2026-11-20T10:59:59.999999999Z'));
});

test('what means nothing is not guessed at', () => {
  for (const text of ['', ' ', 'foo', '10', '2026-02-30', '25:00', 'm', '12 parsecs', '11:00 to 10:00 nov 1 x', 'nov 31', 'to', '13pm']) {
    assert.equal(parseTypedRange(text, utc), null, text);
  }
});

test('dates are those of the documentation', () => {
  const berlin = { now: Date.UTC(2026, 2, 31, 12, 34, 56, 789), clock: 'local' };
  const cases = {
    now: '2026-03-31T12:34:56.789Z', '-90s': '2026-03-31T12:33:26.789Z', '-30M': '2026-03-31T12:04:56.789Z', '-7d': '2026-03-24T13:34:56.789Z',
    '-1w': '2026-03-24T13:34:56.789Z', '-1m': '2026-02-28T13:34:56.789Z', '-13m': '2025-02-28T13:34:56.789Z', '-1q': '2025-12-30T13:34:56.789Z',
    '-2y': '2024-03-31T12:34:56.789Z', dStart: '2026-03-30T22:00:00.000Z', '-1dStart': '2026-03-29T22:00:00.000Z', wStart: '2026-03-29T22:00:00.000Z',
    mStart: '2026-02-28T23:00:00.000Z', '-1mEnd': '2026-02-28T23:00:00.000Z', qEnd: '2026-03-31T22:00:00.000Z', '-999999y': '1970-01-01T00:00:00.000Z',
    '2026-11-21T10:30:05-0130': '2026-11-21T12:00:05.000Z',
  };
  for (const [text, want] of Object.entries(cases)) assert.equal(new Date(spanOfDate(text, berlin)?.start ?? NaN).toISOString(), want, text);
  for (const text of ['', '-', 'h', '-1', '1H', 'yesterday', '2026-02-29', '2026-11-21T24:00Z']) assert.equal(spanOfDate(text, berlin), null, text);
});

test('a shared range is absolute, and days are those of the reader', () => {
  assert.deepEqual(absolute(range('-1h', 'now'), utc), range('2026-11-21T14:30:12.345Z', '2026-11-21T15:30:12.344999999Z'));
  assert.deepEqual(absolute(range('all', 'now'), utc).from, 'all');
  assert.deepEqual(dateRangeOf(range('-1dStart', '-1dEnd'), local), { date_from: '2026-11-19T23:00:00Z', date_to: '2026-11-20T22:59:59.999999999Z' });
  assert.deepEqual(dateRangeOf(range('-1h', 'now'), local), { date_from: '-1h', date_to: null });
});

test('ranges move and widen', () => {
  const hour = range('2026-11-21T10:00:00Z', '2026-11-21T10:59:59.999999999Z');
  assert.deepEqual(shifted(hour, -1, utc), range('2026-11-21T09:00:00Z', '2026-11-21T09:59:59.999999999Z'));
  assert.deepEqual(shifted(hour, 1, utc), range('2026-11-21T11:00:00Z', '2026-11-21T11:59:59.999999999Z'));
  assert.deepEqual(widened(hour, utc), range('2026-11-21T09:00:00Z', '2026-11-21T11:59:59.999999999Z'));
  assert.equal(spanOf(widened(range('-1h', 'now'), utc), utc)?.end, now);
});

test('ranges are said in words', () => {
  const cases = [
    [range('-15M', 'now'), 'Last 15 minutes'], [range('-1h', 'now'), 'Last hour'], [range('dStart', 'now'), 'Today'], [range('all', 'now'), 'All time'],
    [range('2026-11-21T10:00:00Z', '2026-11-21T11:29:59.999999999Z'), 'Nov 21, 10:00 – 11:30'],
    [range('2026-11-20T00:00:00Z', '2026-11-20T23:59:59.999999999Z'), 'Nov 20'],
    [range('2025-12-31T23:00:00Z', '2026-01-01T00:59:59.999999999Z'), 'Dec 31 2025, 23:00 – Jan 1 2026, 01:00'],
    [range('2026-11-21T10:00:00.250Z', '2026-11-21T10:00:01Z'), 'Nov 21, 10:00:00.250 – 10:00:02.000'],
  ];
  for (const [given, want] of cases) assert.equal(describeRange(given, utc), want);
});

test('a histogram has bars without gaps', () => {
  const rows = [
    { time: '2026-11-21T10:00:00Z', severity: 'info', count: 3 }, { time: '2026-11-21T10:00:00Z', severity: 'error', count: 1 },
    { time: '2026-11-21T10:05:00Z', severity: '', count: 0 }, { time: '2026-11-21T10:10:00Z', severity: '', count: 2 },
  ];
  const span = { start: Date.parse('2026-11-21T10:01:00Z'), end: Date.parse('2026-11-21T10:12:00Z') };
  const { buckets, width, counts, total } = histogramOf(rows.map((row) => ({ ...row, bytes_uncompressed: 0 })), span);
  assert.deepEqual(buckets.map((bucket) => bucket.total), [4, 0, 2]);
  assert.deepEqual([buckets[0].start, buckets[2].end], [span.start, span.end]);
  assert.deepEqual([width, total, counts], [300_000, 6, { info: 3, error: 1, unspecified: 2 }]);
  assert.equal(describeWidth(width), '5 min');
  assert.deepEqual([0, 1, 7, 11, 24_000, 100].map(niceCeiling), [1, 1, 8, 12, 25_000, 100]);
});

test('an axis has round times', () => {
  const startOfDay = (time) => Math.floor(time / 86_400_000) * 86_400_000;
  const { times, step } = ticksOf({ start: Date.parse('2026-11-21T10:01:00Z'), end: Date.parse('2026-11-21T11:01:00Z') }, 6, startOfDay);
  assert.equal(step, 600_000);
  assert.equal(new Date(times[0]).toISOString(), '2026-11-21T10:10:00.000Z');
  assert.equal(times.length, 6);
});
