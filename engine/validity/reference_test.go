package validity

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"segovia/kernels/kerneltest"
)

// iris returns the points of R's iris and the numbers of their species.
func iris(t *testing.T) (p *Points, columns [][]float64, species []uint8) {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "shared", "reference", "iris_r.csv"))
	kerneltest.Require(t, "shared", err == nil)
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	columns = make([][]float64, 4)
	var names []string
	for _, r := range records[1:] {
		for j := range columns {
			v, err := strconv.ParseFloat(r[j], 64)
			if err != nil {
				t.Fatal(err)
			}
			columns[j] = append(columns[j], v)
		}
		if !slices.Contains(names, r[4]) {
			names = append(names, r[4])
		}
		species = append(species, uint8(slices.Index(names, r[4])))
	}
	return FromColumns(columns), columns, species
}

// settle moves one row after another as long as that lessens the inertia: Hartigan's k-means from the given labels.
func settle(p *Points, labels []uint8, k int) []uint8 {
	labels = slices.Clone(labels)
	for still := 0; still < p.N; {
		for i := range labels {
			m, own := MomentsOf(p, labels, k), labels[i]
			for c := range k {
				n, to := float64(m.Size[own]), float64(m.Size[c])
				x := p.Row(nil, i)
				if c != int(own) && to/(to+1)*squared(x, p.mean(m, c)) < n/(n-1)*squared(x, p.mean(m, int(own))) {
					labels[i] = uint8(c)
					break
				}
			}
			if still++; labels[i] != own {
				still = 0
			}
		}
	}
	return labels
}

func within(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.12g, want %.12g", name, got, want)
	}
}

// The figures of R's packages for iris, raw, to the ten digits that they were written down with.
func TestIrisReferenceFigures(t *testing.T) {
	p, _, species := iris(t)
	labels := settle(p, species, 3)
	m := MomentsOf(p, labels, 3)
	sizes := slices.Sorted(slices.Values(m.Size))
	if !slices.Equal(sizes, []int{38, 50, 62}) {
		t.Fatalf("sizes %v", sizes)
	}
	dunn, err := Dunn(context.Background(), p, []Partition{{3, labels}}, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	within(t, "Dunn", dunn[0], math.Sqrt(.07/7.17), 1e-14) // .09880739333; squares of distances are hundredths
	mean, _ := SilhouetteSquared(p, m, labels)
	within(t, "squared silhouette", mean, .7356596054, .5e-10)
	mean, _ = SilhouetteSquared(p, MomentsOf(p, species, 3), species)
	within(t, "squared silhouette of the species", mean, .6566670179, .5e-10)
	mean, _ = Simplified(p, m, labels)
	within(t, "simplified silhouette", mean, .6663855565, .5e-10)
	db, _ := m.DaviesBouldin()
	within(t, "Davies-Bouldin", db, .6619715465, .5e-10)
	db, _ = m.DaviesBouldinRMS()
	within(t, "Davies-Bouldin of NbClust", db, .7255872844, .5e-10)
	logW, _ := m.LogW()
	within(t, "log W", logW, 3.674418413, .5e-9)

	two := make([]uint8, p.N)
	for i, s := range species {
		two[i] = min(s, 1)
	}
	w1, w2 := MomentsOf(p, make([]uint8, p.N), 1).Inertia(), MomentsOf(p, settle(p, two, 2), 2).Inertia()
	ratio, limit, one := DudaHart(w1, w2, p.N, p.D)
	within(t, "Duda-Hart ratio", ratio, .2235904393, .5e-10)
	within(t, "Duda-Hart limit", limit, .6815299061, .5e-10)
	if one {
		t.Error("iris is one cluster")
	}
}
