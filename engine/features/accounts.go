package features

import (
	"fmt"
	"slices"
	"strings"

	"segovia/engine/quality"
	"segovia/kernels/problem"
)

// What becomes of the members of one account, in Entity.Accounts.
const (
	AccountsTie = "tie" // each is a row of the table, and they belong together
	AccountsSum = "sum" // the account is one row: the records of all its members count for its head
)

// Accounts says which customers of the entity table are one account. A customer without a parent, or that is its own, is a
// head; others belong to the head at the end of their chain of parents. Where that end is not in the table, the customers
// directly under it stay together, led by the first of them in key order; a circle of parents is led by its first member
// in key order. Both are findings of the quality report.
type Accounts struct {
	Mode      string   // AccountsTie or AccountsSum
	Customers []string // all, ascending
	Head      []int32  // by customer: the row of the table that is the account's head
}

// Heads returns, for ascending keys and the parent of each ("" = none), the position of each one's head, and what there
// was to find. It is how Fold resolves accounts.
func Heads(keys, parents []string) ([]int32, quality.Accounts) {
	at := make([]int32, len(keys))
	missing := map[string]int32{}
	for i, p := range parents {
		at[i] = parentNumber(p, missing, func() int32 {
			if j, ok := slices.BinarySearch(keys, p); ok {
				return int32(j)
			}
			return noParent
		})
	}
	return resolveAccounts(at, len(missing), func(a, b int32) bool { return a < b })
}

// noParent marks a head; numbers below stand for parents that are not in the table, -2 - i for the i-th.
const noParent = -1

// parentNumber returns the number of a parent; find looks among the customers.
func parentNumber(text string, missing map[string]int32, find func() int32) int32 {
	if text == "" {
		return noParent
	}
	if i := find(); i >= 0 {
		return i
	}
	i, ok := missing[text]
	if !ok {
		i = int32(len(missing))
		missing[strings.Clone(text)] = i
	}
	return -2 - i
}

// resolveAccounts follows the parents to the heads; before orders customers by key. parent is used up.
func resolveAccounts(parent []int32, missing int, before func(a, b int32) bool) (head []int32, found quality.Accounts) {
	lead := make([]int32, missing)
	for i := range lead {
		lead[i] = noParent
	}
	for i, p := range parent {
		if p < noParent {
			if l := &lead[-2-p]; *l < 0 || before(int32(i), *l) {
				*l = int32(i)
			}
			found.UnknownParent++
		}
	}
	found.MissingParents = int64(missing)
	for i, p := range parent {
		if p < noParent {
			p = lead[-2-p]
		}
		if p == int32(i) {
			p = noParent
		}
		parent[i] = p
	}
	const open, onPath = -1, -2
	head = make([]int32, len(parent))
	for i := range head {
		head[i] = open
	}
	var path []int32
	for i := range head {
		path = path[:0]
		at := int32(i)
		for head[at] == open && parent[at] != noParent {
			head[at] = onPath
			path = append(path, at)
			at = parent[at]
		}
		end := head[at]
		switch end {
		case open: // a head
			end = at
			head[at] = at
		case onPath:
			circle := path[slices.Index(path, at):]
			end = at
			for _, c := range circle {
				if before(c, end) {
					end = c
				}
			}
			found.Circles++
			found.InCircles += int64(len(circle))
		}
		for _, p := range path {
			head[p] = end
		}
	}
	size := make([]int32, len(head))
	for _, h := range head {
		size[h]++
	}
	for _, n := range size {
		if n > 0 {
			found.Accounts++
			found.Largest = max(found.Largest, int64(n))
		}
		if n > 1 {
			found.Joint++
			found.Members += int64(n)
		}
	}
	return head, found
}

// planAccounts checks the column that names each customer's parent.
func (pl *plan) planAccounts(p *planner) {
	e := pl.cfg.Entity
	const place = "features.entity"
	p.oneOf(e.Accounts, place+".accounts", "", AccountsTie, AccountsSum)
	switch {
	case e.Account == "" && e.Accounts != "":
		p.add(&problem.Problem{ID: "SEG-CFG-008", What: "accounts are asked for, and no column tells them", Place: place + ".accounts",
			Fix: "Set `account` to the column with the parent's customer id."})
	case e.Account != "" && e.Table == "":
		p.add(&problem.Problem{ID: "SEG-CFG-008", What: "accounts need a table of customers", Place: place + ".account",
			Why: "the parent of a customer stands in one row of its own", Fix: "Write `entity: {table: customers, account: parent_id}`."})
	case e.Account != "" && pl.entity != nil:
		i, fault := pl.entity.column(e.Account)
		if i < 0 || fault != nil {
			p.fault(pl.entity.unknown(e.Account, fault), e.Account, place+".account")
			return
		}
		pl.account = i
	}
}

// sums reports whether accounts are rows of the table.
func (pl *plan) sums() bool { return pl.account >= 0 && pl.cfg.Entity.Accounts == AccountsSum }

// parents are the cells of the account column of a shard's customers, until accounts are resolved.
type parents struct {
	text  []string
	at    []rowAt // of the row that the text is from; its row is 0 for none
	bytes int64   // of the texts
}

// put keeps the parent that stands in the row at a place, where no row that counts more has been.
func (p *parents) put(slot int32, text string, at rowAt, last bool) {
	p.text, p.at = extend(p.text, int(slot)+1), extend(p.at, int(slot)+1)
	if was := p.at[slot]; was.row != 0 && was.less(at) != last {
		return
	}
	p.bytes += int64(len(text) - len(p.text[slot]))
	p.text[slot], p.at[slot] = strings.Clone(text), at
}

func (p *parents) held() int64 { return int64(cap(p.text))*16 + int64(cap(p.at))*16 + p.bytes }

// of returns the parent of a customer, "" for none.
func (p *parents) of(slot int) string {
	if slot < len(p.text) {
		return p.text[slot]
	}
	return ""
}

// accounts knows the head of every customer that is none.
type accounts struct {
	index       keyIndex
	keys, heads []string
	found       quality.Accounts
}

// accountBytes bounds what accounts take per customer that cannot be spilled: parents, then heads with their index.
const accountBytes = 2*(16+16) + 16 + 16 + indexBytes

func (a *accounts) held() int64 { return int64(len(a.keys)) * (16 + 16 + indexBytes) }

// lead returns the run of the account's head.
func (a *accounts) lead(run keyRun) keyRun {
	if i := a.index.find(a.keys, run.text, run.head, run.hash); i >= 0 {
		head := a.heads[i]
		return keyRun{head, hashKey(head), keyHead(head)}
	}
	return run
}

// headOf returns the key of the head; false where the customer is one.
func (a *accounts) headOf(key string) (string, bool) {
	if i := a.index.find(a.keys, key, keyHead(key), hashKey(key)); i >= 0 {
		return a.heads[i], true
	}
	return "", false
}

// resolveParents finds the heads once all customers are known, and lets go of the parents.
func (f *folder) resolveParents() error {
	if f.account < 0 || f.measuring.Load() {
		return nil
	}
	var first [shardCount + 1]int32 // number of each shard's first customer
	for i, sh := range f.shards {
		first[i+1] = first[i] + int32(len(sh.keys))
	}
	parent := make([]int32, first[shardCount])
	missing := map[string]int32{}
	for i, sh := range f.shards {
		for slot := range sh.keys {
			text := sh.parents.of(slot)
			parent[first[i]+int32(slot)] = parentNumber(text, missing, func() int32 {
				hash := hashKey(text)
				to := shardOf(hash)
				if at := f.shards[to].index.find(f.shards[to].keys, text, keyHead(text), hash); at >= 0 {
					return first[to] + at
				}
				return noParent
			})
		}
	}
	key := func(number int32) string {
		i, ok := slices.BinarySearch(first[:], number)
		for ok && i < shardCount && first[i+1] == number { // shards without customers
			i++
		}
		if !ok {
			i--
		}
		return f.shards[i].keys[number-first[i]]
	}
	head, found := resolveAccounts(parent, len(missing), func(a, b int32) bool { return key(a) < key(b) })
	a := &accounts{found: found}
	a.found.Column, a.found.Mode = f.cfg.Entity.Account, AccountsTie
	if f.sums() {
		a.found.Mode = AccountsSum
	}
	members := 0
	for i, h := range head {
		if int(h) != i {
			members++
		}
	}
	a.keys, a.heads = make([]string, 0, members), make([]string, 0, members)
	for i, h := range head {
		if int(h) != i {
			k := key(int32(i))
			a.keys, a.heads = append(a.keys, k), append(a.heads, key(h))
			a.index.add(a.keys, hashKey(k))
		}
	}
	f.accounts = a
	f.held.Add(a.held())
	for _, sh := range f.shards {
		sh.parents = parents{}
		sh.account()
	}
	return f.makeRoom()
}

// accountsOf says which customers, all in key order, belong to which row of the table.
func (f *folder) accountsOf(customers, rows []string) (*Accounts, error) {
	a := &Accounts{Mode: f.accounts.found.Mode, Customers: customers, Head: make([]int32, len(customers))}
	next := int32(0)
	for i, key := range customers {
		if head, member := f.accounts.headOf(key); member {
			row, ok := slices.BinarySearch(rows, head)
			if !ok {
				return nil, &problem.Problem{ID: "SEG-BUG-001", What: fmt.Sprintf("customer %d in key order has a head that is no row", i+1),
					Fix: "Please report it."}
			}
			a.Head[i] = int32(row)
			if a.Mode == AccountsSum {
				continue
			}
		} else {
			a.Head[i] = next
		}
		next++
	}
	return a, nil
}
