// Package csvio reads delimited text into typed Arrow batches and writes it back.
//
// Reading takes two passes. Scan looks at every row of a file and collects evidence; the profiles of all files of a
// source are merged; Layout decides the columns' types from the whole evidence; Read parses by that layout. Nothing is
// decided from a sample but the delimiter, and nothing is guessed: where the data leave two readings open, Layout fails
// and says which option closes the question.
//
// # Cells
//
// A cell that is empty or blank, or equals one of Options.Nulls, is null. Blanks around a number, date or yes/no word
// do not count; text is kept as written.
//
// # Types
//
// The type of a column follows from all its non-null cells, in this order:
//
//	named in Options.Text                                                     utf8
//	no cell at all                                                            utf8, all null
//	only words of one pair: true/false, wahr/falsch;
//	    yes/no, ja/nein, y/n, j/n when both words occur                       bool
//	dates are at least half of the cells, the rest is date-like or artefacts  timestamp[us], midnight for a date alone
//	numbers are at least half of the cells, the rest is number artefacts      int64, decimal128(38, s) or float64
//	everything else                                                           utf8, with the evidence in the field's metadata
//
// Integers beyond int64 and numbers with decimals are decimal128 with the most decimals seen, up to 38 digits together;
// float64 is taken for exponents (1.5e-3) and for more digits than that. A cell with a needless leading zero (00123)
// makes its column text: such zeros mean something. Eight digits are a date (yyyymmdd) only where Options.Dates says
// so, where the column's name says so (one of its words ends in "date" or "datum"), or where other cells of the column
// carry a time behind the eight digits; else they are an int64.
//
// Artefacts (NaN, #NV, n/a, -, 1_000, 0x1p4 ...) are never turned into null silently: in a number column they raise
// SEG-NUM-001, in a date column SEG-CSV-006, until Options.Nulls lists them.
//
// # Number and date styles
//
// 1.234 and 1,234 (one separator, one to three digits before it, not 0, exactly three behind) have two readings. Any
// other value of the column may decide, in any row of any file; if none does, SEG-CSV-004, and if they contradict each
// other, SEG-CSV-005. Dates in the order day-month or month-day with / or - are treated alike (SEG-CSV-006). A date
// counts as invalid rather than as text when its parts could be a day and a month (1 to 31) and a year from 1000 to
// 2999. Digits of a second behind the sixth are cut off. Times with Z or an offset are turned into UTC; a column must
// not mix them with times that have none.
package csvio
