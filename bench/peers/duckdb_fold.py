#!/usr/bin/env python3
"""Workload W10 in DuckDB: nine aggregates per customer from a Parquet file of order lines.

Prints one line of JSON: the seconds of each run and their median, and with --compare FILE how the table differs from the
one that `bench.WriteFold` wrote. Counts, sums, first and last amounts must be equal; means, deviations and shares, which
DuckDB computes in float64, must agree to 1e-9. Where duckdb is not installed it prints {"peer": "duckdb", "skipped": ...}.
"""
import argparse
import csv
import json
import math
import resource
import statistics
import sys
import time

QUERY = """
create or replace temp table folded as
select customer_id,
       count(*) as lines,
       count(distinct order_id) as orders,
       sum(amount) as revenue,
       avg(amount) as mean_amount,
       stddev_samp(amount) as sd_amount,
       arg_min(amount, ordered_at) as first_amount,
       arg_max(amount, ordered_at) as last_amount,
       sum(amount) filter (where promotion) as promotion_amount,
       date_diff('day', min(ordered_at), max(ordered_at)) as days_between
from read_parquet(?)
group by customer_id
"""

COLUMNS = ["lines", "orders", "revenue", "mean_amount", "sd_amount", "first_amount", "last_amount", "promotion_share",
           "days_between"]
ROUNDED = {"mean_amount", "sd_amount", "promotion_share"}


def folded(connection):
    """Returns the table as {customer: [value of each column, None where missing]}."""
    table = {}
    for row in connection.execute("select * from folded").fetchall():
        customer, lines, orders, revenue, mean, sd, first, last, promotion, days = row
        share = float(promotion or 0) / float(revenue) if revenue else None
        table[str(customer)] = [float(lines), float(orders), float(revenue), mean, sd, float(first), float(last), share,
                                float(days)]
    return table


def compare(connection, path):
    """Returns, by column, how many customers differ; exactly or beyond 1e-9 of the value."""
    theirs, different, seen = folded(connection), dict.fromkeys(COLUMNS, 0), 0
    with open(path, newline="") as file:
        rows = csv.reader(file)
        if next(rows)[1:] != COLUMNS:
            sys.exit(f"{path}: other columns than {COLUMNS}")
        for key, *cells in rows:
            seen += 1
            other = theirs.get(key, [math.nan] * len(COLUMNS))
            for name, cell, want in zip(COLUMNS, cells, other):
                got = float(cell) if cell else None
                if got is None or want is None:
                    same = got is want
                elif name in ROUNDED:
                    same = abs(got - want) <= 1e-9 * abs(want) + 1e-12
                else:
                    same = got == want
                different[name] += not same
    return {"customers": len(theirs), "customers_ours": seen, "different": different,
            "equal": seen == len(theirs) and not any(different.values())}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--compare", help="CSV that bench.WriteFold wrote")
    args = parser.parse_args()
    try:
        import duckdb
    except ImportError:
        print(json.dumps({"peer": "duckdb", "skipped": "the Python package duckdb is not installed"}))
        return
    seconds, cpu = [], []
    for _ in range(args.runs):
        connection = duckdb.connect(config={"threads": args.threads})
        used = resource.getrusage(resource.RUSAGE_SELF)
        start = time.perf_counter()
        connection.execute(QUERY, [args.file])
        seconds.append(time.perf_counter() - start)
        now = resource.getrusage(resource.RUSAGE_SELF)
        cpu.append(now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime)
    out = {"peer": "duckdb", "version": duckdb.__version__, "threads": args.threads, "seconds": seconds,
           "median": statistics.median(seconds), "cpu_seconds": cpu}
    if args.compare:
        out["compare"] = compare(connection, args.compare)
    print(json.dumps(out))
    if args.compare and not out["compare"]["equal"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
