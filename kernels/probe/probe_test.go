package probe

import "testing"

// A probe promises little: that every unit runs and comes to a possible figure. Under emulation not even the order holds.
func TestUnits(t *testing.T) {
	units := Units()
	if units[len(units)-1].Name != "go" {
		t.Fatalf("%+v", units)
	}
	if got := UnitOf("ref"); got.Name != units[0].Name {
		t.Errorf("ref is measured by %s, the widest is %s", got.Name, units[0].Name)
	}
	for _, u := range units {
		flops := u.FLOPS(1)
		t.Logf("%s: %.1f GFLOP/s", u.Name, flops/1e9)
		if flops <= 0 || flops > 1e13 {
			t.Errorf("%s: %g FLOP/s", u.Name, flops)
		}
		if got := UnitOf(u.Name); got.Name != u.Name {
			t.Errorf("%s is measured by %s", u.Name, got.Name)
		}
	}
}

func TestRead(t *testing.T) {
	rate := Read(2)
	t.Logf("%.1f GB/s", rate/1e9)
	if rate < 1e8 || rate > 1e13 {
		t.Errorf("memory is read at %g bytes per second", rate)
	}
}
