package csvio

import "io"

// Lines returns the physical line, from 1, on which each of the given data rows begins; rows count from 1 as in Read and
// ascend. Rows behind the end have no line and are left out. It reads the text up to the last of the rows, so it is meant
// for messages. Errors are those of Read.
func Lines(r io.Reader, name string, opt Options, rows []int64) ([]int, error) {
	f, err := open(r, name, opt)
	if err != nil {
		return nil, err
	}
	defer f.close()
	var lines []int
	for _, row := range rows {
		for f.row < row {
			ok, err := f.nextRow()
			if err != nil || !ok {
				return lines, err
			}
		}
		line := int(f.line)
		if f.empty { // a blank line of a one-column file, found when the record behind the blank lines was read
			line -= f.blanks + 1
		}
		lines = append(lines, line)
	}
	return lines, nil
}
