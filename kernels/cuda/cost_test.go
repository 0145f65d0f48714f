package cuda

import (
	"testing"
	"time"

	"segovia/kernels/ref"
)

// A device is taken where its launches and its work take less time than the host's.
func TestCost(t *testing.T) {
	c := cost{iteration: 30 * time.Microsecond, product: 1e-13, host: 1e-10}
	for _, x := range []struct {
		n, distinct, d, threads int
		worth                   bool
	}{{100, 100, 4, 1, false}, {1_000_000, 1_000_000, 16, 16, true}, {1_000_000, 500, 16, 16, false}, {20_000, 20_000, 16, 1, true}, {2_000, 2_000, 16, 64, false}} {
		if there, here := c.times(x.n, x.distinct, x.d, x.threads); there < here != x.worth {
			t.Errorf("%+v: %s there, %s here", x, there, here)
		}
	}
}

// For a handful of rows no device is opened; a path that was named is taken all the same.
func TestWorthOpensNothing(t *testing.T) {
	p := &Path{host: ref.Path{}, open: func() (*device, error) {
		t.Error("opened")
		return nil, nil
	}}
	if worth, why := p.Worth(4, 4, 2, 64); worth || why == "" {
		t.Errorf("worth %v: %s", worth, why)
	}
	if worth, _ := p.With(Options{Named: true}).Worth(4, 4, 2, 64); !worth {
		t.Error("a path that was named is not taken")
	}
}
