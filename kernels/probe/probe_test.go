package probe

import "testing"

// A probe is no promise, but an order that must hold: wider units are faster, and no machine reads or multiplies for ever.
func TestUnits(t *testing.T) {
	units := Units()
	if units[len(units)-1].Name != "go" {
		t.Fatalf("%+v", units)
	}
	if got := UnitOf("ref"); got.Name != units[0].Name {
		t.Errorf("ref is measured by %s, the widest is %s", got.Name, units[0].Name)
	}
	slower := 0.0
	for i := len(units) - 1; i >= 0; i-- {
		flops := units[i].FLOPS(1)
		t.Logf("%s: %.1f GFLOP/s", units[i].Name, flops/1e9)
		if flops < slower || flops > 1e13 {
			t.Errorf("%s: %g FLOP/s, a narrower unit does %g", units[i].Name, flops, slower)
		}
		slower = flops
		if got := UnitOf(units[i].Name); got.Name != units[i].Name {
			t.Errorf("%s is measured by %s", units[i].Name, got.Name)
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
