// Package lifetime models how long customers stay, how often they will order and what they will spend, from what they have
// done: BG/NBD for orders (Fader, Hardie, Lee: "Counting your customers" the easy way, Marketing Science 24, 2005),
// Gamma-Gamma for spend (Fader, Hardie: The Gamma-Gamma model of monetary value, 2013), and both together for the value of a
// horizon. It is for customers without a contract, who leave silently.
//
// # What goes in
//
// Times are weeks. A customer's first purchase opens the history and is not a repeat. Of each customer the models see
//
//   - Repeats, x: purchases after the first; several on one day count as one, or the model takes the baskets of one visit for
//     a rhythm;
//   - ActiveSpan, t_x: the last purchase minus the first (the papers and other software call this "recency"; here recency is
//     always the time since the last purchase, and never in this package);
//   - Age, T: the end of the observation minus the first purchase;
//   - Mean spend, zbar: the mean amount of a repeat purchase (day), the first left out.
//
// # What comes out
//
// A fit is a model and a Report. Data that cannot carry a model (too few repeat buyers, no time observed, no convergence) give
// a Report with a Reason, not an error: a nightly job publishes without these figures and says why; Overdue, which needs no
// model, still tells who is late. A parameter at a bound is no failure: the figures are those of the model's limit (customers
// who never leave, or who are all alike), and the Report names it.
//
// Alive is 1 by definition for a customer without repeats: BG/NBD lets customers leave only after a repeat purchase. Churn
// among them needs a second rule.
//
// # Numbers
//
// Results have the same bits on every build, with any number of threads and for any order of the customers: equal customers
// are merged and sorted, sums run in fixed blocks, logarithms and gamma functions are those of engine/internal/exact. The
// likelihood of BG/NBD needs no gamma function, because gamma(r + x)/gamma(r) is the product of r + i over i < x.
package lifetime
