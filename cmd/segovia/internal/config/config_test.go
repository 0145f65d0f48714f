package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"segovia/engine/features"
	"segovia/kernels/problem"
)

// load reads text with the variables given as NAME=VALUE.
func load(text string, o Options, vars ...string) (*Config, error) {
	o.File, o.Data = "dir/segovia.yaml", []byte(text)
	o.Lookup = func(name string) (string, bool) {
		for _, kv := range vars {
			if n, v, _ := strings.Cut(kv, "="); n == name {
				return v, true
			}
		}
		return "", false
	}
	return Load(o)
}

func mustLoad(t *testing.T, text string, o Options, vars ...string) *Config {
	t.Helper()
	c, err := load(text, o, vars...)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return c
}

// places returns "id line:column" of every problem.
func places(err error) []string {
	var out []string
	for _, p := range problem.All(err) {
		out = append(out, fmt.Sprintf("%s %d:%d", p.ID, p.Line, p.Column))
	}
	return out
}

func TestContractExample(t *testing.T) {
	c := mustLoad(t, contract, Options{}, "CRM_DSN=postgres://x:secret@h/db")
	if got := c.Source("orders").Files[1].Rename["Kunde"]; got != "kundennr" {
		t.Errorf("rename: %q", got)
	}
	if got := c.Quality.MaxRejects; got != 0.001 {
		t.Errorf("max_rejects = %v", got)
	}
	if got := *c.Monitor.Gates.NullShare; got != 0.05 {
		t.Errorf("null_share = %v", got)
	}
	f := c.FeaturesConfig(time.Time{})
	if want := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC); !f.AsOf.Equal(want) || f.Window != 365*24*time.Hour {
		t.Errorf("as_of %v, window %v", f.AsOf, f.Window)
	}
	var names []string
	for _, col := range f.Columns {
		names = append(names, col.Name)
	}
	want := []string{"recency_days", "orders_12m", "revenue_12m", "consumables_share", "basket", "industry", "region", "employees"}
	if !slices.Equal(names, want) {
		t.Errorf("columns %v, want %v", names, want)
	}
	region := features.Column{Name: "region", From: "customers", Column: "region", ProfileOnly: true}
	if !reflect.DeepEqual(f.Columns[6], region) {
		t.Errorf("region = %+v", f.Columns[6])
	}
	if p := c.PrepConfig(); p.Clip != [2]float64{0.005, 0.995} || p.Transform["revenue_12m"] != "log1p" || p.OneHot.MinLevel != 0.01 {
		t.Errorf("prep = %+v", p)
	}
	s := c.SweepConfig()
	if len(s.K) != 14 || !s.KFromRange || s.Seed != 20260101 || s.Choose.Rule != "stable-then-gap" || s.Choose.MaxSegments != 10 ||
		s.Gap != 50 || s.GapSpace != "pca" || s.GapPower != 0 {
		t.Errorf("sweep = %+v", s)
	}
	var warned []string
	for _, w := range c.Warnings() {
		warned = append(warned, w.Path)
	}
	if want := []string{"sources.survey", "sources.contacts"}; !slices.Equal(warned, want) {
		t.Errorf("warnings %v, want %v", warned, want)
	}
	var missing []string
	for _, p := range problem.All(c.Available()) {
		missing = append(missing, fmt.Sprintf("%s %d %s", p.ID, p.Line, p.Place))
	}
	want = []string{"SEG-CFG-011 17 `sources.contacts.type`", "SEG-CFG-011 36 `classify`",
		"SEG-CFG-011 37 `monitor`", "SEG-CFG-011 38 `export`"}
	if !slices.Equal(missing, want) {
		t.Errorf("Available: %q, want %q", missing, want)
	}
}

// Every kind of mistake is reported with its place, all in one go.
func TestAllErrorsAtOnce(t *testing.T) {
	text := `version: 1
project: x
sorces: {}
run: {seed: -1, seed: 2, thread: 4, hardware: {path: avx521}}
sources:
  orders: {path: "a.csv", files: [{path: b.csv}], key: c, distinct: sometimes, where: "${NOPE}"}
  empty: {key: c}
features:
  entity: customer
  as_of: 31.12.2026
  window: 1y
  columns:
    - {name: a, from: order, agg: sum, colum: x}
    - {name: a, expr: "1", score: {of: b}}
    - {name: b}
prep: {clip: [5%], weights: {c: 1}, impute: 3}
sweep: {k: 15..2, restarts: many, bootstrap: 5}
segment: {choose: 40, min_size: small}
`
	_, err := load(text, Options{})
	want := []string{
		"SEG-CFG-001 3:1", "SEG-CFG-003 4:13", "SEG-CFG-002 4:17", "SEG-CFG-001 4:26", "SEG-CFG-003 4:54", "SEG-CFG-008 6:34",
		"SEG-CFG-003 6:69", "SEG-CFG-005 6:87", "SEG-CFG-008 7:3", "SEG-CFG-008 9:11", "SEG-CFG-003 10:10", "SEG-CFG-003 11:11",
		"SEG-CFG-008 13:23", "SEG-CFG-001 13:40", "SEG-CFG-008 14:8", "SEG-CFG-008 14:14", "SEG-CFG-008 15:8", "SEG-CFG-003 16:14",
		"SEG-FEA-002 16:30", "SEG-CFG-003 16:45", "SEG-CFG-003 17:12", "SEG-CFG-003 17:29", "SEG-CFG-001 17:35", "SEG-CFG-003 18:33",
	}
	got := places(err)
	if !slices.Equal(got, want) {
		t.Errorf("problems:\n%s\n\ngot  %q\nwant %q", err, got, want)
	}
	for _, hint := range []string{"did you mean `sources`?", "did you mean `threads`?", "did you mean `column`?",
		"`bootstrap` belongs under `stability`", "did you mean `avx512`?", "did you mean `orders`?"} {
		if !strings.Contains(err.Error(), hint) {
			t.Errorf("no hint %q in\n%s", hint, err)
		}
	}
	if code := problem.ExitCode(err); code != problem.ExitConfig {
		t.Errorf("exit code %d", code)
	}
}

func TestNotYAML(t *testing.T) {
	bomb := "version: 1\na0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 10; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	for _, c := range []struct{ name, text, want string }{
		{"tabs", "version: 1\nrun:\n\tseed: 1\n\tthreads: 2\n", "SEG-CFG-004 3:1 SEG-CFG-004 4:1"},
		{"tab after spaces", "a:\n  b: 1\n  \tc: 2\n", "SEG-CFG-004 3:3"},
		{"bracket", "version: 1\nrun: {seed: 1\n", "SEG-CFG-004 2:6"},
		{"indent", "a:\n  b: 1\n c: 2\n", "SEG-CFG-004 3:2"},
		{"bomb", bomb, "SEG-CFG-004 6:38"},
		{"self", "version: 1\na: &a [*a]\n", "SEG-CFG-004 2:8"},
		{"no anchor", "version: *v\n", "SEG-CFG-004 1:10"},
		{"list", "- a\n", "SEG-CFG-004 1:1"},
		{"two documents", "version: 1\n---\nversion: 1\n", "SEG-CFG-004 3:8"},
		{"brackets", strings.Repeat("[", 100_000), "SEG-CFG-004 1:65"},
		{"dashes", strings.Repeat("- ", 100_000), "SEG-CFG-004 1:129"},
		{"tag", "version: !!python/object 1\n", "SEG-CFG-004 1:10"},
		{"newer", "version: 2\nnew_section: {}\n", "SEG-CFG-006 1:10"},
		{"zero", "version: 0\n", "SEG-CFG-003 1:10"},
		{"large", "#" + strings.Repeat("x", 1<<20), "SEG-CFG-004 0:0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := load(c.text, Options{})
			if got := strings.Join(places(err), " "); !strings.HasPrefix(got, c.want) || strings.Count(c.want, "CFG-004") != strings.Count(got, "CFG-004") {
				t.Errorf("got %q, want %q\n%v", got, c.want, err)
			}
			if strings.HasPrefix(c.want, "SEG-CFG-004") && cfg != nil {
				t.Errorf("a configuration came out")
			}
		})
	}
}

func TestVariables(t *testing.T) {
	text := strings.Replace(small, "project: small", `project: "${NAME:-fallback}-$${X}"`, 1) + "run: {seed: \"${SEED}\", threads: \"${T:-3}\"}\n"
	c := mustLoad(t, text, Options{}, "SEED=7", "EMPTY=")
	if c.Project != "fallback-${X}" || c.Run.Seed != 7 || c.Run.Threads != 3 {
		t.Errorf("project %q, run %+v", c.Project, c.Run)
	}
	_, err := load(small+"run: {seed: '${A}', temp_dir: '${B}/${C', threads: '${A B}'}\n", Options{})
	want := []string{"SEG-CFG-005 11:13", "SEG-CFG-005 11:31", "SEG-CFG-003 11:31", "SEG-CFG-003 11:52"}
	if got := places(err); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q\n%v", got, want, err)
	}
}

// A flag wins over a variable, a variable over the profile, the profile over the file, the file over the default.
func TestOrigins(t *testing.T) {
	text := small + `run: {seed: 1, keep_runs: 5, temp_dir: /a}
profiles:
  prod: {run: {seed: 2, keep_runs: 6}, sweep: {k: [2, 3]}}
  odd: {run: {speed: 1}}
`
	env, unknown := FromEnviron([]string{"SEGOVIA_SEED=3", "SEGOVIA_SWEEP__RESTARTS=4", "SEGOVIA_SEEED=1", "SEGOVIA_CONFIG=x", "HOME=/"}, "SEGOVIA_CONFIG")
	if !slices.Equal(unknown, []string{"SEGOVIA_SEEED"}) {
		t.Errorf("unknown %q", unknown)
	}
	_, err := load(text, Options{Profile: "prod"})
	if got := places(err); !slices.Equal(got, []string{"SEG-CFG-001 14:15"}) {
		t.Fatalf("the other profile: %q", got)
	}
	text = strings.Replace(text, "speed", "seed", 1)
	c := mustLoad(t, text, Options{Profile: "prod", Env: env,
		Flags: []Assignment{{"run.seed", "4", "--seed"}, {"features.columns[1].name", "money", "--set"}}})
	for path, want := range map[string]string{
		"run.seed": "--seed", "run.keep_runs": "profile prod (dir/segovia.yaml:13)", "run.temp_dir": "file (dir/segovia.yaml:11)",
		"sweep.restarts": "SEGOVIA_SWEEP__RESTARTS", "sweep.max_iter": "default", "sweep.k": "profile prod (dir/segovia.yaml:13)",
		"features.columns[1].name": "--set", "run.algorithm": "default",
	} {
		if got := c.Origin(path); got != want {
			t.Errorf("Origin(%s) = %q, want %q", path, got, want)
		}
	}
	if c.Run.Seed != 4 || c.Run.KeepRuns != 6 || c.Sweep.Restarts != 4 || c.Features.Columns[1].Name != "money" || c.Run.TempDir != "/a" {
		t.Errorf("values: %+v %+v", c.Run, c.Sweep)
	}
	if _, err := load(strings.Replace(small, "orders: {", "orders: {csv: {delimiter: \"\"}, ", 1), Options{}); err == nil || !strings.Contains(err.Error(), "in quotes") {
		t.Errorf("an empty delimiter was accepted: %v", err)
	}
	for _, d := range []string{"|", ";", "whitespace"} {
		c := mustLoad(t, small, Options{Flags: []Assignment{{"sources.orders.csv.delimiter", d, "--set"}}})
		if got := c.Source("orders").CSV.Delimiter; got != d {
			t.Errorf("--set delimiter=%s gives %q", d, got)
		}
	}
	if _, err := load(text, Options{Profile: "prd"}); !strings.Contains(err.Error(), "did you mean `prod`?") {
		t.Errorf("unknown profile: %v", err)
	}
	for _, a := range []string{"", "a..b", "run.seed.x", "features.columns[9].name", "x[", `"a`, "run."} {
		if _, err := load(small, Options{Flags: []Assignment{{a, "1", "--set"}}}); err == nil {
			t.Errorf("--set %q=1 was accepted", a)
		}
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		v    textValue
		text string
		want string // "" = refused
	}{
		{new(Size), "2GiB", "2GiB"}, {new(Size), "1.5 gib", "1536MiB"}, {new(Size), "1000", "1000"}, {new(Size), "2GX", ""}, {new(Size), "1e9", ""}, {new(Size), "-1", ""},
		{new(Share), "5%", "0.05"}, {new(Share), "5pp", "0.05"}, {new(Share), "0.1%", "0.001"}, {new(Share), ".5", "0.5"}, {new(Share), "-5%", ""}, {new(Share), "inf", ""}, {new(Share), "", ""},
		{new(Duration), "365d", "365d"}, {new(Duration), "2w", "14d"}, {new(Duration), "36h", "36h"}, {new(Duration), "all", "all"}, {new(Duration), "12m", ""}, {new(Duration), "-1d", ""}, {new(Duration), "d", ""}, {new(Duration), "999999d", ""},
		{new(AsOf), "2026-02-28", "2026-02-28"}, {new(AsOf), "2026-02-30", ""}, {new(AsOf), "today", "today"}, {new(AsOf), "2026-02-28T10:00:00+02:00", "2026-02-28T10:00:00+02:00"},
		{new(Range), "2..4", "2..4"}, {new(Range), "5", "5"}, {new(Range), "3,2", "2,3"}, {new(Range), "0", ""}, {new(Range), "4..2", ""}, {new(Range), "2..300", ""}, {new(Range), "2,2", ""},
		{new(Auto), "auto", "auto"}, {new(Auto), "0", ""}, {new(Auto), "8", "8"},
		{new(Rule), "elbow", "elbow"}, {new(Rule), "5", "5"}, {new(Rule), "best", ""},
		{new(Silhouette), "sample:500", "sample:500"}, {new(Silhouette), "sample:1", ""}, {new(Silhouette), "yes", ""},
	} {
		err := c.v.setText(c.text)
		if (err == nil) != (c.want != "") {
			t.Errorf("%T %q: %v", c.v, c.text, err)
		}
		if err == nil && c.v.String() != c.want {
			t.Errorf("%T %q = %s, want %s", c.v, c.text, c.v, c.want)
		}
	}
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.FixedZone("", 3600))
	if got := (AsOf{Today: true}).Resolve(now); !got.Equal(time.Date(2026, 5, 6, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("today = %v", got)
	}
	if _, err := load(small+"sweep: {k: [0, 3]}\n", Options{}); !strings.HasPrefix(err.Error(), "SEG-SEG-001") {
		t.Errorf("k = 0: %v", err)
	}
}

func TestContradictions(t *testing.T) {
	for add, want := range map[string]string{
		"segment: {choose: stability}\nstability: {bootstrap: 0}\n":  "SEG-CFG-008 12:24",
		"segment: {choose: silhouette}\nsweep: {silhouette: none}\n": "SEG-CFG-008 12:21",
		"segment: {choose: stable-then-gap}\nsweep: {gap: 0}\n":      "SEG-CFG-008 12:14",
		"segment: {choose: prediction-strength}\nsweep: {gap: 0}\n":  "SEG-CFG-008 12:9",
		"sweep: {gap: 1}\n": "SEG-CFG-003 11:14",
		"segment: {max_segments: 2}\nsweep: {k: 3..4}\n": "SEG-CFG-008 11:25",
		"sweep: {k: 1}\n":                                "SEG-SEG-001 11:12",
		"segment: {revenue_cuts: [1, 2]}\n":              "SEG-CFG-003 11:25",
		"prep: {groups: {a: [revenue], b: [revenue]}}\n": "SEG-CFG-008 11:35",
		"prep: {clip: [99%, 1%]}\n":                      "SEG-CFG-003 11:14",
		"prep: {weights: {revenue: -1}}\n":               "SEG-CFG-003 11:18",
		"prep: {transform: {revenu: log1p}}\n":           "SEG-FEA-002 11:20",
		"segment: {revenue: umsatz}\n":                   "SEG-FEA-002 11:20",
		"segment: {min_size: 150%}\n":                    "SEG-CFG-003 11:21",
	} {
		_, err := load(small+add, Options{})
		if got := strings.Join(places(err), " "); got != want {
			t.Errorf("%s: got %q, want %q\n%v", strings.TrimSpace(add), got, want, err)
		}
	}
}

func TestCheckOutput(t *testing.T) {
	for _, c := range []struct {
		pattern, out string
		inside       bool
	}{
		{"data/*.csv", "/w/out", false}, {"data/*.csv", "/w/data/out", false}, {"data/*", "/w/data/out", true},
		{"data/**", "/w/data/deep/out", true}, {"data", "/w/data/out", true}, {"data/", "/w/data/out", true},
		{"data/*.csv", "/w/data", true}, {"data/a.csv", "/w/data", false}, {"data/orders/*.csv", "/w/data", false},
		{"out/runs/*/labels.parquet", "/w/out", true}, {"/abs/*", "/w/out", false}, {"../w/*/x.csv", "/w/out", false},
	} {
		cfg := mustLoad(t, strings.Replace(small, "orders.csv", c.pattern, 1), Options{})
		cfg.Dir = "/w"
		err := cfg.CheckOutput(c.out)
		if (err != nil) != c.inside {
			t.Errorf("pattern %s, out %s: %v", c.pattern, c.out, err)
		}
		if err != nil && problem.All(err)[0].ID != "SEG-CFG-007" {
			t.Errorf("id: %v", err)
		}
	}
}

// A table of customers is the same in both spellings; with its accounts, every part of it is a setting of its own.
func TestEntityForms(t *testing.T) {
	with := func(entity string) *Config {
		return mustLoad(t, strings.Replace(small, "entity: {from: orders}", "entity: "+entity, 1), Options{})
	}
	plain, spelled := with("orders"), with("{table: orders}")
	if plain.Hash() != spelled.Hash() || !strings.Contains(string(plain.Resolved()), `"entity":"orders"`) {
		t.Errorf("two spellings of one table are two configurations: %s, %s", plain.Resolved(), spelled.Resolved())
	}
	for entity, want := range map[string]features.Entity{
		"orders":                      {Table: "orders"},
		"{table: orders}":             {Table: "orders"},
		"{from: orders, key: k}":      {From: "orders", Key: "k"},
		"{table: orders, account: p}": {Table: "orders", Account: "p", Accounts: "tie"},
		"{table: orders, account: p, accounts: sum}": {Table: "orders", Account: "p", Accounts: "sum"},
	} {
		c := with(entity)
		if got := c.FeaturesConfig(time.Time{}).Entity; got != want {
			t.Errorf("%s: %+v, want %+v", entity, got, want)
		}
		if want.Account != "" && (c.Hash() == plain.Hash() || !strings.Contains(string(c.Resolved()), `"entity":{"table":"orders","account":"p"`)) {
			t.Errorf("%s: resolved to %s", entity, c.Resolved())
		}
	}
}

func TestResolvedHidesSecretsAndMachine(t *testing.T) {
	a := mustLoad(t, contract, Options{}, "CRM_DSN=postgres://x:secret@h/db")
	b := mustLoad(t, contract, Options{Flags: []Assignment{{"run.threads", "7", "--threads"}}}, "CRM_DSN=other")
	if strings.Contains(string(a.Resolved()), "secret") || !json.Valid(a.Resolved()) {
		t.Errorf("resolved: %s", a.Resolved())
	}
	if a.Hash() != b.Hash() {
		t.Error("threads or a secret changed the hash")
	}
	if c := mustLoad(t, contract, Options{Flags: []Assignment{{"run.seed", "7", "--seed"}}}, "CRM_DSN=x"); c.Hash() == a.Hash() {
		t.Error("the seed did not change the hash")
	}
	for _, s := range a.Settings() {
		if strings.Contains(fmt.Sprint(s.Value), "secret") {
			t.Errorf("%+v", s)
		}
	}
}

// The schema for editors accepts what Load accepts and refuses wrong keys and forms.
func TestSchema(t *testing.T) {
	var doc any
	if err := json.Unmarshal(Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(SchemaURL, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(SchemaURL)
	if err != nil {
		t.Fatal(err)
	}
	check := func(text string) error {
		asJSON, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(asJSON)))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(v)
	}
	for _, good := range []string{contract, small, small + "profiles: {prod: {run: {seed: 3}}}\n", small + "run: {seed: \"${SEED}\"}\n", small + "sweep: {k: [2, 3]}\n"} {
		if err := check(good); err != nil {
			t.Errorf("refused: %v\n%s", err, good)
		}
	}
	for _, bad := range []string{small + "runn: {}\n", small + "run: {seed: -1.5}\n", small + "sweep: {k: many}\n", small + "profiles: {p: {x: 1}}\n", "project: x\n"} {
		if check(bad) == nil {
			t.Errorf("accepted:\n%s", bad)
		}
		if _, err := load(bad, Options{}); err == nil {
			t.Errorf("Load accepted:\n%s", bad)
		}
	}
}

func TestEnvFile(t *testing.T) {
	path := t.TempDir() + "/env"
	write(t, path, "# c\nA=1\nexport B = \"x y\"\r\n\nC='q'\n")
	vars, err := ReadEnvFile(path)
	if err != nil || !reflect.DeepEqual(vars, map[string]string{"A": "1", "B": "x y", "C": "q"}) {
		t.Errorf("%v %v", vars, err)
	}
	write(t, path, "A=1\nnonsense\n1B=2\n")
	if _, err := ReadEnvFile(path); !slices.Equal(places(err), []string{"SEG-CFG-003 2:0", "SEG-CFG-003 3:0"}) {
		t.Errorf("%v", err)
	}
	if _, err := ReadEnvFile(path + "x"); problem.ExitCode(err) != problem.ExitConfig {
		t.Errorf("%v", err)
	}
}

func FuzzLoad(f *testing.F) {
	for _, s := range []string{contract, small, "a: &a [*a]", "? [", "a: {<<: [*b]}", "{", "\t", "- - -", "sources: {a: 1, b: [], c: {files: [1]}}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := load(text, Options{})
		if err == nil && !json.Valid(c.Resolved()) {
			t.Errorf("resolved is no JSON: %s", c.Resolved())
		}
		if err != nil && len(problem.All(err)) == 0 {
			t.Errorf("an error without an id: %v", err)
		}
	})
}
