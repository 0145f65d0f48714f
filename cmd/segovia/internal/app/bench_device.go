package app

import (
	"fmt"
	"text/tabwriter"

	"segovia/bench"
)

// printDevice shows what the device can do.
func (e *env) printDevice(d *bench.DeviceProbe) {
	if d == nil {
		return
	}
	e.printf("%s, %.0f MHz at most\n", d.Name, d.ClockHz/1e6)
	e.printf("its memory: copy %.0f GB/s (read and written), read %.0f GB/s; pinned host memory: to it %.1f GB/s, from it %.1f GB/s\n",
		d.CopyBytesPerS/1e9, d.ReadBytesPerS/1e9, d.ToDevice/1e9, d.ToHost/1e9)
	e.printf("its peaks: fp32 %.1f, fp64 %.1f, TF32 %.1f, bf16 %.1f TFLOP/s (the last two by mma.sync)\n", d.FP32/1e12, d.FP64/1e12, d.TF32/1e12, d.BF16/1e12)
}

// printModels shows the iterations of one model at a time.
func (e *env) printModels(w bench.WorkResult) {
	if len(w.Results) == 0 || len(w.Results[0].Models) == 0 {
		return
	}
	t := tabwriter.NewWriter(e.out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "path\tthreads\tk\titerations\tfit s\tms/iteration\ton device\tfirst\tpass\tstep\tplan\tof copy\tof read\tof fp32\tof TF32\t")
	for _, p := range w.Results {
		for _, m := range p.Models {
			fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%.4g\t%.4g\t", dash(p.Path), p.Threads, m.K, m.Iterations, m.Seconds, 1000*m.PerS)
			d := m.Device
			if d == nil {
				fmt.Fprintln(t, "-\t-\t-\t-\t-\t-\t-\t-\t-\t")
				continue
			}
			fmt.Fprintf(t, "%.4g\t%.4g\t%.4g\t%.3g\t%.3g\t%s\t%s\t%s\t%s\t\n", 1000*d.Steady, 1000*d.FirstPass, 1000*d.Pass, 1000*d.Step, 1000*d.Plan,
				scaled(d.OfCopy, 100, " %"), scaled(d.OfRead, 100, " %"), scaled(d.OfUnit, 100, " %"), scaled(d.OfTensor, 100, " %"))
		}
	}
	_ = t.Flush()
}

// printDeviceTimes shows what the device did.
func (e *env) printDeviceTimes(w bench.WorkResult) {
	for _, p := range w.Results {
		d := p.Device
		if d == nil {
			continue
		}
		e.printf("%s with %d threads, on the device: %.4g s busy; %.3g GB there in %.3g s, labels %.3g GB back in %.3g s; seeding %.3g s, drawing %.3g s\n",
			p.Path, p.Threads, d.BusyS, d.TransferBytes/1e9, d.TransferS, d.LabelBytes/1e9, d.LabelS, d.SeedingS, d.DrawingS)
		e.printf("  floors: %.4g GB, %.4g %s operations; of copy %s, of read %s, of the peak %s\n", d.FloorBytes/1e9, d.FloorFlops, d.FloorUnit,
			scaled(d.OfCopy, 100, " %"), scaled(d.OfRead, 100, " %"), scaled(d.OfUnit, 100, " %"))
	}
}
