// Command zz_tune dumps a company.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"segovia/engine/company"
)

type sink struct {
	dir string
	w   map[string]*bufio.Writer
}

func (s *sink) table(name string, cols []company.Column) {
	w := s.w[name]
	if w == nil {
		f, _ := os.Create(filepath.Join(s.dir, name+".csv"))
		w = bufio.NewWriterSize(f, 1<<20)
		s.w[name] = w
		for i, c := range cols {
			if i > 0 {
				w.WriteByte(',')
			}
			w.WriteString(c.Name)
		}
		w.WriteByte('\n')
	}
	n := len(cols[0].Texts)
	for r := 0; r < n; r++ {
		for i, c := range cols {
			if i > 0 {
				w.WriteByte(',')
			}
			switch c.Kind {
			case company.Text:
				w.WriteString(strconv.Quote(c.Texts[r]))
			case company.Time, company.Date:
				w.WriteString(time.UnixMicro(c.Ints[r]).UTC().Format("2006-01-02 15:04:05"))
			case company.Decimal:
				p := 1.0
				for range c.Scale {
					p *= 10
				}
				w.WriteString(strconv.FormatFloat(float64(c.Ints[r])/p, 'f', c.Scale, 64))
			default:
				if c.Ints[r] != company.Missing {
					w.WriteString(strconv.FormatInt(c.Ints[r], 10))
				}
			}
		}
		w.WriteByte('\n')
	}
}

func (s *sink) Put(c *company.Chunk) error {
	s.table("customers", c.Customers.Columns())
	s.table("orders", c.Orders.Columns())
	s.table("devices", c.Devices.Columns())
	s.table("contacts", c.Contacts.Columns())
	s.table("truth", c.Truth.Columns())
	return nil
}

func main() {
	n, _ := strconv.Atoi(os.Args[2])
	seed, _ := strconv.Atoi(os.Args[3])
	os.MkdirAll(os.Args[1], 0o755)
	s := &sink{os.Args[1], map[string]*bufio.Writer{}}
	t := time.Now()
	if err := company.Generate(company.Config{Customers: n, Seed: uint64(seed)}, s); err != nil {
		panic(err)
	}
	for _, w := range s.w {
		w.Flush()
	}
	fmt.Println(time.Since(t))
}
