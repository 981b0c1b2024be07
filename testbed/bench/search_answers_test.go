package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

type docketRow struct{ UUID, Body string }

type docketRows struct{ Results []docketRow }

func readDocketPage(body []byte) (messages []string, err error) {
	var page docketRows
	err = json.Unmarshal(body, &page)
	for _, row := range page.Results {
		messages = append(messages, row.Body)
	}
	return messages, err
}

func readDocketCount(body []byte) ([]string, error) {
	var counted struct{ Count *int64 }
	if err := json.Unmarshal(body, &counted); err != nil || counted.Count == nil {
		return nil, errors.Join(errors.New("there is no count"), err)
	}
	return []string{strconv.FormatInt(*counted.Count, 10)}, nil
}

// readDocketCounts reads one member of each object of a list.
func readDocketCounts(list, member string) func([]byte) ([]string, error) {
	return func(body []byte) (counts []string, err error) {
		var answer map[string]json.RawMessage
		if err = json.Unmarshal(body, &answer); err != nil {
			return nil, err
		}
		var elements []map[string]any
		decoder := json.NewDecoder(bytes.NewReader(answer[list]))
		decoder.UseNumber()
		err = decoder.Decode(&elements)
		for _, element := range elements {
			counts = append(counts, fmt.Sprint(element[member]))
		}
		return counts, err
	}
}

// readLines reads one member of each line's object.
func readLines(member string) func([]byte) ([]string, error) {
	return func(body []byte) (texts []string, err error) {
		for line := range strings.Lines(string(body)) {
			var object map[string]string
			if err = json.Unmarshal([]byte(line), &object); err != nil {
				return nil, err
			}
			texts = append(texts, object[member])
		}
		return texts, nil
	}
}

// bucketFact is what two sparklines have in common, whatever they are divided by.
type bucketFact struct {
	at    time.Time
	count int64
	bytes int64
}

func readSparkline(body []byte) ([]string, error) {
	var rows []struct {
		Time  time.Time
		Count int64
		Bytes int64 `json:"bytes_uncompressed"`
	}
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, err
	}
	found := make([]bucketFact, len(rows))
	for i, row := range rows {
		found[i] = bucketFact{row.Time, row.Count, row.Bytes}
	}
	return sumBuckets(found), nil
}

func readVictoriaBuckets(body []byte) ([]string, error) {
	var found []bucketFact
	for line := range strings.Lines(string(body)) {
		var row struct {
			Time  time.Time `json:"_time"`
			Hits  int64     `json:"hits,string"`
			Bytes int64     `json:"bytes,string"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			return nil, err
		}
		found = append(found, bucketFact{row.Time, row.Hits, row.Bytes})
	}
	return sumBuckets(found), nil
}

// sumBuckets adds what is of the same time, and leaves out what is nothing.
func sumBuckets(found []bucketFact) (facts []string) {
	sums := map[int64]bucketFact{}
	for _, one := range found {
		key := one.at.UnixNano()
		sums[key] = bucketFact{one.at, sums[key].count + one.count, sums[key].bytes + one.bytes}
	}
	for _, sum := range sums {
		if sum.count > 0 {
			facts = append(facts, fmt.Sprintf("%s %d records %d bytes", sum.at.UTC().Format(wholeTime), sum.count, sum.bytes))
		}
	}
	slices.Sort(facts)
	return facts
}
