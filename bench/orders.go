package bench

import (
	"context"
	"math"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"segovia/io/anyio"
	"segovia/io/arrowio"
	"segovia/kernels/rng"
)

// Orders is a table of order lines, the same on every machine: customer_id, order_id, ordered_at, amount (two decimals) and
// promotion (yes/no). Orders come by time and their lines stand together, as an export of a shop writes them; every customer
// has an order, and a few have many. No customer has two lines at the same microsecond, so that first and last are one line.
type Orders struct {
	Lines     int
	Customers int
	Seed      uint64
}

// W10 are the order lines of the workload of that name.
var W10 = Orders{Lines: 10_000_000, Customers: 200_000, Seed: 1}

// ordersFrom is when the first order may come, ordersDays how many days the orders spread over.
var ordersFrom = time.Date(2024, 11, 22, 0, 0, 0, 0, time.UTC)

const ordersDays = 730

var orderSchema = arrow.NewSchema([]arrow.Field{
	{Name: "customer_id", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "order_id", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "ordered_at", Type: arrowio.Timestamp, Nullable: true},
	{Name: "amount", Type: arrowio.Decimal(2), Nullable: true},
	{Name: "promotion", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
}, nil)

// Create writes the lines to path as Parquet with zstd, in row groups of 131,072 rows.
func (o Orders) Create(ctx context.Context, path string) error {
	f, err := anyio.Create(path, anyio.Parquet, orderSchema)
	if err != nil {
		return err
	}
	defer f.Abort()
	b := array.NewRecordBuilder(memory.NewGoAllocator(), orderSchema)
	defer b.Release()
	g := o.generator()
	for line := 0; line < o.Lines; {
		n := min(1<<16, o.Lines-line)
		for range n {
			g.next(b)
		}
		line += n
		rec := b.NewRecord()
		err := f.Write(rec)
		rec.Release()
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	return f.Close()
}

// lineGenerator draws one order after the other.
type lineGenerator struct {
	Orders
	random   rng.Stream
	line     int
	order    int
	left     int // lines of the order that are still to come
	customer int64
	at       int64
}

func (o Orders) generator() *lineGenerator {
	return &lineGenerator{Orders: o, random: rng.New(o.Seed, "bench orders", 0, o.Customers), order: -1}
}

func (g *lineGenerator) next(b *array.RecordBuilder) {
	if g.left == 0 {
		g.begin()
	}
	draw := g.random.Uint64(2, uint64(g.line))
	cents := 50 + int64(20_000*math.Pow(float64(draw>>40)/(1<<24), 4)) // most are small, a few large
	if draw&31 == 0 {
		cents = -cents // a return
	}
	b.Field(0).(*array.Int64Builder).Append(g.customer)
	b.Field(1).(*array.Int64Builder).Append(int64(1_000_000 + g.order))
	b.Field(2).(*array.TimestampBuilder).Append(arrow.Timestamp(g.at))
	b.Field(3).(*array.Decimal128Builder).Append(decimal128.FromI64(cents))
	b.Field(4).(*array.BooleanBuilder).Append(draw>>5&7 == 0)
	g.line, g.left, g.at = g.line+1, g.left-1, g.at+1
}

// begin draws the next order: of 1 to 5 lines, by a customer who has not ordered yet or, more and more, by any.
func (g *lineGenerator) begin() {
	g.order++
	var draws [4]uint64
	for i := range draws {
		draws[i] = g.random.Uint64(1, uint64(4*g.order+i))
	}
	// Steps of 2 to the power of 5 microseconds leave room for the lines of an order between two starts.
	part := float64(g.line) / float64(g.Lines) * ordersDays * 24 * float64(time.Hour/time.Microsecond)
	g.at = ordersFrom.UnixMicro() + int64(part)>>5<<5 + int64(draws[0]>>40)<<5
	g.left = 1 + int(draws[1]%5)
	if g.order < g.Customers {
		g.customer = int64(10_000 + g.order)
		return
	}
	// The product of two uniform numbers: a tenth of the customers has a third of the orders.
	u := float64(draws[2]>>11) / (1 << 53) * (float64(draws[3]>>11) / (1 << 53))
	g.customer = int64(10_000 + int(u*float64(g.Customers)))
}
