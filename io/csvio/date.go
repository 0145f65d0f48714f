package csvio

import "strings"

// shape is what can be seen of a date without knowing the order of day and month.
type shape uint8

const (
	shapeNone     shape = iota
	shapeYMDDash        // 2026-11-21
	shapeYMDSlash       // 2026/11/21
	shapeYMDDot         // 2026.11.21
	shapeEight          // 20261121
	shapeDMYDot         // 21.11.2026
	shapeSlash          // 21/11/2026 or 11/21/2026
	shapeDash           // 21-11-2026 or 11-21-2026
	shapeDotYY          // 21.11.26
	shapeSlashYY        // 21/11/26 or 11/21/26
	shapes
)

var shapeNames = [shapes]string{
	"", "yyyy-mm-dd", "yyyy/mm/dd", "yyyy.mm.dd", "yyyymmdd", "dd.mm.yyyy", "dd/mm/yyyy or mm/dd/yyyy",
	"dd-mm-yyyy or mm-dd-yyyy",
	"dd.mm.yy", "dd/mm/yy or mm/dd/yy",
}

// open reports whether the order of day and month is not fixed by the shape.
func (s shape) open() bool { return s == shapeSlash || s == shapeDash || s == shapeSlashYY }

// dateStyle is a shape with the order settled.
type dateStyle struct {
	shape      shape
	monthFirst bool // for open shapes
}

func (s dateStyle) String() string {
	name := shapeNames[s.shape]
	if day, month, ok := strings.Cut(name, " or "); ok {
		if s.monthFirst {
			return month
		}
		return day
	}
	return name
}

// parseDateStyle reads a value of Options.Dates; nil if it is none.
func parseDateStyle(text string) *dateStyle {
	text = strings.ToLower(strings.TrimSpace(text))
	name, clock, timed := strings.Cut(text, " ")
	if !timed {
		name, clock, timed = strings.Cut(text, "t")
	}
	if timed {
		switch strings.TrimSuffix(strings.TrimSpace(clock), "z") {
		case "hh:mm", "hh:mm:ss", "hh:mm:ss.f", "hh:mm:ss.fff", "hh:mm:ss.ffffff":
		default:
			return nil
		}
	}
	for sh := shapeYMDDash; sh < shapes; sh++ {
		for _, first := range []bool{false, true} {
			if st := (dateStyle{sh, first && sh.open()}); st.String() == name {
				return &st
			}
		}
	}
	return nil
}

// date is the shape of a cell that looks like a date. Its parts are in the order written; year is complete.
type date struct {
	shape   shape
	a, b    int // month and day for shapes that start with the year, else the first and the second part
	year    int
	clock   int64 // microseconds since midnight
	timed   bool  // has a time
	seconds bool  // the time has seconds
	zoned   bool  // the time has Z or an offset
	badTime bool  // something stands behind the date, and it is no time of day
	offset  int64 // microseconds east of UTC
}

// lexDate reads b, without blanks around. A text that starts like a date but goes on with something that cannot be
// meant as a time is no date (ok false); an impossible time (25:00) gives badTime. yy lets two-digit years in.
func lexDate(b []byte, yy bool) (d date, ok bool) {
	if len(b) < 6 || b[0]-'0' > 9 {
		return d, false
	}
	a, i := digits(b, 0)
	if i == 8 && (len(b) == 8 || b[8] == ' ' || b[8] == 'T') {
		d.shape, d.year, d.a, d.b = shapeEight, a/10000, a/100%100, a%100
		return d, d.lexClock(b[8:])
	}
	if i > 4 || i == 3 || i >= len(b) {
		return d, false
	}
	sep := b[i]
	if sep != '-' && sep != '/' && sep != '.' {
		return d, false
	}
	m, j := digits(b, i+1)
	if w := j - i - 1; w < 1 || w > 2 || j >= len(b) || b[j] != sep {
		return d, false
	}
	c, k := digits(b, j+1)
	w := k - j - 1
	if i == 4 {
		if w < 1 || w > 2 {
			return d, false
		}
		d.year, d.a, d.b = a, m, c
		switch sep {
		case '-':
			d.shape = shapeYMDDash
		case '/':
			d.shape = shapeYMDSlash
		default:
			d.shape = shapeYMDDot
		}
		return d, d.lexClock(b[k:])
	}
	d.a, d.b, d.year = a, m, c
	switch {
	case w == 4 && sep == '.':
		d.shape = shapeDMYDot
	case w == 4 && sep == '/':
		d.shape = shapeSlash
	case w == 4:
		d.shape = shapeDash
	case w == 2 && yy && sep == '.':
		d.shape = shapeDotYY
	case w == 2 && yy && sep == '/':
		d.shape = shapeSlashYY
	default:
		return d, false
	}
	if w == 2 {
		d.year += 1900
		if c < 69 {
			d.year += 100
		}
	}
	return d, d.lexClock(b[k:])
}

// digits reads up to nine digits from b[i:] and returns their value and the position behind them.
func digits(b []byte, i int) (v, next int) {
	for start := i; i < len(b) && b[i]-'0' <= 9 && i-start < 9; i++ {
		v = v*10 + int(b[i]-'0')
	}
	return v, i
}

// lexClock reads what follows the date: nothing, or a blank or T and hh:mm[:ss[.f]] [AM|PM] [Z|+hh:mm|+hhmm|+hh]. It
// returns false if that has not even the form of a time.
func (d *date) lexClock(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if b[0] != ' ' && b[0] != 'T' {
		return false
	}
	b = trim(b[1:])
	h, i := digits(b, 0)
	if i < 1 || i > 2 || i >= len(b) || b[i] != ':' {
		return false
	}
	m, j := digits(b, i+1)
	if j-i-1 != 2 {
		return false
	}
	d.timed = true
	sec, micro := 0, 0
	if j < len(b) && b[j] == ':' {
		d.seconds = true
		i = j
		sec, j = digits(b, i+1)
		if j-i-1 != 2 {
			return false
		}
		if j < len(b) && (b[j] == '.' || b[j] == ',') {
			i = j + 1
			micro, j = digits(b, i)
			if j == i {
				return false
			}
			for n := j - i; n > 6; n-- {
				micro /= 10
			}
			for n := j - i; n < 6; n++ {
				micro *= 10
			}
		}
	}
	rest := trim(b[j:])
	if len(rest) >= 2 && rest[1]|0x20 == 'm' && (rest[0]|0x20 == 'a' || rest[0]|0x20 == 'p') {
		d.badTime = h < 1 || h > 12
		h %= 12
		if rest[0]|0x20 == 'p' {
			h += 12
		}
		rest = trim(rest[2:])
	}
	if !d.lexZone(rest) {
		return false
	}
	d.badTime = d.badTime || h > 23 || m > 59 || sec > 59
	d.clock = (int64(h)*3600+int64(m)*60+int64(sec))*1e6 + int64(micro)
	return true
}

func (d *date) lexZone(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	d.zoned = true
	if len(b) == 1 {
		return b[0] == 'Z' || b[0] == 'z'
	}
	if b[0] != '+' && b[0] != '-' {
		return false
	}
	v, i := digits(b, 1)
	minutes := 0
	switch {
	case i == len(b) && i == 3:
	case i == len(b) && i == 5:
		v, minutes = v/100, v%100
	case i == 3 && len(b) == 6 && b[3] == ':':
		if minutes, i = digits(b, 4); i != 6 {
			return false
		}
	default:
		return false
	}
	d.badTime = d.badTime || v > 18 || minutes > 59
	d.offset = (int64(v)*3600 + int64(minutes)*60) * 1e6
	if b[0] == '-' {
		d.offset = -d.offset
	}
	return true
}

// dayMonth returns the parts in the order of the style.
func (d *date) dayMonth(monthFirst bool) (day, month int) {
	switch {
	case d.shape <= shapeEight:
		return d.b, d.a
	case d.shape.open() && monthFirst:
		return d.b, d.a
	}
	return d.a, d.b
}

// valid reports whether d is a day of the (proleptic Gregorian) calendar, with a possible time.
func (d *date) valid(monthFirst bool) bool {
	day, month := d.dayMonth(monthFirst)
	return !d.badTime && d.year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(d.year, month)
}

// near reports whether d is probably meant as a date, valid or not.
func (d *date) near() bool {
	return d.a >= 1 && d.a <= 31 && d.b >= 1 && d.b <= 31 && d.year >= 1000 && d.year <= 2999
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// micros returns microseconds since 1970-01-01T00:00:00; d is valid.
func (d *date) micros(monthFirst bool) int64 {
	day, month := d.dayMonth(monthFirst)
	// Days from a civil date, with the year beginning in March so that the leap day comes last.
	y, m := int64(d.year), int64(month)
	if m <= 2 {
		y--
		m += 12
	}
	days := 365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + int64(day) - 1 - 719468
	return days*86400e6 + d.clock - d.offset
}
