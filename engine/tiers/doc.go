// Package tiers says what each customer could be worth and what to do about it: revenue potential from the installed base,
// wallet and share of wallet, purchase behaviour, and from these three dimensions the tiers; behaviour profiles, groups by
// rule, strategy plans, regions, and the goal against which segments are ranked.
//
// It works in two steps. Estimate runs before segments are made and adds columns to the feature table, so that segments
// can be described with them. Assign runs when the segments are known.
//
// # Conventions
//
// Amounts are a year's: a feature over another window is scaled to 365 days. The potential is what the installed base
// would need; the wallet is what the best-served among similar customers spend, never less than the customer's own
// spend; the share of wallet is spend over wallet, 0 where the spend is negative. Realised potential is the spend,
// unrealised potential what is missing to the wallet (to the potential, where wallets are not estimated).
package tiers
