package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// accounts is the setting that tells the generated company's accounts.
func accounts(mode string) string {
	return "features.entity={table: customers, account: parent_id, accounts: " + mode + "}"
}

// parentsOf reads who is whose subsidiary in the generated company, by customer; "" for heads. No subsidiary has one.
func parentsOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	parents := map[string]string{}
	_, rows := lines(read(t, filepath.Join(dir, "customers", "customers.csv")))
	for _, row := range rows {
		fields := strings.SplitN(string(row), ",", 3)
		parents[fields[0]] = fields[1]
	}
	return parents
}

// accountFigures is what quality.json and sweep.json say of accounts.
type accountFigures struct {
	Entity struct {
		Customers int
		Accounts  struct {
			Mode                              string
			Accounts, Joint, Members, Largest int
		}
	}
	Findings   []struct{ Code string }
	N          int
	Convention struct{ Accounts int }
}

// want counts the accounts of the company in the way of somebody with a list.
func (f *accountFigures) want(t *testing.T, run string, parents map[string]string, mode string) (joint int) {
	t.Helper()
	decode(t, filepath.Join(run, "quality.json"), f)
	decode(t, filepath.Join(run, "sweep.json"), f)
	size := map[string]int{}
	for id, parent := range parents {
		if parent == "" {
			parent = id
		}
		size[parent]++
	}
	members, largest := 0, 0
	for _, n := range size {
		largest = max(largest, n)
		if n > 1 {
			joint++
			members += n
		}
	}
	a := f.Entity.Accounts
	if a.Mode != mode || a.Accounts != len(size) || a.Joint != joint || a.Members != members || a.Largest != largest || members < customers/6 {
		t.Errorf("quality.json: %+v, want %d accounts, %d joint of %d members, the largest of %d", a, len(size), joint, members, largest)
	}
	if !slices.ContainsFunc(f.Findings, func(f struct{ Code string }) bool { return f.Code == "accounts" }) {
		t.Error("no finding tells of the accounts")
	}
	return joint
}

// No account is divided: the generated company's subsidiaries are where their heads are, whatever the number of threads,
// the files, their order, the memory; and the kept model says the same.
func TestAccountsTied(t *testing.T) {
	bin, dir := segovia(t), bare(t, company(t))
	parents := parentsOf(t, dir)
	set := []string{"company.yaml", "--set", accounts("tie"), "--set", "segment.best_failing=true"}
	s, run := publish(t, bin, dir, append(set, "--out", "tied", "--threads", "1")...)
	if s.Customers != customers || s.K < 2 {
		t.Fatalf("%+v", s)
	}
	labels := readParquet(t, filepath.Join(run, "labels.parquet"))
	number := map[string]string{}
	for i, id := range labels.column(t, "customer_id") {
		number[id] = labels.column(t, "number")[i]
	}
	nearer := 0
	for i, id := range labels.column(t, "customer_id") {
		head := parents[id]
		if head == "" {
			head = id
		}
		if labels.column(t, "account_id")[i] != head {
			t.Fatalf("customer %s is of account %s, want %s", id, labels.cells["account_id"][i], head)
		}
		if number[id] != number[head] {
			t.Fatalf("customer %s is in segment %s, its head in %s", id, number[id], number[head])
		}
		if strings.HasPrefix(labels.column(t, "margin")[i], "-") {
			nearer++
		}
	}
	var f accountFigures
	f.want(t, run, parents, "tie")
	if f.N != customers || f.Convention.Accounts != f.Entity.Accounts.Accounts {
		t.Errorf("sweep.json: %d rows, %d accounts", f.N, f.Convention.Accounts)
	}
	if nearer == 0 {
		t.Error("no customer is kept with its account: tying does nothing here")
	}
	want := artifacts(t, run)
	t.Run("same bytes", func(t *testing.T) {
		_, run := publish(t, bin, dir, append(set, "--out", "threads", "--threads", "7")...)
		same(t, run, want)
		_, run = publish(t, bin, bare(t, divided(t, 5)), append(set, "--out", "out", "--threads", "3")...)
		same(t, run, want)
		_, run = publish(t, bin, dir, append(set, "--out", "other", "--seed", "8")...)
		if bytes.Equal(artifacts(t, run)["sweep.json"], want["sweep.json"]) {
			t.Error("another seed gives the same sweep.json")
		}
	})
	t.Run("predict", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "labels.parquet")
		call(t, bin, dir, append([]string{"predict", "--model", run, "--out", out}, set[:3]...)...)
		if !bytes.Equal(read(t, out), want["labels.parquet"]) {
			t.Error("from the sources: the file is not labels.parquet byte for byte")
		}
		// A table does not tell the accounts, unless it has the column.
		features := filepath.Join(run, "features.parquet")
		cmd := command(bin, dir, "predict", "--json", "--model", run, features)
		both, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(both, []byte("SEG-KEY-003")) || bytes.Contains(both, []byte(s.LabelHash)) {
			t.Errorf("from features alone: %v: %s", err, both)
		}
		tb := readParquet(t, features)
		for _, name := range []string{"parent_id", "account_id", "mother"} {
			file, extra := filepath.Join(t.TempDir(), "features.csv"), []string(nil)
			if name == "mother" {
				extra = []string{"--account", name}
			}
			var b bytes.Buffer
			b.WriteString(name + "," + strings.Join(tb.names, ",") + "\n")
			for i := range tb.n {
				row := []string{parents[tb.cells["customer_id"][i]]}
				for _, column := range tb.names {
					row = append(row, strings.Replace(tb.cells[column][i], "(null)", "", 1))
				}
				b.WriteString(strings.Join(row, ",") + "\n")
			}
			put(t, file, b.Bytes())
			if out := call(t, bin, dir, append([]string{"predict", "--json", "--model", run, file}, extra...)...); !bytes.Contains(out, []byte(s.LabelHash)) {
				t.Errorf("with the column %s: the label hash is not that of the run, %s: %s", name, s.LabelHash, out)
			}
		}
	})
	t.Run("explain", func(t *testing.T) {
		for i, id := range labels.cells["customer_id"] {
			if !strings.HasPrefix(labels.cells["margin"][i], "-") {
				continue
			}
			var got struct {
				AccountID string `json:"account_id"`
				SegmentID string `json:"segment_id"`
				Margin    float64
			}
			if err := json.Unmarshal(call(t, bin, dir, "explain", id, "--out", "tied", "--json"), &got); err != nil {
				t.Fatal(err)
			}
			if got.AccountID != labels.cells["account_id"][i] || got.SegmentID != labels.cells["segment_id"][i] || fmt.Sprint(got.Margin) != labels.cells["margin"][i] {
				t.Errorf("%s: %+v, margin %s in labels.parquet", id, got, labels.cells["margin"][i])
			}
			break
		}
	})
}

// Accounts that are summed up have the features that the files would give in which somebody has put the head's id in the
// place of its members', and taken the members out of the customer table.
func TestAccountsSummed(t *testing.T) {
	bin, dir := segovia(t), bare(t, company(t))
	parents := parentsOf(t, dir)
	set := []string{"company.yaml", "--set", accounts("sum"), "--set", "segment.best_failing=true"}
	s, run := publish(t, bin, dir, append(set, "--out", "summed", "--threads", "1")...)
	var f accountFigures
	f.want(t, run, parents, "sum")
	if s.Customers != f.Entity.Accounts.Accounts || f.Entity.Customers != s.Customers || f.Convention.Accounts != 0 {
		t.Errorf("%d customers, %d in quality.json, %d tied", s.Customers, f.Entity.Customers, f.Convention.Accounts)
	}
	byHand := t.TempDir()
	for _, table := range []struct {
		name   string
		column int
	}{{"customers", 0}, {"orders", 2}, {"contacts", 1}, {"devices", 1}} {
		names, err := filepath.Glob(filepath.Join(dir, table.name, "*"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no files: %v", err)
		}
		for _, name := range names {
			header, rows := lines(read(t, name))
			out := slices.Clone(header)
			for _, row := range rows {
				fields := strings.SplitN(string(row), ",", table.column+2)
				head := parents[fields[table.column]]
				if head != "" && table.name == "customers" {
					continue
				}
				if head != "" {
					fields[table.column] = head
				}
				out = append(out, strings.Join(fields, ",")...)
			}
			put(t, filepath.Join(byHand, table.name, filepath.Base(name)), out)
		}
	}
	put(t, filepath.Join(byHand, "company.yaml"), read(t, filepath.Join(dir, "company.yaml")))
	_, other := publish(t, bin, byHand, "company.yaml", "--out", "out", "--set", "segment.best_failing=true")
	for _, name := range []string{"features.parquet", "labels.parquet"} {
		if !bytes.Equal(read(t, filepath.Join(run, name)), read(t, filepath.Join(other, name))) {
			t.Errorf("%s is not that of the files with ids replaced by hand", name)
		}
	}
	labels, members := readParquet(t, filepath.Join(run, "labels.parquet")), readParquet(t, filepath.Join(run, "members.parquet"))
	if want := []string{"customer_id", "account_id", "segment_id", "segment", "number"}; !slices.Equal(members.names, want) {
		t.Errorf("members.parquet has the columns %v, want %v", members.names, want)
	}
	if members.n != customers || !slices.IsSorted(members.column(t, "customer_id")) {
		t.Fatalf("members.parquet has %d rows, or they are not in key order", members.n)
	}
	of := map[string]int{}
	for i, id := range labels.column(t, "customer_id") {
		of[id] = i
	}
	for i, id := range members.cells["customer_id"] {
		head := parents[id]
		if head == "" {
			head = id
		}
		if members.cells["account_id"][i] != head {
			t.Fatalf("customer %s is of account %s, want %s", id, members.cells["account_id"][i], head)
		}
		for _, name := range []string{"segment_id", "segment", "number"} {
			if members.cells[name][i] != labels.cells[name][of[head]] {
				t.Fatalf("customer %s has the %s %s, its account %s", id, name, members.cells[name][i], labels.cells[name][of[head]])
			}
		}
	}
	want, list := artifacts(t, run), read(t, filepath.Join(run, "members.parquet"))
	_, run = publish(t, bin, bare(t, divided(t, 6)), append(set, "--out", "out", "--threads", "7")...)
	same(t, run, want)
	if !bytes.Equal(read(t, filepath.Join(run, "members.parquet")), list) {
		t.Error("other files give other members")
	}
	out := filepath.Join(t.TempDir(), "labels.parquet")
	call(t, bin, dir, append([]string{"predict", "--model", run, "--out", out}, set[:3]...)...)
	if !bytes.Equal(read(t, out), want["labels.parquet"]) {
		t.Error("predict: the file is not labels.parquet byte for byte")
	}
	for id, parent := range parents {
		if parent != "" {
			var got struct {
				AccountID string `json:"account_id"`
			}
			if err := json.Unmarshal(call(t, bin, dir, "explain", id, "--out", "summed", "--json"), &got); err != nil || got.AccountID != parent {
				t.Errorf("%s: %+v, %v", id, got, err)
			}
			break
		}
	}
	refused := command(bin, dir, "predict", "--model", run, "company.yaml")
	if text, err := refused.CombinedOutput(); refused.ProcessState.ExitCode() != 18 || !bytes.Contains(text, []byte("parent_id")) {
		t.Errorf("customers for a model of accounts: %v: %s", err, text)
	}
}
