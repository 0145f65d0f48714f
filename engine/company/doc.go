// Package company makes synthetic companies with known truth: a wholesaler of machines and their consumables, with
// service, that has sold to other companies in several countries for two years.
//
// Every customer belongs to one of five planted segments (Segments). From the segment come, with individual variation,
// the customer's wallet (what it buys of such goods in a year, from whomever), the share of it that is realised here, and
// its habits: how often it orders, own brand or third-party brands, consumables, contacts. Orders, installed base and
// contacts follow from these, and the table truth keeps what was drawn.
//
// What a customer is worth is planted too: the yearly demand of its installed base at list prices, its behaviour and the
// tier that follows (TierOf), so that estimates from the records can be judged.
//
// The result depends on Config alone: every customer draws from random streams of its own, named by purpose and counted,
// so neither threads nor the number of other values drawn matter. No arithmetic here may be fused or come from a
// library whose last bits differ between machines.
//
// All companies, people and figures are invented; the geography's codes and names are real, its index values are not.
package company
