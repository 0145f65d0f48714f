package generate

import (
	"context"
	"testing"

	"segovia/engine/company"
	"segovia/engine/ports"
)

func BenchmarkWrite(b *testing.B) {
	for _, format := range Formats {
		b.Run("format="+format+"/customers=10k", func(b *testing.B) {
			for b.Loop() {
				if _, err := Write(context.Background(), b.TempDir(), company.Config{Customers: 10_000}, format, ports.Silent{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
