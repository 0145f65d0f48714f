package tiers

import (
	"fmt"
	"testing"

	"segovia/engine/profile"
	"segovia/engine/table"
)

// Customers who are equal in what wallets depend on have the same wallet, wherever they stand; others may differ.
func TestEqualCustomersHaveEqualWallets(t *testing.T) {
	const pairs = 400
	tab := &table.Table{}
	revenue := &table.Column{Name: "revenue_12m", Unit: "currency", Type: "transactional"}
	size := &table.Column{Name: "employees", Type: "firmographic"}
	trade := &table.Column{Name: "industry", Type: "firmographic", Kind: table.Category}
	for i := range 2 * pairs {
		k := i % pairs // customer i + pairs is the twin of i
		tab.Keys = append(tab.Keys, fmt.Sprintf("%05d", i))
		revenue.Numbers = append(revenue.Numbers, float64(100+(k*k)%977))
		size.Numbers = append(size.Numbers, float64(1+k%40))
		trade.Strings = append(trade.Strings, fmt.Sprint("trade ", k%7))
	}
	tab.Columns = []*table.Column{revenue, size, trade}
	e, err := Estimate(t.Context(), Input{Table: tab, WindowDays: 365}, Config{Wallet: &Wallet{Trees: 10}, Profile: profile.Config{}})
	if err != nil {
		t.Fatal(err)
	}
	wallet := e.numbers("wallet")
	if wallet == nil {
		t.Fatalf("no wallets: %v", e.report.Warnings)
	}
	different := map[float64]bool{}
	for i := range pairs {
		different[wallet[i]] = true
		for _, name := range []string{"wallet", "wallet_low", "wallet_high", "share_of_wallet"} {
			if v := e.numbers(name); v[i] != v[i+pairs] {
				t.Fatalf("%s of customer %d is %v, of its equal %v", name, i, v[i], v[i+pairs])
			}
		}
		if wallet[i] < revenue.Numbers[i] {
			t.Fatalf("customer %d spends %v of a wallet of %v", i, revenue.Numbers[i], wallet[i])
		}
	}
	if len(different) < pairs/4 {
		t.Errorf("only %d different wallets of %d", len(different), pairs)
	}
}
