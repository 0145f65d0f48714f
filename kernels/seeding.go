package kernels

// Candidates is the number of rows among which step j of greedy k-means++ chooses: 2 + floor(ln(j+1)), without a logarithm.
func Candidates(j int) int {
	l := 2
	for _, e := range [...]int{3, 8, 21, 55, 149} { // the least integers above e^1 .. e^5
		if j+1 >= e {
			l++
		}
	}
	return l
}
