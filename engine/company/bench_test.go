package company

import "testing"

type nowhere struct{}

func (nowhere) Put(*Chunk) error { return nil }

func BenchmarkGenerate(b *testing.B) {
	b.Run("customers=10k/months=24", func(b *testing.B) {
		for b.Loop() {
			if err := Generate(Config{Customers: 10_000}, nowhere{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
