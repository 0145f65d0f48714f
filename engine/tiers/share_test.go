package tiers

import (
	"math"
	"slices"
	"testing"

	"segovia/engine/features"
)

// What holds of wallets whatever the customers spend, of those who were paid back and of those of whom nothing is known too.
func TestShareOfWallet(t *testing.T) {
	for name, edit := range map[string]func(c *Config){
		"wallets":                  func(*Config) {},
		"potential instead":        func(c *Config) { c.Wallet = nil },
		"wallets and no potential": func(c *Config) { c.Potential = nil },
	} {
		t.Run(name, func(t *testing.T) {
			in, seg := planted(400, 3)
			spend := in.Table.Column("revenue_12m").Numbers
			spend[5], spend[6], spend[7], spend[8] = -300, nan, 0, math.Inf(1)
			cfg := everything()
			cfg.Goal = nil
			edit(&cfg)
			o := mustWork(t, in, seg, cfg)
			top := o.estimates.numbers("wallet")
			if (top == nil) != (cfg.Wallet == nil) {
				t.Fatalf("wallets: %v", top)
			}
			if top == nil {
				top = o.estimates.numbers("potential")
			}
			share, open := o.estimates.numbers("share_of_wallet"), o.estimates.numbers("unrealised_potential")
			realised, some := make([]float64, 3), make([]float64, 3)
			for i, x := range spend {
				if x != x || math.IsInf(x, 0) {
					x = 0
				}
				is := max(0, x)
				if cfg.Wallet != nil && (top[i] < is || o.estimates.numbers("wallet_low")[i] > top[i] || o.estimates.numbers("wallet_high")[i] < top[i]) {
					t.Fatalf("customer %d spends %v of %v", i, x, top[i])
				}
				if want := max(0, top[i]-is); open[i] != want {
					t.Fatalf("customer %d has %v unrealised, want %v", i, open[i], want)
				}
				all := max(top[i], is)
				if want := is / all; share[i] != want && !(all == 0 && share[i] != share[i]) || share[i] < 0 || share[i] > 1 {
					t.Fatalf("customer %d has the share %v of %v, want %v", i, share[i], all, want)
				}
				realised[seg.Labels[i]] += x
				some[seg.Labels[i]] += open[i]
			}
			for s, v := range o.report.Segments {
				want := realised[s] / (realised[s] + some[s])
				// The sums are taken in another order: a rounding for each of 400 customers, twice.
				if math.Abs(*v.ShareOfWallet-want) > 800*0x1p-53 || *v.PotentialFound != (1-want > UnrealisedFrom) || seg.Segments.Segments[s].Potential.Realised != *v.Realised {
					t.Errorf("segment %d: %+v, want %v", s, v, want)
				}
			}
			if found := *o.report.Segments[1].PotentialFound; !found {
				t.Error("the segment that buys elsewhere has no potential")
			}
		})
	}
}

// Segments that give back more than they buy have no share, and no share below nothing.
func TestSegmentThatGivesBack(t *testing.T) {
	in, cfg := byPotential([]float64{10, 10, 0}, []string{"", "", ""}, "")
	copy(in.Table.Column("revenue").Numbers, []float64{5, -5, 0})
	o := mustWork(t, in, inSegments([]int{0, 1, 2}, 3), cfg)
	s := o.report.Segments
	if *s[0].ShareOfWallet != 0.5 || *s[1].ShareOfWallet != 0 || !*s[1].PotentialFound || s[2].ShareOfWallet != nil || s[2].PotentialFound != nil || *s[1].Realised != -5 {
		t.Errorf("%+v", s)
	}
}

func TestWalletsThatCannotBe(t *testing.T) {
	in, seg := planted(100, 1)
	if o := mustWork(t, in, seg, everything()); o.report.Wallet != nil || !o.warned("wallets were not estimated: there are 100 customers") || o.report.Tiers == nil {
		t.Error("100 customers have wallets, or no tiers by their potential")
	}
	in, seg = planted(300, 1)
	cfg := everything()
	cfg.Wallet.Predictors = []string{"employees", "potential_service", "size"}
	if _, err := work(in, seg, cfg); !slices.Equal(placesOf(err), []string{"SEG-FEA-002 tiers.wallet.predictors[2]"}) {
		t.Errorf("an unknown predictor: %v", err)
	}
	in, _ = planted(300, 1)
	cfg.Wallet.Predictors = cfg.Wallet.Predictors[:2]
	o := mustWork(t, in, seg, cfg)
	if p := o.report.Wallet.Predictors; len(p) != 2 || o.report.Wallet.Trees != 20 || math.Abs(p[0].Share+p[1].Share-1) > 0x1p-50 {
		t.Errorf("%+v", o.report.Wallet)
	}
	in = tableOf(column("employees", "", "firmographic", make([]float64, 300)...))
	if o := mustWork(t, in, inSegments(make([]int, 300), 1), Config{Wallet: &Wallet{}}); !o.warned("ohne Umsatzmerkmal") && !o.warned("Ohne Umsatzmerkmal") {
		t.Errorf("wallets without revenue: %v", o.report.Warnings)
	}
}

// Features over other windows count a year.
func TestFiguresAYear(t *testing.T) {
	in, cfg := byPotential([]float64{100, 100}, []string{"", ""}, "")
	in.WindowDays = 730
	in.FeatureWindows = map[string]float64{"orders": 73}
	in.Table.Columns = append(in.Table.Columns, column("orders", "orders", "behavioural", 1, nan))
	cfg.Behaviour = ""
	o := mustWork(t, in, inSegments([]int{0, 0}, 1), cfg)
	if got := o.estimates.numbers("unrealised_potential"); got[0] != 75 || *o.report.Segments[0].Realised != 50 {
		t.Errorf("50 in two years of 100 a year leave %v", got)
	}
	// Five orders a year of twelve; no order where it is not known.
	if got := o.estimates.numbers("behaviour_score"); math.Abs(got[0]-100.0*5/12) > 1e-12 || got[1] != 0 || o.report.Behaviour.Formula != "100 * least(coalesce(orders, 0) * 5 / 12, 1)" {
		t.Errorf("scores %v by %s", got, o.report.Behaviour.Formula)
	}
}

// The usual score shares the weights of what is missing out.
func TestUsualBehaviour(t *testing.T) {
	in := tableOf(column("x o", "", "", 12, 6, 0, nan), column("r", "", "", 0, 73, 400, nan), column("back", "", "", 0, 0.1, 0.5, nan))
	for _, c := range []struct {
		roles Roles
		want  []float64
	}{
		{Roles{Orders: "x o", Recency: "r", Returns: "back"}, []float64{100, 25 + 24 + 10, 0, 20}},
		{Roles{Recency: "r", Returns: "back"}, []float64{100, 60*0.8 + 40*0.5, 0, 40}},
		{Roles{Returns: "back"}, []float64{100, 50, 0, 100}},
	} {
		got, err := features.Evaluate(in.Table, usualBehaviour(c.roles, in), "")
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range c.want {
			if math.Abs(got.Numbers[i]-want) > 1e-12 {
				t.Errorf("%+v: customer %d has %v, want %v", c.roles, i, got.Numbers[i], want)
			}
		}
	}
	if f := usualBehaviour(Roles{}, in); f != "" {
		t.Errorf("without features: %s", f)
	}
	o := mustWork(t, tableOf(column("a", "", "", 1)), inSegments([]int{0}, 1), Config{Rules: &Rules{}})
	if !o.warned("there are no orders, recency or returns") {
		t.Errorf("warnings %v", o.report.Warnings)
	}
	for formula, want := range map[string]string{"industry": "SEG-FEA-002 tiers.behaviour.score", "1 +": "SEG-FEA-005 tiers.behaviour.score", "siz": "SEG-FEA-002 tiers.behaviour.score"} {
		in := tableOf(column("size", "", "", 1, 2), category("industry", "a", "b"))
		if _, err := work(in, inSegments([]int{0, 0}, 1), Config{Behaviour: formula}); !slices.Equal(placesOf(err), []string{want}) {
			t.Errorf("%s: %v", formula, err)
		}
	}
}

// A feature is scaled to a year here as in the descriptions of segments: by its name before the window.
func TestYearlyFactors(t *testing.T) {
	in := Input{WindowDays: 730, FeatureWindows: map[string]float64{"orders_90d": 90}}
	for feature, want := range map[string]float64{"orders": 0.5, "orders_90d": 365.0 / 90, "orders_per_year": 1} {
		if got := in.yearly(feature); got != want {
			t.Errorf("%s: factor %v, want %v", feature, got, want)
		}
	}
	if got := (Input{}).yearly("orders"); got != 1 {
		t.Errorf("without any window: factor %v, want 1", got)
	}
	if got := (Input{}).yearly("orders_6m"); got != 2 {
		t.Errorf("with a window in the name: factor %v, want 2", got)
	}
}
