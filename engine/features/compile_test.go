package features

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
)

// exprRows is what the expressions of the tests are evaluated on.
var exprSchema = schemaOf(field("quantity", tInt), field("unit_price", tDecimal(3)), field("rate", tFloat), field("InvoiceNo", tText),
	field("category", tText), field("paid", tBool), field("at", tTime), field("Unit Price", tInt), field("Straße", tText),
	arrow.Field{Name: "mixed", Type: tText, Nullable: true,
		Metadata: arrow.MetadataFrom(map[string]string{"csv.numbers": "7", "csv.not_numbers": "2", "csv.first_not_number_line": "5"})})

var exprRows = [][]string{
	{"3", "2.550", "2.55", "C123", "consumables", "true", "2026-03-31 12:00:00", "7", "Weg", "1"},
	{"", "-1.005", "", "123", "", "false", "2025-12-01", "", "Äcker", ""},
	{"-4", "", "0.1", "", "o'ne", "", "", "0", "", "x"},
}

// evalAll returns the values of an expression as texts, "null" where missing.
func evalAll(t testing.TB, text string) ([]string, *exprError) {
	t.Helper()
	s := newSourcePlan(SourceConfig{Name: "orders"}, exprSchema)
	s.asOf = date("2026-04-02").UnixMicro()
	n, fault := compile(text, s.environment())
	if fault != nil {
		return nil, fault
	}
	src := &memSource{schema: exprSchema, names: []string{"f"}, files: [][][]string{exprRows}}
	var out []string
	err := src.ReadFile(t.Context(), 0, func(rec arrow.Record, _ int64) error {
		v, err := n.eval(s.input(rec, make([]vec, len(s.columns))))
		if err != nil {
			return err
		}
		for i := range int(rec.NumRows()) {
			if v.isNull(i) {
				out = append(out, "null")
			} else {
				out = append(out, string(v.appendText(nil, i&v.mask)))
			}
		}
		return nil
	})
	if err != nil {
		return []string{err.Error()}, nil
	}
	return out, nil
}

func TestExpressions(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		// arithmetic is exact, missing spreads
		{"quantity * unit_price", "7.65 null null"},
		{"quantity + unit_price - rate", "3 null null"},
		{"days_since(at)", "1 122 null"}, // whole days of 24 hours before the analysis date
		{"rate * rate", "6.5025 null 0.01"},
		{"-quantity", "-3 null 4"},
		{"0.1 + 0.2", "0.3 0.3 0.3"},
		{"quantity / 3", "1 null -1.333333333"},
		{"2 / 3", "0.666666667 0.666666667 0.666666667"},
		{"quantity / `Unit Price`", "0.428571429 null null"},
		{"1e3 + .5", "1000.5 1000.5 1000.5"},
		{"1 + 2 * 3 - 4 / 2", "5 5 5"},
		// comparison and SQL's null logic
		{"quantity > 0 and unit_price > 0", "true false false"},
		{"quantity > 0 or unit_price > 0", "true null null"},
		{"quantity > 0 or unit_price < 0", "true true null"},
		{"not quantity > 0", "false null true"},
		{"not (quantity > 0)", "false null true"},
		{"NOT quantity = 3 AND NOT paid", "false null null"},
		{"not not paid", "true false null"},
		{"!paid", "false true null"},
		{"paid", "true false null"},
		{"paid = true", "true false null"},
		{"paid <> false", "true false null"},
		{"unit_price = 2.55", "true false null"},
		{"unit_price == rate", "true null null"},
		{"rate != 0.1", "true null false"},
		{"category = 'consumables'", "true null false"},
		{"category = \"consumables\"", "true null false"},
		{"category = 'o''ne'", "false null true"},
		{"category is null", "false true false"},
		{"category IS NOT NULL and not category is null", "true false true"},
		{"category == nil", "false true false"},
		{"category in ('consumables', 'x')", "true null false"},
		{"category not in ('consumables', 'x')", "false null true"},
		{"quantity in (3, 4)", "true null false"},
		{"quantity in [3, null]", "true null null"},
		{"not quantity in (3)", "false null true"},
		{"at >= '2026-01-01'", "true false null"},
		{"'2026-01-01' > at", "false true null"},
		{"at = '2026-03-31 12:00'", "true false null"},
		{"0 < quantity", "true null false"},
		{"1 < quantity < 5", "true null false"},
		// functions, in several spellings
		{"nullif(quantity, 3)", "null null -4"},
		{"coalesce(quantity, 0.5)", "3 0.5 -4"},
		{"coalesce(category, InvoiceNo, 'z')", "consumables 123 o'ne"},
		{"if(quantity > 0, unit_price, 0)", "2.55 0 0"},
		{"quantity > 0 ? 'yes' : not paid ? 'unpaid' : 'no'", "yes unpaid no"},
		{"iif(category is null, null, quantity)", "3 null -4"},
		{"abs(unit_price)", "2.55 1.005 null"},
		{"round(unit_price, 2)", "2.55 -1.01 null"},
		{"round(unit_price)", "3 -1 null"},
		{"floor(unit_price)", "2 -2 null"},
		{"ceil(unit_price)", "3 -1 null"},
		{"least(quantity, unit_price)", "2.55 null null"},
		{"greatest(quantity, 0)", "3 null 0"},
		{"max(1, 2.5, rate)", "2.55 null 2.5"},
		{"lower(upper(category))", "consumables null o'ne"},
		{"not starts_with(InvoiceNo, 'C')", "false true null"},
		{"startsWith(InvoiceNo, 'C')", "true false null"},
		{"InvoiceNo startsWith 'C'", "true false null"},
		{"InvoiceNo not endsWith '23'", "false false null"},
		{"contains(category, 'on')", "true null false"},
		{"category contains 'ne'", "false null true"},
		{"length(Straße)", "3 5 null"},
		{"year(at) * 100 + month(at)", "202603 202512 null"},
		{"quarter(at)", "1 4 null"},
		{"day(at)", "31 1 null"},
		{"`Unit Price` + 1", "8 null 1"},
		{"trim('  x ')", "x x x"},
	} {
		got, fault := evalAll(t, c.text)
		if fault != nil {
			t.Errorf("%s: %v at %d", c.text, fault, fault.pos)
		} else if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", c.text, got, c.want)
		}
	}
}

func TestExpressionFaults(t *testing.T) {
	for _, c := range []struct {
		text, id string
		pos      int
		what     string // part of the message or the remedy
	}{
		{"", "SEG-FEA-005", 0, "empty"},
		{"quantiy > 0", "SEG-FEA-002", 0, `Did you mean "quantity"?`},
		{"quantity > 0 and unit_pric > 0", "SEG-FEA-002", 17, `Did you mean "unit_price"?`},
		{"startwith(InvoiceNo, 'C')", "SEG-FEA-005", 0, `Did you mean "startswith"?`},
		{"quantity + category", "SEG-FEA-005", 11, "type number is wanted here, this is of type text"},
		{"category > 5", "SEG-FEA-005", 0, "number"},
		{"quantity and paid", "SEG-FEA-005", 0, "yes/no"},
		{"mixed > 5", "SEG-NUM-001", 0, "2 of its cells are none"},
		{"sum(mixed)", "SEG-FEA-005", 0, "no function"},
		{"abs(mixed)", "SEG-NUM-001", 4, "2 of its cells"},
		{"paid < true", "SEG-FEA-005", 5, "no order"},
		{"at > 'soon'", "SEG-FEA-005", 5, "2026-01-31"},
		{"quantity >> 0", "SEG-FEA-005", 10, `">"`},
		{"quantity >", "SEG-FEA-005", 10, "ends too early"},
		{"(quantity", "SEG-FEA-005", 9, "not closed"},
		{"quantity)", "SEG-FEA-005", 8, "closes nothing"},
		{"category = 'x", "SEG-FEA-005", 11, "not closed"},
		{"a # b", "SEG-FEA-005", 2, "no meaning"},
		{"quantity is 5", "SEG-FEA-005", 9, "is"},
		{"category in 'x'", "SEG-FEA-005", 9, "list"},
		{"round(rate, quantity)", "SEG-FEA-005", 12, "0 to 15"},
		{"abs()", "SEG-FEA-005", 0, "takes 1"},
		{"null > quantity", "SEG-FEA-005", 5, "is null"},
		{"rate * rate * rate * rate", "SEG-FEA-005", 19, "decimals"},
		{"quantity[0]", "SEG-FEA-005", 8, "not supported"},
		{"1.2.3", "SEG-FEA-005", 0, "no number"},
		{"if(paid, null, null)", "SEG-FEA-005", 0, "null"},
		{"if(paid, 1, 'x')", "SEG-FEA-005", 12, "number"},
		{"contains", "SEG-FEA-005", 0, "does not fit"},
		{strings.Repeat("(", 200) + "1" + strings.Repeat(")", 200), "SEG-FEA-005", 99, "deep"},
		{strings.Repeat("not ", 200) + "paid", "SEG-FEA-005", 400, "deep"},
		{"1" + strings.Repeat(" ?: paid", 90), "SEG-FEA-005", 0, "yes/no"},
		{strings.Repeat("(", 90) + "paid" + strings.Repeat(" ?: paid)", 90), "SEG-FEA-005", 0, "too complicated"},
		{strings.Repeat("0 < if(", 90) + "paid" + strings.Repeat(", 1, 0) < 5", 90), "SEG-FEA-005", 0, "too complicated"},
		{strings.Repeat("1+", 1500) + "1", "SEG-FEA-005", 0, "2,000"},
	} {
		got, fault := evalAll(t, c.text)
		if fault == nil {
			t.Errorf("%s: accepted, %v", c.text, got)
		} else if fault.id != c.id || fault.pos != c.pos || !strings.Contains(fault.what+" "+fault.fix, c.what) {
			t.Errorf("%.60s: %s at %d: %s %s; want %s at %d with %q", c.text, fault.id, fault.pos, fault.what, fault.fix, c.id, c.pos, c.what)
		}
	}
}

func TestExpressionOverflow(t *testing.T) {
	got, fault := evalAll(t, "quantity * 100000000000000000000000000000000000000 * 10")
	if fault != nil || len(got) != 1 || !strings.Contains(got[0], "leaves the range") {
		t.Errorf("%v %v", got, fault)
	}
}

// Whatever stands in a configuration, the compiler answers with a value or a fault within the text, never a panic.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{"quantity > 0 and not starts_with(InvoiceNo, 'C')", "a = 'b' or c in (1, null)", "if(x, 1, 2) ? -3 : `y z`", "not not !a",
		"in in in", "x is not null is null", "1e5 / 0", "((", "]", "not in (", "contains(contains", "a ? b : c ? d : e", "'\xff'", "@", "..", "a.b", "{}", "|", "Ä >= ß"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, fault := evalAll(t, text)
		if fault != nil && (fault.pos < 0 || fault.pos > len(text) || fault.what == "") {
			t.Fatalf("fault at %d of %d bytes: %q", fault.pos, len(text), fault.what)
		}
		if fault != nil && utf8.ValidString(text) && fault.pos < len(text) && !utf8.RuneStart(text[fault.pos]) {
			t.Fatalf("fault inside a character at %d", fault.pos)
		}
	})
}
