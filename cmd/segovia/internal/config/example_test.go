package config

// contract is the example of the command line's contract with the sections that it spells out.
const contract = `version: 1
project: b2b-nightly
run:      {seed: 20260101, algorithm: v1, threads: auto, memory: auto, hardware: {path: auto}, keep_runs: 30}
sources:
  customers: {type: csv, path: "data/kunden_*.csv", csv: {delimiter: ";", encoding: cp1252, numbers: de, dates: "dd.mm.yyyy"}, key: kundennr}
  orders:
    key: kundennr
    time: order_date
    amount: net_amount
    where: "quantity > 0 and unit_price > 0"
    distinct: across_files
    missing_key: drop
    files:
      - {type: parquet, path: "lake/orders/dt=*/"}
      - {type: csv, path: "inbox/*.csv", rename: {Kunde: kundennr, Preis: unit_price}}
  survey:    {type: csv, path: "survey.txt", csv: {delimiter: whitespace, header: [kundennr, q1, q2]}, key: kundennr}
  contacts:  {type: postgres, dsn: "${CRM_DSN}", table: [crm, contacts], key: kundennr, time: contacted_at}
quality:  {max_rejects: 0.1%, min_rows: 1000}
features:
  entity: customers
  as_of: 2026-11-21
  window: 365d
  columns:
    - {name: recency_days, from: orders, agg: days_since_last}
    - {name: orders_12m, from: orders, agg: count_distinct, column: order_id}
    - {name: revenue_12m, from: orders, agg: sum, column: net_amount}
    - {name: consumables_share, from: orders, agg: share, column: net_amount, where: "category = 'consumables'"}
    - {name: basket, expr: "revenue_12m / nullif(orders_12m, 0)"}
    - {name: industry, from: customers, encode: one_hot}
  profile_only: [region, employees]
prep:     {impute: median, transform: {revenue_12m: log1p}, clip: [0.5%, 99.5%], scale: zscore, groups: {shares: [consumables_share]}}
sweep:    {algorithm: kmeans, k: 2..15, restarts: 10, gap: 50, silhouette: exact}
stability: {bootstrap: 100, require: {global: 0.80, each_segment: 0.60}}
segment:  {choose: stable-then-gap, min_size: 1%, max_segments: 10, match_previous: 0.5, names: auto, language: de}
tiers:    {wallet: {quantile: 0.9}, behaviour: {score: "orders_12m * 5"}, cuts: {behaviour: {at: [20, 60]}}}
classify: {model: gradient_boosting, holdout: 20%, abstain_below: 0.6}
monitor:  {gates: {rows: 10%, null_share: 5pp, psi: 0.25, migrated: 8%}}
export:   [{name: crm, type: csv, profile: salesforce, delta: true}]
report:   {languages: [de, en], min_cell: 10}
`

// small is the least configuration that runs.
const small = `version: 1
project: small
sources:
  orders: {path: "orders.csv", key: customer, time: day, amount: "q * p"}
features:
  entity: {from: orders}
  as_of: 2026-01-01
  columns:
    - {name: recency_days, from: orders, agg: days_since_last}
    - {name: revenue, from: orders, agg: sum, column: amount}
`
