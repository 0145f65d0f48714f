package anyio

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"segovia/kernels/problem"
)

// look finds a file's size, compression and format.
func (s *Source) look(_ context.Context, f *file) error {
	in, err := openRaw(f.path, f.abs, false, nil)
	if err != nil {
		return err
	}
	defer in.f.Close()
	f.Size, f.ModTime = in.size, in.time
	if in.size == 0 {
		return empty(f.path, "it has no bytes")
	}
	src := bufio.NewReaderSize(in, 4096)
	head, err := src.Peek(16)
	if err != nil && err != io.EOF {
		return err
	}
	if f.compress = compression(head); f.compress != compressNone {
		z, err := decompress(src, f.compress, f.path, f.Size, f.spec.MaxExpansion)
		if err != nil {
			return err
		}
		defer z.Close()
		inner := make([]byte, 16)
		n, err := io.ReadFull(z, inner)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		if n == 0 {
			return empty(f.path, "its compressed content has no bytes")
		}
		head = inner[:n]
	} else if how := compressedName(f.path); how != "" {
		return &problem.Problem{ID: "SEG-ZIP-002", What: "the compressed file is cut off or damaged", File: f.path,
			Why: "its name says " + how + ", its first bytes do not", Fix: "fetch the file again, or name it as what it is"}
	}
	f.Format, err = format(f.spec.Type, f.path, head)
	return err
}

func empty(name, why string) error {
	return &problem.Problem{ID: "SEG-SRC-002", What: "empty source file", File: name, Why: why, Fix: "write the file again, or take it out of the source"}
}

func compressedName(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".gz":
		return compressGzip
	case ".zst", ".zstd":
		return compressZstd
	}
	return ""
}

// format decides the format of a file by configuration, first bytes and name. Where bytes and name contradict each other
// it asks.
func format(config, name string, head []byte) (string, error) {
	config = strings.ToLower(config)
	switch config {
	case CSV, Parquet, Arrow:
		return config, nil
	case "", "auto":
	case "feather", "ipc":
		return Arrow, nil
	default:
		return "", &problem.Problem{ID: "SEG-CFG-003", What: fmt.Sprintf("type %q is not possible", config), File: name, Fix: "use csv, parquet or arrow"}
	}
	bytesSay := ""
	switch {
	case bytes.HasPrefix(head, []byte("PAR1")), bytes.HasPrefix(head, []byte("PARE")):
		bytesSay = Parquet
	case bytes.HasPrefix(head, []byte("ARROW1")), bytes.HasPrefix(head, []byte{0xFF, 0xFF, 0xFF, 0xFF}):
		bytesSay = Arrow
	}
	nameSays := byName(name)
	switch {
	case bytesSay == "" && nameSays != "":
		if what := foreign(head); what != "" {
			return "", unknown(name, "its first bytes are those of "+what, "write it as CSV, Parquet or Arrow")
		}
		return nameSays, nil
	case nameSays == "" && bytesSay != "" || bytesSay != "" && bytesSay == nameSays:
		return bytesSay, nil
	case bytesSay != "":
		return "", unknown(name, fmt.Sprintf("the name says %s, the first bytes say %s", nameSays, bytesSay), "say `type: csv`, `parquet` or `arrow` in the source")
	}
	if what := foreign(head); what != "" {
		return "", unknown(name, "its first bytes are those of "+what, "write it as CSV, Parquet or Arrow")
	}
	return "", unknown(name, "neither the name nor the first bytes tell it", "say `type: csv`, `parquet` or `arrow` in the source")
}

// foreign names formats that people take for tables.
func foreign(head []byte) string {
	for prefix, what := range map[string]string{
		"PK\x03\x04": "a zip archive or an Excel workbook", "\xD0\xCF\x11\xE0": "an old Excel workbook", "%PDF": "a PDF",
		"SQLite format 3": "an SQLite database", "BZh": "bzip2", "\xFD7zXZ": "xz", "ORC": "ORC", "Obj\x01": "Avro",
		"FEA1": "the old Feather format, version 1",
	} {
		if bytes.HasPrefix(head, []byte(prefix)) {
			return what
		}
	}
	return ""
}

func unknown(name, why, fix string) error {
	return &problem.Problem{ID: "SEG-SRC-006", What: "the format is not recognised", File: name, Why: why, Fix: fix}
}
