/**
 * The shapes of what the query family asks and answers: docs/query-api.md.
 *
 * This module has types only. Import them as
 * `@typedef {import('../api/types.js').LogRow} LogRow`.
 */

/**
 * A level by its severity, from the least severe to the most; `unspecified` is none.
 * @typedef {'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'unspecified'} Level
 */

/**
 * A range of time, both ends included. Each is relative (`-1h`, `-30M`, `now`) or ISO 8601;
 * without a start it is the last hour, `all` has no start; without an end it is up to now.
 * @typedef {object} DateRange
 * @property {string | null} [date_from]
 * @property {string | null} [date_to]
 */

/**
 * Which records are meant. All that is given must hold.
 * @typedef {object} LogFilter
 * @property {string} [q] text in the language of the search box (docs/search.md)
 * @property {DateRange} [dateRange]
 * @property {Level[]} [severityLevels]
 * @property {string[]} [serviceNames]
 * @property {string} [searchTerm]
 * @property {object} [filterGroup]
 */

/**
 * @typedef {object} LogQueryOptions
 * @property {'latest' | 'earliest'} [orderBy]
 * @property {number} [limit] records on a page: 1 to 2000
 * @property {string} [after] the `nextCursor` of the page before
 * @property {string} [liveLogsCheckpoint]
 * @property {boolean} [excludeAttributes]
 * @property {string[]} [customColumns]
 *
 * @typedef {LogFilter & LogQueryOptions} LogQuery
 */

/**
 * A record. Values of attributes are texts: a map or a list is its JSON.
 * @typedef {object} LogRow
 * @property {string} uuid
 * @property {string} trace_id upper-case hex, zeros when there is none
 * @property {string} span_id upper-case hex, zeros when there is none
 * @property {string} body
 * @property {Record<string, string>} attributes
 * @property {string} timestamp ISO 8601 in UTC, with up to nine digits of fraction
 * @property {string} observed_timestamp
 * @property {string} severity_text
 * @property {number} severity_number
 * @property {Level} level
 * @property {Record<string, string>} resource_attributes
 * @property {string} resource_fingerprint
 * @property {string} instrumentation_scope
 * @property {string} event_name
 * @property {string} [live_logs_checkpoint]
 */

/**
 * @typedef {object} LogPage
 * @property {LogQuery} query the question as it was understood
 * @property {LogRow[]} results
 * @property {boolean} hasMore
 * @property {string | null} nextCursor null on the last page
 * @property {number} maxExportableLogs
 * @property {string[]} columns
 */

/**
 * @typedef {object} CountAnswer
 * @property {number} count
 */

/**
 * @typedef {object} SparklineOptions
 * @property {'severity' | 'service'} [sparklineBreakdownBy]
 * @property {'count' | 'bytes'} [sparklineRankBy]
 *
 * @typedef {LogFilter & SparklineOptions} SparklineQuery
 */

/**
 * A part of a bucket: one level or service. A bucket without records has one with an empty
 * name and no count.
 * @typedef {object} SparklineRow
 * @property {string} time the bucket's start
 * @property {string} [severity]
 * @property {string} [service]
 * @property {number} count
 * @property {number} bytes_uncompressed
 */

/**
 * Exactly one of the facets is given.
 * @typedef {object} FacetOptions
 * @property {'severity_text' | 'service_name'} [facetField]
 * @property {string} [facetAttribute]
 * @property {string} [facetResourceAttribute]
 * @property {string} [facetSearch] what values contain, in any case
 *
 * @typedef {LogFilter & FacetOptions} FacetQuery
 */

/**
 * @typedef {object} FacetValue
 * @property {string} value
 * @property {number} count
 *
 * @typedef {object} FacetAnswer
 * @property {FacetValue[]} results the 100 most frequent, the most frequent first
 */

/**
 * @typedef {object} AttributesOptions
 * @property {'log' | 'resource'} [attribute_type]
 * @property {string} [search] what names contain, in any case
 * @property {boolean} [search_values]
 * @property {number} [limit] up to 1000
 * @property {number} [offset]
 *
 * @typedef {LogFilter & AttributesOptions} AttributesQuery
 */

/**
 * @typedef {object} AttributeMatch
 * @property {string} name
 * @property {'log_attribute' | 'log_resource_attribute'} propertyFilterType
 * @property {'key' | 'value'} matchedOn
 * @property {string} [matchedValue]
 *
 * @typedef {object} AttributesAnswer
 * @property {AttributeMatch[]} results the most frequent first
 * @property {number} count how many there are on all pages
 */

/**
 * @typedef {object} AttributeValuesOptions
 * @property {string} key
 * @property {'log' | 'resource'} [attribute_type]
 * @property {string} [value] what values contain, in any case
 * @property {number} [limit]
 * @property {number} [offset]
 *
 * @typedef {LogFilter & AttributeValuesOptions} AttributeValuesQuery
 */

/**
 * @typedef {object} AttributeValue
 * @property {string} id
 * @property {string} name the value
 * @property {number} count
 *
 * @typedef {object} AttributeValuesAnswer
 * @property {AttributeValue[]} results the most frequent first
 * @property {boolean} refreshing
 */

/**
 * @typedef {object} ServicesOptions
 * @property {string} [serviceNameSearch]
 *
 * @typedef {LogFilter & ServicesOptions} ServicesQuery
 */

/**
 * @typedef {object} Service
 * @property {string} service_name `(no service)` for records without one
 * @property {number} log_count
 * @property {number} error_count
 * @property {number} error_rate
 * @property {number} volume_share_pct
 * @property {{debug: number, info: number, warn: number, error: number}} severity_breakdown
 *
 * @typedef {object} ServicesAnswer
 * @property {Service[]} services the largest first
 * @property {{time: string, service_name: string, count: number}[]} sparkline
 * @property {number} total_services
 * @property {{top_services_count: number, top_services_volume_share_pct: number}} summary
 */

/**
 * @typedef {object} GroupByOptions
 * @property {{key: string, source?: 'log' | 'resource' | 'column'}[]} groupBys one to five
 * @property {'log_count' | 'error_count' | 'last_seen'} [orderGroupsBy]
 * @property {number} [limit] 1 to 500
 *
 * @typedef {LogFilter & GroupByOptions} GroupByQuery
 */

/**
 * @typedef {object} Group
 * @property {string} value
 * @property {string[]} values one for each key
 * @property {number} log_count
 * @property {number} error_count
 * @property {string} last_seen
 *
 * @typedef {object} GroupByAnswer
 * @property {Group[]} groups
 * @property {number} total_groups
 * @property {number} total_logs
 * @property {boolean} truncated
 */

/**
 * @typedef {object} PatternExample
 * @property {string} body
 * @property {string} severity_text
 * @property {string} service_name
 * @property {string} timestamp
 *
 * @typedef {object} Pattern
 * @property {string} pattern the message with `<num>`, `<id>` … for what varies
 * @property {number} count among the records looked at
 * @property {number} estimated_count what all records would have
 * @property {number} volume_share_pct
 * @property {number} error_count
 * @property {number} estimated_error_count
 * @property {string} first_seen
 * @property {string} last_seen
 * @property {PatternExample[]} examples
 * @property {string[]} services
 * @property {number[]} sparkline 24 counts
 * @property {Record<string, number>} severity_counts by level
 * @property {string | null} match_regex an RE2 expression of messages of the pattern
 * @property {string | null} match_literal a text that most messages of the pattern contain
 *
 * @typedef {object} PatternsAnswer
 * @property {Pattern[]} patterns
 * @property {number} scanned_count
 * @property {number} total_count
 * @property {boolean} sampled
 * @property {number} sample_coverage_pct
 * @property {{start: string, end: string}[]} sparkline_buckets
 */

/**
 * @typedef {object} PatternChangeOptions
 * @property {DateRange} [baselineDateRange] the same range a week earlier, if it is not given
 *
 * @typedef {object} PatternChange
 * @property {'new' | 'rate_shift' | 'gone' | 'unchanged'} classification
 * @property {number | null} rate_ratio how many times as frequent as in the baseline
 * @property {Pattern} pattern
 * @property {number | null} baseline_estimated_count
 * @property {number | null} baseline_volume_share_pct
 *
 * @typedef {object} PatternWindow
 * @property {number} scanned_count
 * @property {number} total_count
 * @property {boolean} sampled
 * @property {number} sample_coverage_pct
 * @property {string} date_from
 * @property {string} date_to
 *
 * @typedef {object} PatternsDiffAnswer
 * @property {PatternChange[]} entries
 * @property {PatternWindow} current
 * @property {PatternWindow} baseline
 */

export {};
