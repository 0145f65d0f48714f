// Package anyio opens a source that is made of several files, of one format or several, and gives it as one table.
//
// A Spec names a group of files: a path, a glob (* and ? within a name, ** over folders) or a folder, with how to read
// them and which columns to rename. Folders named key=value become columns. Files may be compressed (.gz, .zst). Open
// looks at every file, decides the type of every column over all of them, and says where they do not fit together;
// ReadFile then gives each file's rows under the one schema.
//
// # One type for a column
//
//	int64 with decimal                 decimal
//	decimals of several scales         the largest scale
//	float64 with int64 or decimal      decimal(38, max(s, 6)), from the float's shortest decimal text, half to even
//	CSV text with CSV numbers, dates   utf8, the cells as written
//	Parquet or Arrow text with CSV     utf8, the cells as written
//	all null with anything             the other
//	all null everywhere                utf8, with "empty" = "true" in the field's metadata
//	key columns                        utf8, see below
//
// Anything else (text against a number that is not from CSV, times or yes/no against numbers, a column that some files do
// not have) is SEG-SCH-001.
//
// # Keys
//
// A key column arrives as text in one form, whatever it was: a number without fraction prints as an integer (17850.0 in a
// CSV, the double 17850 and the integer 17850 are all "17850"), other text stays as it is but for blanks around it
// (00123 keeps its zeros), an empty one is null. Keys that a spreadsheet has turned into 1.7E+04, and doubles beyond 2^53,
// have lost digits: SEG-KEY-002.
package anyio
