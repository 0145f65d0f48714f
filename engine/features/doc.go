// Package features folds records into one row of features per customer. All accumulators are integers or fixed point,
// so the result does not depend on file order, batch size or the number of threads.
package features
