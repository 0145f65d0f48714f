// Package arrowio reads and writes Arrow IPC (files and streams) and owns what all readers of columnar files share: the
// canonical types in which records are delivered, the options of a reader, and the limits that stand before arrow.
//
// # Canonical types
//
// A column arrives as one of
//
//	utf8            text, also from dictionaries, large and view strings, and from binary that holds UTF-8
//	bool
//	int64           from all integers; an unsigned value beyond int64 is SEG-NUM-002
//	float64         from half, single and double precision
//	decimal(38, s)  from 128-bit and 256-bit decimals, s >= 0
//	timestamp[us]   without zone, UTC: from dates (midnight) and timestamps of any unit and zone
//	null            a column that has a type in no file; whoever unifies files gives it one
//
// Fractions of a microsecond are cut off towards the past. Columns of any other type are left out and told in Notes;
// they are an error (SEG-SCH-002) only when the caller asks for them by name.
//
// # Damage
//
// Arrow's IPC reader believes the lengths in a file: it panics, or asks for a gigabyte, where they lie. So the framing is
// read here, every length is held against the size of the file and of its message before anything is allocated, and
// arrow is given one checked message at a time, under recover. A damaged file is SEG-IPC-001. IPC carries no checksums:
// a flipped bit inside a value is not found.
package arrowio
