// Package reportio renders report.html, the page that marketing and sales people read, from the JSON artifacts of a run
// alone: segments.json, sweep.json, quality.json, value.json and regions.json. It knows no engine type and sees no customer.
//
// The page is one file without script and without anything fetched: its content security policy forbids all but its own
// style sheet, named by hash. Each language is a whole part of the page; which one is seen is decided by the address
// (#de, #en, or any place inside), in CSS. Charts are SVG with title and description, each beside or above a table with
// the same figures. The same Input gives the same bytes.
//
// Figures of segments with fewer than Input.MinCell customers are left out, and where one segment alone is left out, so
// are size and revenue of the next smallest one: otherwise the total less the others would give them away. Small groups
// beside the segments are described in words only where a figure would let fewer customers be made out. In tables with sums
// (segments by tier, tiers by class, countries by tier) as many more cells are left out as it takes for every sum to be safe.
package reportio
