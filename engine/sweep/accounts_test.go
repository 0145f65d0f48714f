package sweep

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"segovia/engine/ports"
	"segovia/engine/stability"
	"segovia/kernels/problem"
	"segovia/kernels/ref"
	"segovia/kernels/rng"
)

// members draws n rows of d columns in accounts of 1 to 4 members that stand in any order, and returns the rows as they
// are, the rows that stand for them, and their accounts.
func members(seed uint64, n, d int) (own, tied [][]float64, accounts []int32) {
	r := rand.New(rand.NewPCG(seed, 1))
	for a := int32(0); len(accounts) < n; a++ {
		for range 1 + r.IntN(4) {
			accounts = append(accounts, a)
		}
	}
	r.Shuffle(len(accounts), func(i, j int) { accounts[i], accounts[j] = accounts[j], accounts[i] })
	for range d {
		sums, size := make([]float64, len(accounts)), make([]float64, len(accounts))
		x, y := make([]float64, len(accounts)), make([]float64, len(accounts))
		for i, a := range accounts {
			x[i] = float64(r.IntN(4)*20) + r.NormFloat64()
			sums[a] += x[i]
			size[a]++
		}
		for i, a := range accounts {
			y[i] = sums[a] / size[a]
		}
		own, tied = append(own, x), append(tied, y)
	}
	return own, tied, accounts
}

func runTied(t *testing.T, x [][]float64, accounts []int32, cfg Config) (*Result, []Solution) {
	t.Helper()
	in := input(t, x)
	in.Accounts = accounts
	r, solutions, err := Run(context.Background(), in, cfg, ref.Path{}, ports.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	return r, solutions
}

// scatter is the sum of squared distances to the means of the clusters.
func scatter(x [][]float64, labels []uint8, k int) (total float64) {
	for _, col := range x {
		sums, size := make([]float64, k), make([]float64, k)
		for i, l := range labels {
			sums[l] += col[i]
			size[l]++
		}
		for i, l := range labels {
			total += (col[i] - sums[l]/size[l]) * (col[i] - sums[l]/size[l])
		}
	}
	return total
}

// Of all ways to divide the accounts in two, the tied sweep finds the one with the least scatter of the members' own rows.
func TestTiedIsConstrained(t *testing.T) {
	for seed := range uint64(20) {
		own, tied, accounts := members(seed, 24, 2)
		n := int(slices.Max(accounts)) + 1
		best := math.Inf(1)
		labels := make([]uint8, len(accounts))
		for set := 1; set < 1<<(n-1); set++ {
			for i, a := range accounts {
				labels[i] = uint8(set >> a & 1)
			}
			best = min(best, scatter(own, labels, 2))
		}
		_, solutions := runTied(t, tied, accounts, Config{K: []int{2}, Restarts: 300, Seed: seed})
		// Sums of 100 squares below 2^13, on a grid of 2^-16 and finer.
		if got := scatter(own, solutions[0].Labels, 2); math.Abs(got-best) > 1e-3 {
			t.Errorf("seed %d: scatter %v, the least is %v", seed, got, best)
		}
	}
}

// Rows that are accounts of their own give what rows without accounts give.
func TestAccountsOfOne(t *testing.T) {
	own, _, _ := members(1, 60, 3)
	cfg := Config{K: []int{1, 2, 3, 4}, Restarts: 3, Bootstrap: 4, BootRestarts: 2, Clusterboot: 3, PredictionStrength: 2, Gap: 3, Seed: 2}
	for _, change := range []func(*Config){func(*Config) {}, func(c *Config) { c.GapRows = 40 }, func(c *Config) { c.ClusterbootScheme = "subset" },
		func(c *Config) { c.ClusterbootScheme = "noise" }, func(c *Config) { c.BootScheme = "poisson" }} {
		c := cfg
		change(&c)
		want, _ := runTied(t, own, nil, c)
		alone := make([]int32, len(own[0]))
		for i := range alone {
			alone[i] = int32(i)
		}
		got, _ := runTied(t, own, alone, c)
		if got.Convention.Accounts != len(alone) || want.Convention.Accounts != 0 {
			t.Error("the convention does not name the accounts")
		}
		got.Convention.Accounts, got.Environment, want.Environment = 0, Environment{}, Environment{}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%+v: other figures", c)
		}
	}
}

// The resamples of tied rows are those of the accounts: given by hand as a replay, they give the same figures.
func TestTiedResamples(t *testing.T) {
	_, tied, accounts := members(3, 80, 2)
	n := int(slices.Max(accounts)) + 1
	cfg := Config{K: []int{2, 3, 4}, Restarts: 3, Bootstrap: 5, BootRestarts: 2, Clusterboot: 10, Seed: 4}
	got, _ := runTied(t, tied, accounts, cfg)
	replay := &Replay{}
	for b := range 2 * cfg.Bootstrap {
		var rows []int32
		for a, times := range stability.Multinomial(cfg.Seed, b, n) {
			for range times {
				for i := range accounts {
					if accounts[i] == int32(a) {
						rows = append(rows, int32(i))
					}
				}
			}
		}
		if b%2 == 0 {
			replay.Pairs = append(replay.Pairs, [2][]int32{})
		}
		replay.Pairs[b/2][b%2] = rows
	}
	cfg.Bootstrap, cfg.Replay = 0, replay
	want, _ := runTied(t, tied, nil, cfg)
	for i := range got.K {
		if !reflect.DeepEqual(got.K[i].Stability, want.K[i].Stability) {
			t.Errorf("k = %d: %+v, want %+v", got.K[i].K, got.K[i].Stability, want.K[i].Stability)
		}
	}
}

// No chance divides an account: not in the halves of the prediction strength, not in samples, not in references; and no
// clustering does.
func TestAccountsStayTogether(t *testing.T) {
	_, tied, accounts := members(5, 300, 2)
	in := input(t, tied)
	in.Accounts = accounts
	rows, numbers := in.sample(rng.New(1, "gap rows", 0, 0), 120)
	if len(rows) < 90 || len(rows) > 150 || !slices.IsSorted(rows) {
		t.Errorf("a sample of %d rows, want about 120", len(rows))
	}
	taken := map[int32]int32{}
	for at, i := range rows {
		taken[accounts[i]] = numbers[at]
	}
	missing := 0
	for i, a := range accounts {
		if _, ok := taken[a]; ok != slices.Contains(rows, i) {
			missing++
		}
	}
	if missing > 0 || int(slices.Max(numbers))+1 != len(taken) {
		t.Errorf("%d members are not where their account is; %d accounts numbered to %d", missing, len(taken), slices.Max(numbers))
	}
	data := gapData{matrix: in.Matrix.Pick(rows, nil), accounts: numbers}
	if err := (Input{Matrix: data.reference([]float64{1, 2}, 1, 0), Accounts: numbers}).check(Config{}); err != nil {
		t.Error(err)
	}
	cfg := Config{K: []int{2, 3, 5, 8}, Restarts: 4, Bootstrap: 2, PredictionStrength: 2, Gap: 2, GapRows: 100, Clusterboot: 2, Seed: 1}
	for _, scheme := range []string{"subset", "noise", "jitter"} {
		cfg.ClusterbootScheme = scheme
		_, solutions := runTied(t, tied, accounts, cfg)
		for _, s := range solutions {
			label := map[int32]uint8{}
			for i, l := range s.Labels {
				if was, ok := label[accounts[i]]; ok && was != l {
					t.Fatalf("%s, k = %d: account %d is divided", scheme, s.K, accounts[i])
				}
				label[accounts[i]] = l
			}
		}
	}
}

// Accounts that are not numbered as promised are refused.
func TestBadAccounts(t *testing.T) {
	_, tied, accounts := members(7, 100, 2)
	for name, bad := range map[string]func(a []int32) []int32{
		"rows of one account differ": func(a []int32) []int32 { a[0] = a[1] + 1 - 2*min(a[1], 1); return a },
		"too few":                    func(a []int32) []int32 { return a[:5] },
		"below 0":                    func(a []int32) []int32 { a[0] = -1; return a },
		"a gap": func(a []int32) []int32 {
			for i := range a {
				a[i] *= 2
			}
			return a
		},
	} {
		in := input(t, tied)
		in.Accounts = bad(slices.Clone(accounts))
		if _, _, err := Run(context.Background(), in, Config{K: []int{2}}, ref.Path{}, ports.Silent{}); !errors.Is(err, &problem.Problem{ID: "SEG-BUG-001"}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
