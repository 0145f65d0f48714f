package emulator

import (
	"testing"
	"unsafe"

	"segovia/kernels/cuda/driver"
)

// BenchmarkAssign reports the time of one instruction of a warp in a loop of fma over shared memory.
func BenchmarkAssign(b *testing.B) {
	for _, c := range []struct {
		name string
		skip Checks
	}{{"checks=all", 0}, {"checks=none", InitGlobal | InitShared | Races | GlobalRaces}} {
		b.Run(c.name, func(b *testing.B) {
			const n, k, q = 1024, 64, 8
			d := New(Options{Skip: c.skip})
			m, err := d.LoadModule(testdata(b, "kernels.ptx"))
			if err != nil {
				b.Fatal(err)
			}
			f, err := d.Function(m, "assign")
			if err != nil {
				b.Fatal(err)
			}
			filled := func(bytes uint64, v uint8) driver.Ptr {
				p, err := d.Alloc(bytes)
				if err != nil {
					b.Fatal(err)
				}
				if err := d.Fill(p, v, bytes, 0); err != nil {
					b.Fatal(err)
				}
				return p
			}
			zeros := func(bytes uint64) driver.Ptr { return filled(bytes, 0) }
			rows, centroids, half := filled(16*q*n, 0x3f), filled(16*q*k, 0x40), zeros(4*k)
			labels, best, second, moved, sums, counts := zeros(4*n), zeros(4*n), zeros(4*n), zeros(8), zeros(16*k), zeros(4*k)
			before := d.WarpInstructions()
			for b.Loop() {
				args := []unsafe.Pointer{ptr(rows), ptr(centroids), ptr(half), ptr(int32(n)), ptr(int32(k)), ptr(int32(q)), ptr(labels), ptr(best), ptr(second), ptr(moved), ptr(sums), ptr(counts)}
				if err := d.Launch(f, driver.Dim{X: n / 256, Y: 1, Z: 1}, driver.Dim{X: 256, Y: 1, Z: 1}, 16*k*q, 0, args); err != nil {
					b.Fatal(err)
				}
				if err := d.Synchronize(0); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(d.WarpInstructions()-before), "ns/instruction")
		})
	}
}
