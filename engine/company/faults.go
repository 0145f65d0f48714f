package company

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"segovia/kernels/problem"
)

// Where says on what a fault is planted.
type Where int

// The places of faults.
const (
	InRows    Where = iota // in the records, whatever the format
	InCSV                  // in the bytes of a CSV file
	InParquet              // in the bytes of a Parquet file
	InArrow                // in the bytes of an Arrow file
)

// Fault is something wrong that Generate (InRows) or the writer of the files (the others) plants on purpose, so that one
// can see what the product says to it.
type Fault struct {
	Name    string
	Plants  string
	Table   string // the table that it is planted in; of several files of orders, in the last
	Where   Where
	Problem string // the id that it must get; empty = it must be read without error, as Plants says
}

// Faults lists all faults, in the order in which they are planted.
var Faults = []Fault{
	{"duplicate-customer", "one customer's row stands twice", "customers", InRows, "SEG-KEY-001"},
	{"missing-key", "one customer has no id", "customers", InRows, "SEG-KEY-001"},
	{"html-names", "three names are HTML or a spreadsheet formula: inert in the report, neutral in spreadsheets", "customers", InRows, ""},
	{"orders-without-customer", "every 100th order line has no customer: dropped and counted", "orders", InRows, ""},
	{"duplicate-lines", "every 500th order line stands twice: counted", "orders", InRows, ""},
	{"future-dates", "five order lines are dated fifty years ahead", "orders", InRows, "SEG-FEA-004"},
	{"placeholder-dates", "five order lines are dated 1900-01-01", "orders", InRows, "SEG-FEA-004"},
	{"constant-feature", "no line is a consumable: the share is constant and left out with a warning", "orders", InRows, ""},
	{"outlier", "one device's usage is 10^15 a month; an error where usage is neither clipped nor transformed", "devices", InRows, "SEG-NUM-003"},

	{"cp1252", "the file is Windows-1252, with umlauts", "customers", InCSV, "SEG-CSV-001"},
	{"utf16", "the file is UTF-16 with a byte order mark: read", "customers", InCSV, ""},
	{"utf8-bom", "the file begins with a UTF-8 byte order mark: read, and no part of the first name", "customers", InCSV, ""},
	{"cut-utf16", "the file is UTF-16 with half a character at its end", "customers", InCSV, "SEG-CSV-002"},
	{"wrong-delimiter", "the file has semicolons; an error where the configuration says ','", "orders", InCSV, "SEG-CSV-003"},
	{"ambiguous-numbers", "every quantity is 1.000 times what it was, written 1.234", "orders", InCSV, "SEG-CSV-004"},
	{"mixed-numbers", "unit prices 1,234.56 and 1.234,56 in one column", "orders", InCSV, "SEG-CSV-005"},
	{"bad-dates", "one order is dated 31.02.2026 in a column of such dates", "orders", InCSV, "SEG-CSV-006"},
	{"mixed-dates", "order dates 13/01/2026 and 01/13/2026 in one column", "orders", InCSV, "SEG-CSV-006"},
	{"unclosed-quote", "a quote opens in line 5 and never closes", "customers", InCSV, "SEG-CSV-007"},
	{"extra-field", "line 7 has one field too many", "customers", InCSV, "SEG-CSV-008"},
	{"duplicate-header", "two columns are named country", "customers", InCSV, "SEG-CSV-009"},
	{"empty-header", "one column has no name", "customers", InCSV, "SEG-CSV-009"},
	{"nul-byte", "a NUL byte stands in line 4", "customers", InCSV, "SEG-CSV-010"},
	{"long-field", "one name is 2 MiB long", "customers", InCSV, "SEG-CSV-011"},
	{"scientific-ids", "a spreadsheet has turned ids into 1.00E+09", "customers", InCSV, "SEG-KEY-002"},
	{"number-artefacts", "#NV, n/a, 1_000 and 0x1p4 among the usage figures", "devices", InCSV, "SEG-NUM-001"},
	{"huge-number", "one usage figure has 400 digits", "devices", InCSV, "SEG-NUM-002"},
	{"schema-clash", "one file of orders has amount where the others have net_amount", "orders", InCSV, "SEG-SCH-001"},
	{"cut-gz", "the file is gzip and cut off in the middle", "orders", InCSV, "SEG-ZIP-002"},
	{"trailing-gz", "bytes follow the end of the gzip stream", "orders", InCSV, "SEG-ZIP-003"},
	{"gz-bomb", "a gzip file of 260 kB expands to 256 MiB of empty lines", "orders", InCSV, "SEG-ZIP-001"},
	{"header-only", "the file has a header and no row", "contacts", InCSV, "SEG-SRC-003"},
	{"empty-file", "the file has no bytes", "contacts", InCSV, "SEG-SRC-002"},

	{"cut-parquet", "the file is cut off in the middle", "orders", InParquet, "SEG-PQ-002"},
	{"flipped-parquet", "one bit of a data page is flipped", "orders", InParquet, "SEG-PQ-003"},
	{"par1-only", "the file is the 8 bytes PAR1PAR1", "orders", InParquet, "SEG-PQ-001"},
	{"cut-arrow", "the file is cut off in the middle", "orders", InArrow, "SEG-IPC-001"},
}

// FaultNames lists the names of all faults.
func FaultNames() []string {
	names := make([]string, len(Faults))
	for i := range Faults {
		names[i] = Faults[i].Name
	}
	return names
}

// FaultNamed returns the fault of that name, or SEG-CLI-001.
func FaultNamed(name string) (*Fault, error) {
	for i := range Faults {
		if Faults[i].Name == name {
			return &Faults[i], nil
		}
	}
	return nil, &problem.Problem{ID: "SEG-CLI-001", What: fmt.Sprintf("no fault is named %q", name),
		Why: "the faults are " + strings.Join(FaultNames(), ", "), Fix: "choose from these"}
}

// plantFaults plants the faults that are wanted into a finished chunk; those that concern single rows, into the first.
func (g *generator) plantFaults(c *Chunk) {
	for i := range Faults {
		if Faults[i].Where == InRows && slices.Contains(g.cfg.Faults, Faults[i].Name) {
			g.plantFault(Faults[i].Name, c)
		}
	}
}

func (g *generator) plantFault(name string, c *Chunk) {
	cu, o := &c.Customers, &c.Orders
	switch name {
	case "orders-without-customer":
		for i := 99; i < len(o.CustomerID); i += 100 {
			o.CustomerID[i] = ""
		}
	case "duplicate-lines":
		for i := len(o.OrderID) / 500 * 500; i > 0; i -= 500 {
			o.repeat(i - 1)
		}
	case "constant-feature":
		clear(o.Consumable)
	}
	if c.First != 0 {
		return
	}
	switch name {
	case "duplicate-customer":
		cu.repeat(len(cu.ID) / 2)
	case "missing-key":
		cu.ID[len(cu.ID)/3] = ""
	case "html-names":
		for i, name := range []string{`<img src=x onerror=alert(1)>`, `</script><script>alert(1)</script>`, `=cmd|' /C calc'!A0`} {
			if i < len(cu.Name) {
				cu.Name[i] = name
			}
		}
	case "future-dates":
		for i := range min(5, len(o.OrderDate)) {
			o.OrderDate[i] = time.UnixMicro(o.OrderDate[i]).UTC().AddDate(50, 0, 0).UnixMicro()
		}
	case "placeholder-dates":
		for i := range min(5, len(o.OrderDate)) {
			o.OrderDate[len(o.OrderDate)-1-i] = time.Date(1900, time.January, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
		}
	case "outlier":
		c.Devices.MonthlyUsage[len(c.Devices.ID)/2] = 1_000_000_000_000_000
	}
}

// repeat inserts a copy of row i behind it.
func (t *Customers) repeat(i int) {
	t.ID = slices.Insert(t.ID, i, t.ID[i])
	t.ParentID = slices.Insert(t.ParentID, i, t.ParentID[i])
	t.Name = slices.Insert(t.Name, i, t.Name[i])
	t.Country = slices.Insert(t.Country, i, t.Country[i])
	t.Region = slices.Insert(t.Region, i, t.Region[i])
	t.Postcode = slices.Insert(t.Postcode, i, t.Postcode[i])
	t.Industry = slices.Insert(t.Industry, i, t.Industry[i])
	t.Employees = slices.Insert(t.Employees, i, t.Employees[i])
	t.CustomerSince = slices.Insert(t.CustomerSince, i, t.CustomerSince[i])
	t.EmailConsent = slices.Insert(t.EmailConsent, i, t.EmailConsent[i])
	t.PhoneConsent = slices.Insert(t.PhoneConsent, i, t.PhoneConsent[i])
}

// repeat inserts a copy of row i behind it.
func (t *Orders) repeat(i int) {
	t.OrderID = slices.Insert(t.OrderID, i, t.OrderID[i])
	t.Line = slices.Insert(t.Line, i, t.Line[i])
	t.CustomerID = slices.Insert(t.CustomerID, i, t.CustomerID[i])
	t.OrderDate = slices.Insert(t.OrderDate, i, t.OrderDate[i])
	t.ProductGroup = slices.Insert(t.ProductGroup, i, t.ProductGroup[i])
	t.Consumable = slices.Insert(t.Consumable, i, t.Consumable[i])
	t.Brand = slices.Insert(t.Brand, i, t.Brand[i])
	t.Quantity = slices.Insert(t.Quantity, i, t.Quantity[i])
	t.UnitPrice = slices.Insert(t.UnitPrice, i, t.UnitPrice[i])
	t.NetAmount = slices.Insert(t.NetAmount, i, t.NetAmount[i])
	t.UnitCost = slices.Insert(t.UnitCost, i, t.UnitCost[i])
	t.Month = slices.Insert(t.Month, i, t.Month[i])
}
