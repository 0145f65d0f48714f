package paths

import (
	"errors"
	"testing"

	"segovia/kernels"
	"segovia/kernels/problem"
)

func TestChoose(t *testing.T) {
	p, err := Choose("auto")
	if err != nil || p.Available() != nil {
		t.Fatalf("auto: %v, %v", p, err)
	}
	if p, err := Choose("ref"); err != nil || p.Name() != "ref" {
		t.Errorf("ref: %v, %v", p, err)
	}
	if _, err := Choose("abacus"); !errors.Is(err, &problem.Problem{ID: "SEG-HW-001"}) {
		t.Errorf("unknown path: %v", err)
	}
	for _, p := range All() {
		got, err := Choose(p.Name())
		if p.Available() == nil {
			if err != nil || got.Name() != p.Name() {
				t.Errorf("%s can run but is not chosen: %v", p.Name(), err)
			}
			continue
		}
		if !errors.Is(err, kernels.ErrUnavailable) || !errors.Is(err, &problem.Problem{ID: "SEG-HW-001"}) {
			t.Errorf("%s cannot run, error %v", p.Name(), err)
		}
		if _, err := p.Open(3); !errors.Is(err, kernels.ErrUnavailable) {
			t.Errorf("%s: open: %v", p.Name(), err)
		}
	}
}
