package problem

// Entry explains one id of the catalogue, for `segovia explain SEG-...`.
type Entry struct {
	ID          string
	Exit        int
	Title       string
	Explanation string
	Fix         string
}

// Lookup returns the catalogue's entry of an id.
func Lookup(id string) (Entry, bool) {
	for _, e := range Catalogue {
		if e.ID == id {
			return e, true
		}
	}
	return Entry{}, false
}

// Catalogue lists every id that Segovia can raise, in the order of the pages of the manual. A test in cmd/internal/lint
// holds that no other id appears in the code.
var Catalogue = []Entry{
	{"SEG-SRC-001", ExitSource, "no such source file", "A path or glob of a source matches no file.", "Check the path; relative paths start at the folder of the configuration file."},
	{"SEG-SRC-002", ExitData, "empty source file", "The file has no bytes, or nothing but blank lines.", "Write the file again, or take it out of the source."},
	{"SEG-SRC-003", ExitData, "source without rows", "The file has a header and no data row.", "Check the export that wrote it; a night without data is better stopped than published."},
	{"SEG-SRC-004", ExitSource, "source not readable", "The operating system refused to open or read the file.", "Check rights and disk; the message of the system is given."},
	{"SEG-SRC-005", ExitSource, "source changed while it was read", "Size or time of the file changed between the first and the last read.", "Let the writer finish, best by writing to a temporary name and renaming; then run again."},
	{"SEG-SRC-006", ExitData, "format not recognised", "Neither the name nor the first bytes tell the format of the file.", "Say `type: csv`, `parquet` or `arrow` in the source."},
	{"SEG-PQ-001", ExitData, "Parquet footer does not fit the file", "The footer's declared length is longer than the file.", "The file is damaged or not Parquet; fetch it again."},
	{"SEG-PQ-002", ExitData, "Parquet file cut off", "The closing magic PAR1 is missing: the file is cut off or still being written.", "Wait until the writer has finished, or fetch the file again."},
	{"SEG-PQ-003", ExitData, "Parquet page checksum differs", "The CRC-32 in a page header does not match the page's bytes.", "The file is damaged; fetch it again."},
	{"SEG-PQ-004", ExitData, "Parquet declares impossible sizes", "A page, chunk or row count in the file is negative, larger than the file can hold, or larger than the limit.", "The file is damaged or hostile; fetch it again."},
	{"SEG-PQ-005", ExitData, "Parquet chunk outside the file", "A column chunk starts or ends outside the file's bytes.", "The file is damaged; fetch it again."},
	{"SEG-PQ-006", ExitData, "Parquet columns of unequal length", "The columns of one row group declare different numbers of rows.", "The file is damaged; write it again."},
	{"SEG-PQ-007", ExitData, "Parquet feature not supported", "The file is encrypted, or uses a codec that is not compiled in.", "Write the file with zstd, snappy, gzip, brotli, lz4_raw or without compression, unencrypted."},
	{"SEG-PQ-008", ExitData, "Parquet file damaged", "The reader failed inside the file.", "The file is damaged; fetch it again."},
	{"SEG-IPC-001", ExitData, "Arrow IPC file damaged", "The Arrow IPC reader failed inside the file.", "The file is damaged or cut off; fetch it again."},
	{"SEG-CSV-001", ExitData, "bytes that are not UTF-8", "The file is not valid UTF-8.", "Set `csv: {encoding: cp1252}` (or latin9) in the source."},
	{"SEG-CSV-002", ExitData, "UTF-16 text is damaged", "The file looks like UTF-16 but has an odd byte or a lone surrogate.", "Write it as UTF-8, or set `encoding: utf-16le` or `utf-16be`."},
	{"SEG-CSV-003", ExitData, "wrong delimiter", "With the configured delimiter every row has one column.", "Set `csv: {delimiter: ...}` to the delimiter that the message names."},
	{"SEG-CSV-004", ExitData, "ambiguous numbers", "A dot or comma before exactly three digits may group thousands or start decimals, and no other value decides.", "Set `csv: {numbers: de}` (1.234,5) or `csv: {numbers: en}` (1,234.5)."},
	{"SEG-CSV-005", ExitData, "two number styles in one column", "Some values can only be English (1,234.56), others only German (1.234,56).", "Split the source by file and set `numbers` for each, or repair the export."},
	{"SEG-CSV-006", ExitData, "invalid or mixed dates", "A value is no day of the calendar, or the column mixes date styles.", "Set `csv: {dates: \"dd.mm.yyyy\"}` or repair the rows."},
	{"SEG-CSV-007", ExitData, "unclosed quote", "A quoted field opens and does not close before the limit.", "Repair the line where it opened, or set `csv: {quote: none}`."},
	{"SEG-CSV-008", ExitData, "row with another number of fields", "A row has more or fewer fields than the header.", "Repair the row; a delimiter inside a value must be quoted. `quality.max_rejects` allows a share of such rows."},
	{"SEG-CSV-009", ExitData, "duplicate or empty header", "Two columns have the same name, or a column has none.", "Give the columns names with `csv: {header: [...]}`."},
	{"SEG-CSV-010", ExitData, "NUL byte in text", "The file contains a NUL byte where text is expected.", "Repair the export; UTF-16 needs `encoding: utf-16le`."},
	{"SEG-CSV-011", ExitData, "field or row over the limit", "A single field or row is longer than the limit.", "Check for a lost quote; raise `csv: {max_field: 16MiB}` if the field is genuine."},
	{"SEG-ZIP-001", ExitData, "compressed file expands beyond the limit", "The file expands to more than the limit for its size.", "Check where the file comes from; raise `max_expansion` if it is genuine."},
	{"SEG-ZIP-002", ExitData, "compressed file cut off or damaged", "The compressed stream ends early or its checksum differs.", "Fetch the file again."},
	{"SEG-ZIP-003", ExitData, "trailing bytes after the compressed stream", "Bytes follow the end of the compressed data.", "Fetch the file again; nothing after the stream is read."},
	{"SEG-SCH-001", ExitData, "files of one source disagree", "A column has types that cannot be unified, or is missing in one of the files.", "Use `rename`, or give the files as sources of their own."},
	{"SEG-SCH-002", ExitData, "column type not supported", "A column that is used has a nested or other type without a meaning here.", "Flatten it, or leave the column out."},
	{"SEG-KEY-001", ExitData, "customer key missing or duplicate", "The entity table must have one row and one key for each customer.", "Repair the table, or set `on_duplicate: first` or `last`."},
	{"SEG-KEY-002", ExitData, "customer keys damaged by a spreadsheet", "Keys in scientific notation have lost digits.", "Export the key as text."},
	{"SEG-KEY-003", ExitData, "accounts not known", "A model that keeps the members of an account in one segment meets customers whose accounts it is not told.", "Name the column with the id of the parent or of the account with --account."},
	{"SEG-NUM-001", ExitData, "text in a number column", "Some cells of a number column are no numbers.", "List tokens that mean missing under `csv: {nulls: [...]}`, or repair the cells."},
	{"SEG-NUM-002", ExitData, "number too large", "A value or a sum leaves the range that can be kept exactly.", "Clip or transform the column, or repair the value."},
	{"SEG-NUM-003", ExitData, "outlier squeezes the column", "One or a few values are so large that the middle half of the others falls into fewer than 1,024 steps of the grid.", "Clip the feature (`clip: [0.5%, 99.5%]`) or transform it (`transform: {name: log1p}`)."},
	{"SEG-FEA-001", ExitData, "no usable feature", "Every feature is null or constant.", "See quality.json for each feature's reason."},
	{"SEG-FEA-002", ExitConfig, "unknown feature or column", "A name is not in the source.", "The message names the nearest ones."},
	{"SEG-FEA-003", ExitConfig, "too many levels for one-hot", "A category column has more levels than can be one-hot encoded.", "Merge levels (`min_level`), choose another encoding, or use the column under `profile_only`."},
	{"SEG-FEA-004", ExitData, "dates outside the plausible range", "Dates lie in the future or at a placeholder such as 1900-01-01.", "Set `as_of` or list the placeholder under `nulls`."},
	{"SEG-FEA-005", ExitConfig, "expression not valid", "A `where` or `expr` cannot be parsed or mixes types.", "The message shows the place."},
	{"SEG-FEA-006", ExitData, "missing values", "A feature has missing values and imputation is switched off.", "Set `prep: {impute: median}`, or leave the feature out."},
	{"SEG-FEA-007", ExitData, "transform not defined", "A logarithm or square root is asked for a feature with negative values.", "Use `signed-log1p`, or filter the records that make it negative."},
	{"SEG-SEG-001", ExitConfig, "k not possible", "k is 0, or above the number of distinct rows, or a statistic is not defined for it.", "Choose k between 2 and the number of distinct rows."},
	{"SEG-SEG-002", ExitData, "too little data to segment", "After filters there are no rows, or fewer than two distinct ones.", "Check filters and window."},
	{"SEG-CFG-001", ExitConfig, "unknown key", "The configuration has a key that does not exist.", "The message names the nearest key."},
	{"SEG-CFG-002", ExitConfig, "duplicate key", "A key stands twice in one mapping.", "Remove one."},
	{"SEG-CFG-003", ExitConfig, "value of the wrong type", "A value cannot be read as its key demands.", "The message names the form that is expected."},
	{"SEG-CFG-004", ExitConfig, "YAML not readable", "The file is not valid YAML, is indented with tabs, or uses aliases that expand without bound.", "The message shows the place."},
	{"SEG-CFG-005", ExitConfig, "undefined variable", "${NAME} is not set in the environment.", "Set it, or write ${NAME:-default}."},
	{"SEG-CFG-006", ExitConfig, "configuration of a newer version", "`version` is newer than this binary knows.", "Install a newer Segovia."},
	{"SEG-CFG-007", ExitConfig, "output directory inside an input", "A source's glob would read what the run writes.", "Choose another --out, or a narrower glob."},
	{"SEG-CFG-008", ExitConfig, "configuration contradicts itself", "Two settings exclude each other, or a required one is missing.", "The message names them."},
	{"SEG-CFG-009", ExitConfig, "configuration not readable", "The configuration or a file of variables cannot be opened.", "Name it with --config, or write one with `segovia init FILES...`."},
	{"SEG-CFG-010", ExitConfig, "note on the configuration", "Something in a valid configuration should be known: a figure that stays empty, a table that no feature uses.", "Nothing need be done; the message says what would."},
	{"SEG-CFG-011", ExitConfig, "not available in this version", "The configuration asks for something that this version of Segovia cannot do.", "Remove it, or install a version that can."},
	{"SEG-CFG-012", ExitConfig, "rule of tiers contradicts itself", "Cuts do not rise, rules of the grid overlap or leave customers without a tier, or tiers move against a direction.", "Mend the rule that the message names; every combination of classes needs exactly one."},
	{"SEG-OUT-001", ExitOutput, "unsafe output name", "A name would leave the output directory.", "Rename the value."},
	{"SEG-OUT-002", ExitOutput, "disk full", "The output cannot be written: no space left.", "Free the space that the message names."},
	{"SEG-OUT-003", ExitOutput, "output not writable", "The operating system refused to write.", "Check rights and mount of the output directory."},
	{"SEG-LCK-001", ExitLocked, "another run holds the lock", "A run is working in this output directory.", "Wait for it; the message names host, process and run."},
	{"SEG-STA-001", ExitState, "model does not fit", "The model was made from other features or by another algorithm version.", "Run again with this configuration, or use the matching model."},
	{"SEG-STA-002", ExitState, "no such run", "The output directory has no such run, or none is published.", "`segovia status` shows what is there."},
	{"SEG-STA-003", ExitState, "published run damaged", "A file of the run is missing or its hash differs from the manifest.", "Roll back, or run again."},
	{"SEG-GAT-001", ExitGate, "a gate stopped the publication", "A figure of this run is outside its gate.", "Look at the data; --force-publish overrides."},
	{"SEG-HW-001", ExitOther, "hardware path not available", "The path that was asked for cannot run here.", "`segovia paths` lists what can; `--path auto` chooses."},
	{"SEG-HW-002", ExitOther, "hardware paths differ", "Two hardware paths, or two numbers of threads, gave different labels for the same work.", "Do not use the path that stands alone, and please report it with the message."},
	{"SEG-HW-003", ExitTransient, "device failed", "The device that fits ran on failed during the work: too little memory, or it was lost. Nothing was published.", "Run again; with run.hardware.on_failure: cpu, or `--path auto`, the processor goes on where a device fails."},
	{"SEG-MEM-001", ExitBudget, "memory budget too small", "The work needs more memory than the budget.", "Raise --memory to the least that the message names."},
	{"SEG-CLI-001", ExitUsage, "wrong command line", "A flag, argument or command is not known or does not fit.", "`segovia help` shows what is possible."},
	{"SEG-RUN-001", ExitOther, "operation failed", "A step failed for a reason without an id of its own.", "The message gives the cause."},
	{"SEG-RUN-002", ExitOther, "interrupted", "A signal ended the command; it returns 130 for SIGINT and 143 for SIGTERM. Nothing was published.", "Run the command again."},
	{"SEG-BUG-001", ExitBug, "bug", "An internal promise was broken. Nothing was published.", "Please report it with the message."},
}
