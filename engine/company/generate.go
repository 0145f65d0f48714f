package company

import (
	"fmt"
	"runtime"
	"time"

	"segovia/kernels/problem"
	"segovia/kernels/rng"
)

// Config says which company to make. The zero value is the default company.
type Config struct {
	Customers int       // 0 = DefaultCustomers
	Seed      uint64    // any
	Months    int       // length of the history; 0 = 24, at most 120
	End       time.Time // midnight UTC after the history, on the first of a month; zero = DefaultEnd
	Faults    []string  // names of Faults to plant; those that damage files are the writer's, see Fault.Where
}

// DefaultCustomers is the size of a company when none is said.
const DefaultCustomers = 20_000

const (
	defaultMonths = 24
	maxMonths     = 120
	maxCustomers  = 100_000_000
)

// DefaultEnd is the day after a company's history when none is said. It is fixed: nothing here reads a clock.
var DefaultEnd = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)

// WithDefaults fills the zero fields. It returns SEG-CLI-001 for values outside what can be made.
func (cfg Config) WithDefaults() (Config, error) {
	if cfg.Customers == 0 {
		cfg.Customers = DefaultCustomers
	}
	if cfg.Months == 0 {
		cfg.Months = defaultMonths
	}
	if cfg.End.IsZero() {
		cfg.End = DefaultEnd
	}
	cfg.End = cfg.End.UTC()
	usage := func(what, fix string) error { return &problem.Problem{ID: "SEG-CLI-001", What: what, Fix: fix} }
	switch {
	case cfg.Customers < 1 || cfg.Customers > maxCustomers:
		return cfg, usage(fmt.Sprintf("a company cannot have %d customers", cfg.Customers),
			fmt.Sprintf("choose --customers between 1 and %d", maxCustomers))
	case cfg.Months < 1 || cfg.Months > maxMonths:
		return cfg, usage(fmt.Sprintf("a history cannot have %d months", cfg.Months),
			fmt.Sprintf("choose --months between 1 and %d", maxMonths))
	case cfg.End.Year() < 1980 || cfg.End.Year() > 2200 || cfg.End.Day() != 1 || !cfg.End.Equal(cfg.End.Truncate(24*time.Hour)):
		return cfg, usage("the history must end at midnight UTC before the first day of a month from 1980 to 2200", "choose another end")
	}
	for _, name := range cfg.Faults {
		if _, err := FaultNamed(name); err != nil {
			return cfg, err
		}
	}
	return cfg, nil
}

// The purposes of a customer's random streams.
const (
	streamAccounts = iota
	streamMaster
	streamPlan
	streamDevices
	streamOrders
	streamContacts
	streamMeters
	streamCosts
	streamCount
)

var purposes = [streamCount]string{"company/accounts", "company/master", "company/plan", "company/devices",
	"company/orders", "company/contacts", "company/meters", "company/costs"}

// generator holds what all customers share; it is read only once made.
type generator struct {
	cfg         Config
	streams     [streamCount]rng.Stream
	order       shuffle
	orderDays   *calendar
	contactDays *calendar
}

func newGenerator(cfg Config) *generator {
	g := &generator{
		cfg:         cfg,
		order:       newShuffle(cfg.Seed, cfg.Customers),
		orderDays:   newOrderCalendar(cfg.End, cfg.Months),
		contactDays: newContactCalendar(cfg.End, cfg.Months),
	}
	for i, p := range purposes {
		g.streams[i] = rng.New(cfg.Seed, p, 0, 0)
	}
	return g
}

// draws opens one customer's stream of a purpose.
func (g *generator) draws(purpose, customer int) *draws {
	return &draws{stream: g.streams[purpose], step: uint64(customer)}
}

// segmentOf returns the index of the customer's segment. The shares hold exactly but for rounding: a random permutation
// of all customers is cut at the cumulative shares.
func (g *generator) segmentOf(customer int) int {
	at := g.order.at(customer)
	perMille := 0
	for i := range Segments {
		perMille += Segments[i].PerMille
		if at < (g.cfg.Customers*perMille+500)/1000 {
			return i
		}
	}
	return len(Segments) - 1
}

// chunkCustomers in one chunk: whole account blocks, and a few megabytes of order lines.
const chunkCustomers = 64 * accountBlock

// Generate makes the company of cfg and gives it to sink, chunk by chunk. Chunks are made on all cores, at most a few
// ahead of the sink. It returns the sink's first error, or SEG-CLI-001 for a cfg that cannot be made.
func Generate(cfg Config, sink Sink) error {
	return generate(cfg, sink, runtime.GOMAXPROCS(0))
}

func generate(cfg Config, sink Sink, workers int) error {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return err
	}
	g := newGenerator(cfg)
	stop := make(chan struct{})
	defer close(stop)
	queue := make(chan chan *Chunk, workers) // chunks under way, in order; its size bounds how far ahead they are
	go func() {
		defer close(queue)
		for first := 0; first < cfg.Customers; first += chunkCustomers {
			promise := make(chan *Chunk, 1)
			select {
			case queue <- promise:
			case <-stop:
				return
			}
			go func() { promise <- g.chunk(first) }()
		}
	}()
	for promise := range queue {
		if err := sink.Put(<-promise); err != nil {
			return err
		}
	}
	return nil
}

// chunk makes all records of the customers from index first.
func (g *generator) chunk(first int) *Chunk {
	c := &Chunk{First: first}
	for at := first; at < min(first+chunkCustomers, g.cfg.Customers); at += accountBlock {
		g.block(c, at)
	}
	g.plantFaults(c)
	return c
}

// MonthStarts names the months of cfg's history by their first days, in order: Orders.Month counts them.
func (cfg Config) MonthStarts() ([]time.Time, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return nil, err
	}
	starts := make([]time.Time, cfg.Months)
	for m := range starts {
		starts[m] = cfg.End.AddDate(0, m-cfg.Months, 0)
	}
	return starts, nil
}
