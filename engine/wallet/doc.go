// Package wallet estimates what customers could spend. A wallet is not observed: even good customers buy elsewhere too.
// What can be observed is what the best served among comparable customers spend, so the wallet of a customer is taken to be
// a high conditional quantile of the yearly spend given what is known about the customer's size and needs, and never less
// than the customer spends already (Perlich, Rosset, Lawrence, Zadrozny: High-quantile modeling for customer wallet
// estimation, KDD 2007; their "realistic wallet").
//
// # Estimate: a quantile regression forest
//
// Estimate grows a quantile regression forest (Meinshausen, Journal of Machine Learning Research 7, 2006) on a pool of at
// most 65,536 customers: the others, and those held out for the evaluation, are predicted only. A tree is grown on a draw
// without replacement; its leaves keep the customers of the draw. In the distribution that is predicted for a customer, a
// customer of the pool weighs the mean over the trees of 1 / (size of the leaf) where both fall into the same leaf; the
// wallet is a quantile of the pool's spend under these weights. The pool is numbered by spend, so that a leaf is a list of
// 16-bit ranks and the quantiles are exact: there is no binning of the target.
//
// A customer's own spend never enters the customer's own prediction. Trees are grown in pairs on disjoint draws
// (complementary pairs: Shah, Samworth, Journal of the Royal Statistical Society B 75, 2013), so a customer of the pool is
// left out by at least half of the trees, and is predicted by those. The order in which a tree takes the levels of a
// category, too, comes from that tree's draw alone (ordering once for each tree instead of at each node: Wright, König,
// Splitting on categorical predictors in random forests, PeerJ 2019).
//
// Forests are not exact at high quantiles: a leaf is wider than a point. So the level that is read off is calibrated on the
// pool's own predictions: it is the level under which the share Quantile of the pool lies, by the rule of conformal
// prediction (rank ceil((m + 1) Quantile) of m; Romano, Patterson, Candès, Conformalized quantile regression, NeurIPS 2019;
// on the scale of levels: Chernozhukov, Wüthrich, Zhu, Distributional conformal prediction, PNAS 118, 2021). Where many
// customers spend the same, a customer's level is drawn evenly from the range of levels that give this spend, or the level
// would run away from a spend of zero that many share. The customers who are held out are used for nothing but the
// evaluation.
//
// The interval of a wallet is Woodruff's for a quantile (Journal of the American Statistical Association 47, 1952): the
// levels 1.96 standard errors of a share below and above, read off the same distribution, with Kish's effective number
// (sum w)^2 / sum w^2 of the weights for the sample size. It tells how well the quantile is known if the customers who
// share leaves are comparable. It knows neither of the width of leaves nor of predictors that are missing, so it is too narrow
// for the true conditional quantile: in the simulated markets of TestMarket it holds that for 64 to 69 % of the customers.
//
// # Demand: what a unit of use is worth
//
// FitDemand is linear quantile regression (Koenker, Bassett, Econometrica 46, 1978) with coefficients that are never
// negative and no intercept: what the best served customers spend per operation of each type of device, or per year of
// it. It is solved as a linear program by an interior-point method (Portnoy, Koenker, Statistical Science 12, 1997, with
// the predictor and corrector of Mehrotra, SIAM Journal on Optimization 2, 1992), which proves its answer by the gap to
// the dual program.
//
// # Same bits everywhere
//
// Splits compare exact integers; weights are integers, so the order in which trees are added does not matter; draws have
// names; sums over customers run in fixed blocks. Results depend on the customers in key order, their values, the
// configuration and the seed, never on threads.
package wallet
