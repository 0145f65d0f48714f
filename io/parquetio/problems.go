package parquetio

import (
	"fmt"

	"segovia/kernels/problem"
)

const fixFetch = "the file is damaged; fetch or write it again"

func footerLength(why string) *problem.Problem {
	return &problem.Problem{ID: "SEG-PQ-001", What: "the Parquet footer is longer than the file", Why: why, Fix: fixFetch}
}

func cutOff() *problem.Problem {
	return &problem.Problem{ID: "SEG-PQ-002", What: "the Parquet file has no closing magic", Why: "it is cut off or still being written",
		Fix: "wait until the writer has finished, or fetch the file again"}
}

func checksum(place string, want, got uint32) *problem.Problem {
	return &problem.Problem{ID: "SEG-PQ-003", What: "a Parquet page's checksum differs", Place: place,
		Why: fmt.Sprintf("the page header says %08x, the bytes give %08x", want, got), Fix: fixFetch}
}

func sizes(place, why string) *problem.Problem {
	return &problem.Problem{ID: "SEG-PQ-004", What: "the Parquet file declares impossible sizes", Place: place, Why: why, Fix: fixFetch}
}

func unequal(place, why string) *problem.Problem {
	return &problem.Problem{ID: "SEG-PQ-006", What: "the Parquet file has columns of unequal length", Place: place, Why: why, Fix: fixFetch}
}

func unsupported(place, why string) *problem.Problem {
	return &problem.Problem{ID: "SEG-PQ-007", What: "the Parquet file uses a feature that is not supported", Place: place, Why: why,
		Fix: "write the file unencrypted, in one piece, with zstd, snappy, gzip, brotli, lz4_raw or without compression"}
}

func encrypted(why string) *problem.Problem {
	return &problem.Problem{ID: "SEG-PQ-007", What: "the Parquet file is encrypted", Why: why, Fix: "write the file without encryption"}
}

func broken(why string) *problem.Problem {
	return &problem.Problem{ID: "SEG-PQ-008", What: "the Parquet file is damaged", Why: why, Fix: "fetch or write the file again"}
}

func at(p *problem.Problem, place string) *problem.Problem {
	p.Place = place
	return p
}
