package wallet

import "math"

// Result holds the wallets of all customers, in the order of the input, with the evaluation of the model behind them.
type Result struct {
	// Reason says why no wallets were estimated, as a clause without full stop; it is empty where they were. With a
	// reason, all that follows is empty but Customers and Unused.
	Reason    string
	ReasonDE  string // the same in German
	Customers int
	Pool      int       // customers that trees were grown on
	Quantile  []float64 // the model's estimate, in the unit of spend; it does not know of the customer's own spend
	Wallet    []float64 // the greatest of Quantile, the own spend and 0
	Low, High []float64 // 95 % interval of Quantile, likewise at least the own spend and 0; Low <= Wallet <= High
	HeldOut   []bool
	// Level is what was read off the predicted distributions: Config.Quantile after calibration.
	Level      float64
	Evaluation Evaluation
	Importance []Importance // of the predictors that were used, the largest first
	Unused     []Unused
}

// Evaluation is measured on the customers who were held out: they had no part in trees, levels and cuts.
type Evaluation struct {
	Customers int
	Coverage  float64 // share of them whose spend is at most their Quantile; Config.Quantile is aimed at
	// Pinball is the mean of max(q e, (q - 1) e), e = spend - estimate, q = Config.Quantile: the loss that the true conditional
	// quantile minimises, in the unit of spend. Baseline is that of the pool's quantile for everyone.
	Pinball, Baseline float64
	// Effective is the mean of the effective numbers of comparable customers behind an estimate.
	Effective float64
	Fifths    []Fifth
}

// Fifth is the coverage among the customers held out whose estimates lie in one fifth of the estimates, the lowest first.
type Fifth struct {
	Customers int
	Upto      float64 // the largest estimate in it
	Coverage  float64
}

// Importance says how much the wallets hang on a predictor.
type Importance struct {
	Predictor string
	Share     float64 // of the reduction of variance by all splits of all trees; the shares add up to 1
}

// Unused is a predictor that cannot tell customers apart, with the reason.
type Unused struct{ Predictor, Reason string }

// Share returns the share of wallet of customer i, who spends spend, in [0, 1], and its interval: spend / Wallet within
// [spend / High, spend / Low]. It is 0 for a customer who spends nothing (or was paid back), and NaN where the wallet is 0.
func (r *Result) Share(i int, spend float64) (share, low, high float64) {
	return ratio(spend, r.Wallet[i]), ratio(spend, r.High[i]), ratio(spend, r.Low[i])
}

// ratio returns spend / wallet, where wallet >= max(spend, 0). A wallet of 0 has no shares.
func ratio(spend, wallet float64) float64 {
	switch {
	case wallet <= 0:
		return math.NaN()
	case spend <= 0:
		return 0
	}
	return spend / wallet
}
