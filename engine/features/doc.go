// Package features folds records into one row of features per customer.
//
// Sources stream Arrow record batches, file by file and several at once. A plan is made first: the configuration is
// checked against the schemas, its expressions are compiled, and each feature is reduced to states that accumulate one
// thing per customer (a count, a sum, the latest time, a set of days, sums by level) and a function that reads them; what
// two features need alike is kept once. Customers are spread over shards by the hash of their key; a worker evaluates a
// batch column by column, deals its rows to the shards and, when it holds enough of them, visits the shards one by one: what a
// shard keeps of its customers then stays in the cache while many rows are folded. Nothing is allocated per row.
//
// Every worker takes one file after the other; those that find none left fold batches of the files that others still read.
// What exceeds the memory budget is spilled: the states of the largest shards, customer by customer, and sets of hashes go to
// Arrow IPC files in the temporary folder and are merged shard by shard at the end, as many customers at a time as fit. The
// keys of the customers stay in memory, and so do the hashes of rows where duplicates are removed: what these take is the
// least budget (SEG-MEM-001).
//
// Where the entity table names each customer's parent, accounts are resolved when that table is read (Accounts). Tied, they
// change no feature. Summed up, the key of a member is replaced by its head's before the row of an event source is dealt, so
// that every aggregation is over the records of all members; tables with one row per customer count with the head's row.
//
// All accumulators are integers, fixed point, sets or extremes, so the result does not depend on the order of files and
// rows, on the size of batches or on the number of threads, to the last bit:
//
//   - whole numbers and decimals are 128-bit integers with the column's number of decimals; doubles are rounded to 9
//     decimals, half to even, from their shortest decimal text, and are missing where they are not finite;
//   - sums and products are exact; a number that leaves the range is an error (SEG-NUM-002), never a wrong sum;
//   - times are microseconds, days are calendar days in UTC, and nothing reads the wall clock;
//   - where one of several rows is taken, ties are broken by value, or the place (file name, row) decides.
//
// Expressions (where, amount, column, order, by, expr) are read in SQL's or Go's spelling and follow SQL's logic for
// missing values; see FunctionNames for what they may call. Over rows they compute in exact decimals (a quotient has 9
// decimals), over features in float64, where a division by zero is missing. The built-in aggregations, with unit and
// formula, stand in Aggregations.
package features
