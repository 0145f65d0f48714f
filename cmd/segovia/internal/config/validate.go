package config

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"

	"segovia/engine/tiers"
	"segovia/io/csvio"
	"segovia/kernels/problem"
)

// Warning is something that a user should know about a valid configuration.
type Warning struct {
	ID, Path, Text string
	File           string
	Line, Column   int
}

// Problem returns the warning in the form in which it is shown.
func (w Warning) Problem() *problem.Problem {
	return &problem.Problem{ID: w.ID, What: w.Text, File: w.File, Line: w.Line, Column: w.Column, Place: "`" + w.Path + "`"}
}

// Warnings returns what a user should know about a valid configuration, in the order in which it was found.
func (c *Config) Warnings() []Warning { return c.warnings }

func (c *Config) warn(path, format string, args ...any) {
	p := c.index[path]
	c.warnings = append(c.warnings, Warning{ID: "SEG-CFG-010", Path: path, Text: fmt.Sprintf(format, args...), File: p.file,
		Line: p.line, Column: p.col})
}

// Problem returns a problem at the place of the value at path, or of the nearest section above it.
func (c *Config) Problem(path, id, what, why, fix string) *problem.Problem {
	p := &problem.Problem{ID: id, What: what, Place: "`" + path + "`", Why: why, Fix: fix}
	for at := path; ; at = parent(at) {
		if pos, ok := c.index[at]; ok {
			return pos.at(p)
		}
		if at == "" {
			p.File = c.File
			return p
		}
	}
}

// Locate gives problems that name a setting as their Place (`features.columns[3].where`), as the engine does, its position
// in the file. A Column without Line is a character in that setting's text. Other errors come back as they are.
func (c *Config) Locate(err error) error {
	for _, p := range problem.All(err) {
		if p.File != "" || p.Line != 0 || p.Place == "" {
			continue
		}
		path := strings.Trim(p.Place, "`")
		if _, err := splitPath(path); err != nil || !c.inSections(path) {
			continue
		}
		if p.Column > 0 {
			p.Place = fmt.Sprintf("`%s`, character %d", path, p.Column)
		} else {
			p.Place = "`" + path + "`"
		}
		at := c.Problem(path, p.ID, "", "", "")
		p.File, p.Line, p.Column = at.File, at.Line, at.Column
	}
	return err
}

// inSections reports whether path begins with a section of the configuration.
func (c *Config) inSections(path string) bool {
	first := path
	if i := strings.IndexAny(path, ".["); i >= 0 {
		first = path[:i]
	}
	_, ok := find(fieldsOf(reflect.TypeFor[Config]()), first)
	return ok
}

// parent cuts the last step off a path.
func parent(path string) string {
	if i := strings.LastIndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return ""
}

// checker collects what contradicts itself.
type checker struct {
	*Config
	problems problem.List
}

func (k *checker) fail(path, id, what, why, fix string) {
	if k.failed[path] {
		return // its value is already reported as unreadable
	}
	k.problems = append(k.problems, k.Problem(path, id, what, why, fix))
}

// contradiction reports a SEG-CFG-008.
func (k *checker) contradiction(path, what, why, fix string) {
	k.fail(path, "SEG-CFG-008", what, why, fix)
}

// isSet reports whether the configuration itself gives the value at path.
func (c *Config) isSet(path string) bool { _, ok := c.index[path]; return ok }

// validate finds contradictions between values that are right each for itself.
func (c *Config) validate() problem.List {
	k := &checker{Config: c}
	if !c.failed["sources"] {
		k.sources()
		k.entity()
		k.columns()
		k.references()
		k.worth()
	}
	k.choice()
	k.others()
	c.remarks()
	return k.problems
}

func (c *Config) sourceNames() []string {
	out := make([]string, len(c.Sources))
	for i, s := range c.Sources {
		out[i] = s.Name
	}
	return out
}

// Source returns the source of that name, or nil.
func (c *Config) Source(name string) *Source {
	for i := range c.Sources {
		if c.Sources[i].Name == name {
			return &c.Sources[i]
		}
	}
	return nil
}

func (k *checker) sources() {
	if len(k.Sources) == 0 {
		k.contradiction("sources", "no source is given", "a run needs tables to read", "add `sources: {orders: {path: ...}}`")
	}
	for _, s := range k.Sources {
		at := join("sources", s.Name)
		database := s.Type == "postgres"
		switch {
		case k.failed[at] || k.failed[at+".path"] || k.failed[at+".files"] || k.failed[at+".type"]:
		case s.Path != "" && len(s.Files) > 0:
			k.contradiction(at+".files", fmt.Sprintf("source %q has both path and files", s.Name), "", "keep one of them")
		case !database && s.Path == "" && len(s.Files) == 0:
			k.contradiction(at, fmt.Sprintf("source %q has neither path nor files", s.Name), "", "add `path: FILE-OR-GLOB`")
		case database && (s.Path != "" || len(s.Files) > 0):
			k.contradiction(at+".type", fmt.Sprintf("source %q is a database and has files", s.Name), "", "keep dsn and table, or the files")
		case database && (len(s.Table) == 0 || s.DSN == "" && !k.failed[at+".dsn"]):
			k.contradiction(at, fmt.Sprintf("source %q needs dsn and table", s.Name), "", "add `dsn: \"${DSN}\", table: [schema, table]`")
		case !database && (s.DSN != "" || len(s.Table) > 0):
			k.contradiction(at, fmt.Sprintf("source %q has dsn or table, and is no database", s.Name), "", "add `type: postgres`, or remove them")
		}
		k.csv(at+".csv", s.CSV)
		for i, f := range s.Files {
			k.csv(fmt.Sprintf("%s.files[%d].csv", at, i), f.CSV)
		}
		if s.Key == "" && !(k.Features.Entity.From == s.Name && k.Features.Entity.Key != "") {
			k.contradiction(at+".key", fmt.Sprintf("source %q has no key", s.Name), "records are joined to customers by it", "add `key: COLUMN`")
		}
	}
}

// What text files may be written in; io/csvio reads these.
var (
	encodings  = []string{"utf-8", "utf-16", "utf-16le", "utf-16be", "cp1252", "windows-1252", "iso-8859-15", "latin9"}
	delimiters = []string{",", ";", "tab", "|", "whitespace"}
)

func (k *checker) csv(at string, c CSV) {
	bad := func(key, value, fix string) {
		k.fail(at+"."+key, "SEG-CFG-003", fmt.Sprintf("`%s.%s` is %q", at, key, shorten(value)), "text files are not read so", fix)
	}
	if d := c.Delimiter; d != "" && !slices.Contains(delimiters, d) && (len(d) != 1 || !strings.Contains(":^~#!$%&*/=@\\", d)) {
		bad("delimiter", d, "use one of "+strings.Join(delimiters, " "))
	} else if d == "" && k.isSet(at+".delimiter") {
		// A bare | begins an empty block of text in YAML.
		bad("delimiter", d, `write it in quotes: delimiter: "|"; leave the key out to have it detected`)
	}
	if c.Encoding != "" && !slices.Contains(encodings, strings.ToLower(c.Encoding)) {
		bad("encoding", c.Encoding, DidYouMean(c.Encoding, encodings))
	}
	if c.Quote != "" && c.Quote != "none" && c.Quote != `"` && c.Quote != "'" {
		bad("quote", c.Quote, `use ", ' or none`)
	}
	known := func(style string) bool { return strings.HasPrefix(strings.ToLower(c.Dates), style) }
	if c.Dates != "" && !slices.ContainsFunc(csvio.DateStyles, known) {
		bad("dates", c.Dates, DidYouMean(c.Dates, csvio.DateStyles))
	}
}

func (k *checker) unknownSource(path, name string) bool {
	if name == "" || k.Source(name) != nil {
		return false
	}
	k.contradiction(path, fmt.Sprintf("there is no source %q", name), "", DidYouMean(name, k.sourceNames()))
	return true
}

func (k *checker) entity() {
	f := k.Features
	switch {
	case k.failed["features"] || k.failed["features.entity"] || k.failed["features.entity.from"]:
	case f.Entity.Table == "" && f.Entity.From == "":
		k.contradiction("features", "`features.entity` is missing", "it says who the customers are",
			"write `entity: customers` (a source with one row each) or `entity: {from: orders, key: COLUMN}`")
	case f.Entity.Table != "" && f.Entity.From != "":
		k.contradiction("features.entity", "the customers are given as a table and as a source of events", "", "keep one of table and from")
	default:
		at := "features.entity"
		if k.isSet("features.entity.table") {
			at += ".table"
		}
		k.unknownSource(at, f.Entity.Table)
		k.unknownSource("features.entity.from", f.Entity.From)
	}
	switch e := f.Entity; {
	case e.Account != "" && e.Table == "" && e.From != "":
		k.contradiction("features.entity.account", "accounts need a table of customers", "a customer's parent stands in its one row there",
			"write `entity: {table: customers, account: parent_id}`")
	case e.Accounts != "" && e.Account == "":
		k.contradiction("features.entity.accounts", "accounts are asked for, and no column tells them", "",
			"add `account: COLUMN`, the column with the parent's customer id")
	case e.Key != "" && e.From == "" && e.Table != "":
		k.contradiction("features.entity.key", "the key of a table of customers is given twice", "it belongs to the source",
			fmt.Sprintf("set `sources.%s.key`", e.Table))
	}
	if !f.AsOf.IsSet() && !k.failed["features"] && !k.failed["features.as_of"] {
		k.contradiction("features", "`features.as_of` is missing", "nothing reads the clock unasked",
			"write a date, for example the day after the last record, or today")
	}
}

func (k *checker) columns() {
	seen := map[string]int{}
	if len(k.Features.Columns) == 0 && !k.failed["features"] && !k.failed["features.columns"] {
		k.contradiction("features", "`features.columns` is missing", "a run needs features",
			"add at least `- {name: recency_days, from: SOURCE, agg: days_since_last}`")
	}
	for i, c := range k.Features.Columns {
		at := fmt.Sprintf("features.columns[%d]", i)
		if first, dup := seen[c.Name]; dup && c.Name != "" {
			k.contradiction(at+".name", fmt.Sprintf("two features are named %q", c.Name),
				fmt.Sprintf("the first is features.columns[%d]", first), "rename one of them")
		} else {
			seen[c.Name] = i
		}
		var ways []string
		for _, w := range []struct {
			name string
			set  bool
		}{{"from", c.From != ""}, {"expr", c.Expr != ""}, {"score", c.Score != nil}} {
			if w.set || k.failed[at+"."+w.name] {
				ways = append(ways, w.name)
			}
		}
		switch {
		case k.failed[at]:
		case len(ways) == 0 && c.Agg == rfmSegment && c.Column != "": // made of the scores that column lists
		case len(ways) == 0:
			k.contradiction(at, fmt.Sprintf("feature %q has no origin", c.Name), "", "give one of from, expr, score")
		case len(ways) > 1:
			k.contradiction(at, fmt.Sprintf("feature %q has %s", c.Name, strings.Join(ways, " and ")),
				"each is a way of its own to compute it", "keep one of them")
		}
		k.unknownSource(at+".from", c.From)
	}
}

// rfmSegment is the aggregation that has no source: its column lists features.
const rfmSegment = "rfm_segment"

// featureNames are the names that other sections may use; open are prefixes of features that expand by level.
func (c *Config) featureNames() (known, open []string) {
	for _, f := range c.Features.Columns {
		known = append(known, f.Name)
		if f.By != "" {
			open = append(open, f.Name+"_")
		}
	}
	for _, n := range c.Features.ProfileOnly {
		if !slices.Contains(known, n) {
			known = append(known, n)
		}
	}
	return known, open
}

// references holds names of features in other sections against the features that exist.
func (k *checker) references() {
	known, open := k.featureNames()
	exists := func(name string) bool {
		return slices.Contains(known, name) || slices.ContainsFunc(open, func(p string) bool { return strings.HasPrefix(name, p) })
	}
	need := func(path, name string) {
		if name != "" && !exists(name) {
			k.fail(path, "SEG-FEA-002", fmt.Sprintf("there is no feature %q", name), "", DidYouMean(name, known))
		}
	}
	for i, c := range k.Features.Columns {
		if c.Score != nil {
			need(fmt.Sprintf("features.columns[%d].score.of", i), c.Score.Of)
		}
	}
	for i, n := range k.Features.ProfileOnly {
		if k.Features.Entity.Table == "" && !slices.ContainsFunc(k.Features.Columns, func(c Column) bool { return c.Name == n }) {
			k.fail(fmt.Sprintf("features.profile_only[%d]", i), "SEG-FEA-002", fmt.Sprintf("there is no feature %q", n),
				"without an entity table, only features can be named here", DidYouMean(n, known))
		}
	}
	for i, n := range k.Prep.Features {
		need(fmt.Sprintf("prep.features[%d]", i), n)
	}
	for _, n := range sortedKeys(k.Prep.Transform) {
		if n != "*" {
			need(join("prep.transform", n), n)
		}
	}
	for _, n := range sortedKeys(k.Prep.Weights) {
		if _, group := k.Prep.Groups[n]; !group {
			need(join("prep.weights", n), n)
		}
	}
	for _, g := range sortedKeys(k.Prep.Groups) {
		for i, n := range k.Prep.Groups[g] {
			need(fmt.Sprintf("%s[%d]", join("prep.groups", g), i), n)
		}
	}
	need("segment.revenue", k.Segment.Revenue)
	need("segment.orders", k.Segment.Orders)
	need("segment.contacts", k.Segment.Contacts)
	need("segment.addressable", k.Segment.Addressable)
	for _, n := range sortedKeys(k.Segment.Vocabulary) {
		need(join("segment.vocabulary", n), n)
	}
	for i, nick := range k.Segment.Nicknames {
		at := fmt.Sprintf("segment.nicknames[%d]", i)
		if nick.Name.DE == "" && nick.Name.EN == "" || len(nick.When) == 0 {
			k.contradiction(at, "a nickname needs a name and a condition", "", "write `{name: {de: Schläfer, en: sleepers}, when: {recency_days: high}}`")
		}
		for _, n := range sortedKeys(nick.When) {
			if !(k.Tiers != nil && slices.Contains(tiers.Added, n)) {
				need(join(at+".when", n), n)
			}
		}
	}
	for _, n := range sortedKeys(k.Prep.Order) {
		need(join("prep.order", n), n)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// choice checks the sweep against the rule that chooses.
func (k *checker) choice() {
	rule := string(k.Segment.Choose)
	fixed, err := strconv.Atoi(rule)
	switch {
	case k.failed["segment.choose"] || k.failed["sweep.k"]:
	case err == nil && !slices.Contains(k.Sweep.K.Values, fixed):
		k.contradiction("segment.choose", fmt.Sprintf("the rule asks for %d segments, which the sweep does not try", fixed),
			"sweep.k is "+k.Sweep.K.String(), "add it to sweep.k")
	case (strings.HasPrefix(rule, "gap:") || rule == "stable-then-gap") && k.Sweep.Gap == 0:
		k.contradiction("sweep.gap", fmt.Sprintf("the rule %s needs the gap statistic", rule), "sweep.gap is 0",
			"set it to 50, or `segment: {choose: stable-then-silhouette}`")
	case rule == "prediction-strength" && k.Sweep.Strength == 0:
		k.contradiction("sweep.prediction_strength", fmt.Sprintf("the rule %s needs the prediction strength", rule), "sweep.prediction_strength is 0",
			"set it to 50, or choose by another rule")
	case strings.HasPrefix(rule, "stab") && k.Stability.Bootstrap == 0 && !k.failed["stability.bootstrap"]:
		k.contradiction("stability.bootstrap", fmt.Sprintf("the rule %s needs bootstrap pairs", rule), "stability.bootstrap is 0",
			"set it to 100, or `segment: {choose: silhouette}`")
	case strings.HasSuffix(rule, "silhouette") && k.Sweep.Silhouette == "none":
		k.contradiction("sweep.silhouette", fmt.Sprintf("the rule %s needs silhouettes", rule), "sweep.silhouette is none",
			"set it to exact or sample:10000")
	}
	if ks := k.Sweep.K.Values; len(ks) > 0 && slices.Max(ks) == 1 && rule != "1" && !k.failed["sweep.k"] {
		k.fail("sweep.k", "SEG-SEG-001", "the sweep tries k = 1 alone", "that leaves nothing to choose",
			"try more, for example `sweep: {k: 2..10}`, or write `segment: {choose: 1}`")
	}
	if k.Sweep.Gap == 1 {
		k.fail("sweep.gap", "SEG-CFG-003", "one reference set is too few for the gap statistic", "its standard error needs at least two",
			"use 50, or 0 for none")
	}
	if m := k.Segment.MaxSegments; m > 0 && len(k.Sweep.K.Values) > 0 && k.Sweep.K.Values[0] > m {
		k.contradiction("segment.max_segments", fmt.Sprintf("at most %d segments are allowed and the sweep begins at %d", m, k.Sweep.K.Values[0]),
			"no solution could be chosen", "lower sweep.k or raise max_segments")
	}
}

func (k *checker) others() {
	if n := len(k.Prep.Clip); k.isSet("prep.clip") && !k.failed["prep.clip"] &&
		(n != 2 || k.Prep.Clip[0] >= k.Prep.Clip[1] || k.Prep.Clip[1] > 1) {
		k.fail("prep.clip", "SEG-CFG-003", "`prep.clip` is no pair of quantiles", "expected a lower and an upper one, between 0 and 1",
			"write for example [0.5%, 99.5%]")
	}
	for _, n := range sortedKeys(k.Prep.Weights) {
		if k.Prep.Weights[n] < 0 {
			k.fail(join("prep.weights", n), "SEG-CFG-003", fmt.Sprintf("the weight of %q is negative", n), "", "write a number from 0")
		}
	}
	if cuts := k.Segment.RevenueCuts; k.isSet("segment.revenue_cuts") && !k.failed["segment.revenue_cuts"] &&
		(len(cuts) != 3 || cuts[0] >= cuts[1] || cuts[1] >= cuts[2]) {
		k.fail("segment.revenue_cuts", "SEG-CFG-003", "`segment.revenue_cuts` are no three rising numbers", "", "write for example [0.4, 1.2, 2]")
	}
	group := map[string]string{}
	for _, g := range sortedKeys(k.Prep.Groups) {
		for i, n := range k.Prep.Groups[g] {
			if other, dup := group[n]; dup {
				k.contradiction(fmt.Sprintf("%s[%d]", join("prep.groups", g), i),
					fmt.Sprintf("feature %q is in the groups %q and %q", n, other, g), "", "keep it in one")
			}
			group[n] = g
		}
	}
}
