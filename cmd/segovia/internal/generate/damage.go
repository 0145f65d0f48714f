package generate

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"

	"segovia/engine/company"
	"segovia/kernels/problem"
)

// damage is a fault that is planted in the bytes of a finished file.
type damage struct {
	*company.Fault
	plant  func(file []byte) ([]byte, error)
	ending string // of the file's name, behind the format's
}

// damagesFor returns the wanted faults that concern files, in the order of company.Faults. It returns SEG-CLI-001 for one
// that files of this format cannot have.
func damagesFor(names []string, format string) ([]damage, error) {
	needs := map[company.Where]string{company.InCSV: "csv", company.InParquet: "parquet", company.InArrow: "arrow"}
	var wanted []damage
	for i := range company.Faults {
		f := &company.Faults[i]
		if f.Where == company.InRows || !slices.Contains(names, f.Name) {
			continue
		}
		if needs[f.Where] != format {
			return nil, &problem.Problem{
				ID: "SEG-CLI-001", What: fmt.Sprintf("fault %q does not go with format %s", f.Name, format),
				Fix: "use --format " + needs[f.Where],
			}
		}
		plant := damages[f.Name]
		if plant == nil {
			panic("BUG: generate: no way to plant " + f.Name)
		}
		d := damage{Fault: f, plant: plant}
		if strings.HasSuffix(f.Name, "-gz") || strings.HasPrefix(f.Name, "gz-") {
			d.ending = ".gz"
		}
		if d.ending != "" && slices.ContainsFunc(wanted, func(o damage) bool { return o.ending != "" }) {
			return nil, &problem.Problem{ID: "SEG-CLI-001", What: "only one fault of gzip can be planted at a time",
				Fix: "leave out " + f.Name}
		}
		wanted = append(wanted, d)
	}
	return wanted, nil
}

// damages holds, by fault, the way to plant it. The files are those that Write makes, so their columns are known.
var damages = map[string]func(file []byte) ([]byte, error){
	"cp1252":    inWindows1252,
	"utf16":     inUTF16,
	"utf8-bom":  func(file []byte) ([]byte, error) { return append([]byte("\xEF\xBB\xBF"), file...), nil },
	"cut-utf16": cutUTF16,
	"wrong-delimiter": func(file []byte) ([]byte, error) {
		rows, err := parse(file)
		if err != nil {
			return nil, err
		}
		return format(rows, ';')
	},
	"ambiguous-numbers": inColumn("quantity", func(i int, cell string) string {
		sign, digits := "", cell
		if strings.HasPrefix(cell, "-") {
			sign, digits = "-", cell[1:]
		}
		return fmt.Sprintf("%s%s.%03d", sign, digits[:1], i%1000)
	}),
	"mixed-numbers": inColumn("unit_price", func(i int, cell string) string {
		if i%2 == 0 {
			return "1,234.56"
		}
		return "1.234,56"
	}),
	"bad-dates": inColumn("order_date", func(i int, cell string) string {
		if i == 0 {
			return "31.02.2026"
		}
		return cell[8:10] + "." + cell[5:7] + "." + cell[:4]
	}),
	"mixed-dates": inColumn("order_date", func(i int, cell string) string {
		if i%2 == 0 {
			return "13/01/2026"
		}
		return "01/13/2026"
	}),
	"unclosed-quote": inLine(5, func(line string) string { // before the name, the third field
		fields := strings.SplitN(line, ",", 3)
		return fields[0] + "," + fields[1] + `,"` + fields[2]
	}),
	"extra-field": inLine(7, func(line string) string { return line + ",1" }),
	"nul-byte":    inLine(4, func(line string) string { return strings.Replace(line, " ", "\x00", 1) }),
	"long-field": inColumn("name", func(i int, cell string) string {
		if i == 0 {
			return strings.Repeat("Langname ", 2<<20/9+1)
		}
		return cell
	}),
	"duplicate-header": inLine(1, func(line string) string { return strings.Replace(line, ",region,", ",country,", 1) }),
	"empty-header":     inLine(1, func(line string) string { return strings.Replace(line, ",postcode,", ",,", 1) }),
	"scientific-ids": inColumn("customer_id", func(i int, cell string) string {
		if i%2 == 0 {
			return "1.00E+09"
		}
		return cell
	}),
	"number-artefacts": inColumn("monthly_usage", func(i int, cell string) string {
		if artefacts := []string{"#NV", "n/a", "1_000", "0x1p4"}; i < len(artefacts) {
			return artefacts[i]
		}
		return cell
	}),
	"huge-number": inColumn("monthly_usage", func(i int, cell string) string {
		if i == 0 {
			return strings.Repeat("9", 400)
		}
		return cell
	}),
	"schema-clash": inLine(1, func(line string) string { return strings.Replace(line, ",net_amount", ",amount", 1) }),
	"cut-gz": func(file []byte) ([]byte, error) {
		file, err := zipped(file)
		return file[:len(file)/2], err
	},
	"trailing-gz": func(file []byte) ([]byte, error) {
		file, err := zipped(file)
		return append(file, "trailing bytes\n"...), err
	},
	"gz-bomb":     bomb,
	"header-only": func(file []byte) ([]byte, error) { return file[:bytes.IndexByte(file, '\n')+1], nil },
	"empty-file":  func([]byte) ([]byte, error) { return nil, nil },

	"cut-parquet":     half,
	"flipped-parquet": flipped,
	"par1-only":       func([]byte) ([]byte, error) { return []byte("PAR1PAR1"), nil },
	"cut-arrow":       half,
}

func half(file []byte) ([]byte, error) { return file[:len(file)/2], nil }

// flipped flips a bit in the first page of the file, some way behind the page's header, which is shorter than 100 bytes.
func flipped(file []byte) ([]byte, error) {
	file[4+200] ^= 0x10
	return file, nil
}

func parse(file []byte) ([][]string, error) {
	r := csv.NewReader(bytes.NewReader(file))
	r.FieldsPerRecord = -1
	return r.ReadAll()
}

func format(rows [][]string, delimiter rune) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = delimiter
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

// inColumn changes the cells of a column, row by row from 0.
func inColumn(name string, change func(i int, cell string) string) func([]byte) ([]byte, error) {
	return func(file []byte) ([]byte, error) {
		rows, err := parse(file)
		if err != nil || len(rows) == 0 {
			return file, err
		}
		at := slices.Index(rows[0], name)
		for i, row := range rows[1:] {
			if at >= 0 && at < len(row) {
				row[at] = change(i, row[at])
			}
		}
		return format(rows, ',')
	}
}

// inLine changes one line, counted from 1, or the last one of a shorter file.
func inLine(number int, change func(line string) string) func([]byte) ([]byte, error) {
	return func(file []byte) ([]byte, error) {
		lines := strings.Split(strings.TrimSuffix(string(file), "\n"), "\n")
		at := min(number, len(lines)) - 1
		lines[at] = change(lines[at])
		return []byte(strings.Join(lines, "\n") + "\n"), nil
	}
}

// inWindows1252 writes the file in Windows-1252, with an umlaut in the first row so that there is one.
func inWindows1252(file []byte) ([]byte, error) {
	file, err := inColumn("name", func(i int, cell string) string {
		if i == 0 {
			return "Müller & Söhne GmbH"
		}
		return cell
	})(file)
	out := make([]byte, 0, len(file))
	for _, r := range string(file) {
		if r > 0xFF { // Polish letters and the like: what old exports do to them
			r = '?'
		}
		out = append(out, byte(r)) // Windows-1252 and Unicode agree from U+00A0 to U+00FF, which is all that names have
	}
	return out, err
}

func inUTF16(file []byte) ([]byte, error) {
	return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes(file)
}

func cutUTF16(file []byte) ([]byte, error) {
	file, err := inUTF16(file)
	return file[:max(len(file)-1, 0)], err
}

func zipped(file []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(file)
	if err == nil {
		err = w.Close()
	}
	return b.Bytes(), err
}

// bomb puts 256 MiB of empty lines behind the header: as much as gzip can expand, about 1,030 to 1.
func bomb(file []byte) ([]byte, error) {
	const size = 256 << 20
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(file[:bytes.IndexByte(file, '\n')+1]); err != nil {
		return nil, err
	}
	lines := bytes.Repeat([]byte("\n"), 1<<20)
	for n := 0; n < size; n += len(lines) {
		if _, err := w.Write(lines); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return b.Bytes(), err
}
