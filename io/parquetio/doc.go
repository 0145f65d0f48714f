// Package parquetio reads Parquet behind guards and writes Parquet that can be checked.
//
// # Reading
//
// Arrow's reader believes what a file declares about itself and does not look at page checksums. So before it sees
// anything, this package checks the magic and the footer's length (SEG-PQ-001, -002), walks the footer with limits,
// holds row counts, lengths and places against the file (-004, -005, -006), names codecs and encryption that cannot be
// read (-007), and walks the header of every page: its declared sizes, its encoding, the number of values, and its CRC-32
// where there is one (-003, with column, row group and page). Only then arrow decodes, under recover; what still goes
// wrong is -008. Rows arrive in the canonical types of package arrowio. Nested columns are left out and told in Notes.
//
// A page's CRC covers its bytes, not the page header and not the footer, for which the format has no checksum. Those two
// are held against each other: number of values, encodings and sizes must agree.
//
// # Writing
//
// Files are zstd compressed, carry a CRC-32 in every page header and are the same bytes for the same table, however the
// rows arrived: fixed row groups, no clock, no name of a machine. Field metadata (unit, formula) travel in the Arrow
// schema that the footer carries.
package parquetio
