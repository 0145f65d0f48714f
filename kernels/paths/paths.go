// Package paths is the one list of hardware paths, in the order in which `auto` tries them.
package paths

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/klauspost/cpuid/v2"

	"segovia/kernels"
	"segovia/kernels/blas"
	"segovia/kernels/cuda"
	"segovia/kernels/gorgonia"
	"segovia/kernels/problem"
	"segovia/kernels/ref"
	"segovia/kernels/simd"
)

// All returns every path that the command line knows, as when it is named, also those that cannot run here: cuda, avx512,
// avx2, neon, ref, and last the ones that are taken only when named.
func All() []kernels.Path {
	onHost := host()
	return append([]kernels.Path{cuda.New(first(onHost)).With(cuda.Options{Named: true})}, onHost...)
}

// host returns the paths of the processor.
func host() []kernels.Path {
	return []kernels.Path{
		simd.AVX512{},
		simd.AVX2{},
		missing{"neon", func() string { return lacking(cpuid.ASIMD) }},
		ref.Path{},
		blas.Path{},
		gorgonia.Path{},
	}
}

// first returns the first path that can run here; ref can everywhere.
func first(list []kernels.Path) kernels.Path {
	return list[slices.IndexFunc(list, func(p kernels.Path) bool { return p.Available() == nil })]
}

// What happens where a device fails during the work: OnFailureAuto is OnFailureStop for a path that was named, and
// OnFailureCPU for one that auto took.
const (
	OnFailureAuto = "auto"
	OnFailureCPU  = "cpu"
	OnFailureStop = "stop"
)

// onlyNamed are the paths that auto does not take: slower than ref's successors, there to be compared.
var onlyNamed = []string{"blas", "gorgonia"}

// Choose returns the path of that name, or for "auto" and "" the first that can run here; where that is a device with a
// memory of its own, small work stays on the processor (kernels.Resident). A path that was named and cannot run, or does not
// exist, is a SEG-HW-001 that says why.
func Choose(name string) (kernels.Path, error) { return ChooseFor(name, OnFailureAuto, 0) }

// ChooseFor is Choose with what happens where a device fails during the work, one of OnFailureAuto, OnFailureCPU and
// OnFailureStop, and with the bytes of the device's memory that may be taken; 0 = most of what is free.
func ChooseFor(name, onFailure string, deviceMemory uint64) (kernels.Path, error) {
	path, err := choose(name)
	if c, ok := path.(*cuda.Path); ok {
		named := c.Name() == name
		return c.With(cuda.Options{Named: named, Fallback: onFailure == OnFailureCPU || onFailure == OnFailureAuto && !named, Memory: deviceMemory}), err
	}
	return path, err
}

func choose(name string) (kernels.Path, error) {
	var names []string
	for _, p := range All() {
		names = append(names, p.Name())
		if name == "" || name == "auto" {
			if p.Available() == nil && !slices.Contains(onlyNamed, p.Name()) {
				return p, nil
			}
			continue
		}
		if p.Name() != name {
			continue
		}
		if err := p.Available(); err != nil {
			return nil, &problem.Problem{ID: "SEG-HW-001", What: fmt.Sprintf("hardware path %q cannot run here", name),
				Why: strings.TrimPrefix(strings.TrimPrefix(err.Error(), name+": "), kernels.ErrUnavailable.Error()+": "), Err: err,
				Fix: "`segovia paths` lists what can run; `--path auto` chooses"}
		}
		return p, nil
	}
	return nil, &problem.Problem{ID: "SEG-HW-001", What: fmt.Sprintf("there is no hardware path %q", name),
		Fix: "use auto or one of " + strings.Join(names, ", ")}
}

// Why says why auto took the path of that name and none before it in the list: "auto: cuda is not available: ...".
func Why(taken string) string {
	why := "auto took the first that is available"
	for _, p := range All() {
		if p.Name() == taken {
			break
		}
		if err := p.Available(); err != nil {
			why += "; " + strings.Replace(err.Error(), ": "+kernels.ErrUnavailable.Error(), " is "+kernels.ErrUnavailable.Error(), 1)
		}
	}
	return why
}

// Features names the processor and the features that paths look at.
func Features() (brand string, features []string) {
	for _, f := range []cpuid.FeatureID{cpuid.SSE2, cpuid.AVX, cpuid.AVX2, cpuid.FMA3, cpuid.AVX512F, cpuid.AVX512DQ,
		cpuid.AVX512BW, cpuid.AVX512VL, cpuid.AVX512BF16, cpuid.AVX512VNNI, cpuid.AMXTILE, cpuid.ASIMD, cpuid.SVE} {
		if cpuid.CPU.Has(f) {
			features = append(features, f.String())
		}
	}
	return cpuid.CPU.BrandName, features
}

const notBuilt = "this version of segovia does not contain it"

// lacking names the features that the processor does not have, or says that the path is not built in.
func lacking(features ...cpuid.FeatureID) string {
	var absent []string
	for _, f := range features {
		if !cpuid.CPU.Has(f) {
			absent = append(absent, f.String())
		}
	}
	if len(absent) > 0 {
		return fmt.Sprintf("the processor (%s, %s) has no %s", cpuid.CPU.BrandName, runtime.GOARCH, strings.Join(absent, ", "))
	}
	return notBuilt
}

// missing is a path whose name is known and that this version cannot run.
type missing struct {
	name string
	why  func() string
}

func (m missing) Name() string { return m.name }

func (m missing) Available() error {
	return fmt.Errorf("%s: %w: %s", m.name, kernels.ErrUnavailable, m.why())
}

func (m missing) Open(int) (kernels.Scorer, error) { return nil, m.Available() }
