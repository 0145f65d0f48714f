#!/usr/bin/env python3
"""Holds Segovia's statistics against R (cluster, fpc) and scikit-learn on three data sets, and prints one table.

    make peers-statistics
    python bench/peers/agreement.py --segovia bin/segovia --data blobs --json FILE

The data sets are made here. Statistics of a partition are compared on the same partition, which `segovia evaluate` and
`segovia compare` are given; those of `segovia sweep` on its own fits, against the other's best fits, where these have the
same inertia. Where nothing is random, figures must agree to 1e-9 of the value. Where both sides draw, they must agree
within four standard errors of the difference, which the draws of each side tell. A figure that this version does not have
counts as a disagreement; a tool that is not installed is named and left out. Exit code 1 on any disagreement.
"""

import argparse
import csv
import importlib.metadata
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    sys.exit("agreement.py needs numpy: give a Python that has it, or let `make peers-statistics` install it")

HERE = os.path.dirname(os.path.abspath(__file__))
KS = range(2, 7)
# Figures without chance. Sums of some hundred terms round to 1e-13; 1e-9 leaves room for tools that subtract large sums.
RELATIVE = 1e-9
# Rounding of figures around 0 that come from numbers around 1: indices, silhouettes, entropies.
ABSOLUTE = 1e-12
# Standard errors of the difference: passed by chance in 6 of 100,000 comparisons of normal figures.
ERRORS = 4
# R: reference sets, splits, resamples, random starts of each fit of a reference set and of a half or a resample; two minutes
# for all data sets. With 10 starts on resamples fpc misses two of a hundred best fits of the blobs, which are apart.
R_GAPS, R_SPLITS, R_REPLICATES, R_RUNS, R_BOOT_RUNS = 40, 50, 100, 10, 20
GAPS, SPLITS, REPLICATES, RESTARTS = 200, 200, 200, 50
# Jitter moves next to nothing, so that it measures the optimiser: R's exchanges find the best fit where Lloyd's iterations end
# one row off in a third of the replicates with 50 starts, and in one of a hundred with 500.
JITTER_RESTARTS = 500
SKLEARN_RESTARTS = 200
SPACES, POWERS, SCHEMES = ("pca", "original"), (2, 1), ("boot", "subset", "noise", "jitter")
RULES = ("firstSEmax", "Tibs2001SEmax", "globalSEmax", "firstmax", "globalmax")
SILENT = "not in this version"


# Data. The streams of RandomState are frozen: they are the same in every version of numpy.

def blobs(random):
    """Five Gaussians of unequal size and width, well apart."""
    sizes, centres = (220, 160, 110, 70, 40), np.array([[0, 0, 0], [9, 0, 2], [0, 10, -3], [8, 9, 6], [3, 4, 14]], float)
    truth = np.repeat(np.arange(5), sizes)
    widths = np.array([1.0, 1.3, 0.8, 1.1, 0.6])
    return centres[truth] + widths[truth, None] * random.normal(size=(len(truth), 3)), truth


def customers(random):
    """Recency, frequency, monetary value and basket: log-normal and correlated, one continuum without segments."""
    correlation = np.array([[1, -0.5, -0.4, -0.1], [-0.5, 1, 0.6, 0.0], [-0.4, 0.6, 1, 0.5], [-0.1, 0.0, 0.5, 1]])
    normal = random.normal(size=(500, 4)) @ np.linalg.cholesky(correlation).T
    return np.exp(np.array([1.6, 1.4, 1.8, 0.8]) + np.array([0.6, 0.5, 0.6, 0.4]) * normal), None


def survey(random):
    """Yes/no answers to eight questions, of five latent classes, each given with a probability of 0.95."""
    likely = np.array([list(answers) for answers in ("11110000", "00001111", "11001100", "00110011", "10101010")]) == "1"
    truth = np.repeat(np.arange(5), (130, 100, 80, 55, 35))
    return ((random.uniform(size=(400, 8)) < 0.05) ^ likely[truth]).astype(float), truth


# Seeds with which everyone finds the same best fits, whose sizes differ; and the k at which clusterboot is asked: where
# segments are found again, and where they are not.
DATA = {"blobs": (blobs, 3, (3, 5)), "customers": (customers, 16, (2, 3)), "survey": (survey, 6, (2, 5))}


class Failed(Exception):
    pass


def version_of(package):
    return f"{package} {importlib.metadata.version(package)}"


class Check:
    def __init__(self, options):
        self.options = options
        self.dir = tempfile.mkdtemp(prefix="segovia-statistics-")
        self.rows, self.skipped = [], []
        try:
            import sklearn.cluster
            import sklearn.metrics
            import sklearn.preprocessing
            self.sklearn = sklearn
        except ImportError:
            self.sklearn = None
            self.skip("the Python package scikit-learn is not installed")

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def skip(self, what):
        if what not in self.skipped:
            self.skipped.append(what)

    def segovia(self, *arguments):
        """Runs a command of Segovia and returns its JSON; raises Failed where this version does not know it."""
        command = [self.options.segovia, *map(str, arguments), "--json", "--progress", "none"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 64:
            raise Failed(SILENT)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout)

    # comparisons

    def add(self, statistic, of, ours, theirs, by, band, ok=None, difference=None):
        if ok is None:
            if difference is None and ours is not None:
                difference = abs(ours - theirs)
            ok = difference is not None and difference <= band
        self.rows.append(dict(data=self.name, statistic=statistic, of=str(of), segovia=SILENT if ours is None else ours,
                              reference=theirs, by=by, difference=difference, band=band, ok=ok))

    def exact(self, statistic, of, ours, theirs, by):
        """Figures without chance; None where this version does not have it."""
        self.add(statistic, of, ours, theirs, by, RELATIVE * abs(theirs) + ABSOLUTE)

    def same(self, statistic, of, ours, theirs, by):
        """Choices and verdicts."""
        self.add(statistic, of, ours, theirs, by, 0.0, ok=ours == theirs, difference=0.0 if ours == theirs else None)

    def drawn(self, statistic, of, ours, our_error, theirs, their_error, by):
        """Means of independent draws, with their standard errors."""
        band = None if our_error is None else ERRORS * math.hypot(our_error, their_error)
        self.add(statistic, of, ours, theirs, by, band)

    def counts(self, statistic, of, ours, our_count, theirs, their_count, by):
        """Shares of independent draws: their difference is that of two binomials with the share of all draws together."""
        if ours is None:
            return self.add(statistic, of, None, theirs / their_count, by, None)
        share = (ours + theirs) / (our_count + their_count)
        band = ERRORS * math.sqrt(share * (1 - share) * (1 / our_count + 1 / their_count))
        self.add(statistic, of, ours / our_count, theirs / their_count, by, band + ABSOLUTE)

    # one data set

    def data_set(self, name):
        make, seed, self.boot_ks = DATA[name]
        self.name = name
        self.say(f"{name}: scikit-learn and segovia")
        self.x, truth = make(np.random.RandomState(seed))
        self.columns = [f"x{i + 1}" for i in range(self.x.shape[1])]
        self.fits = self.sklearn_fits()
        self.partitions = {f"k{k}": labels for k, (_, labels) in self.fits.items() if k > 1}
        if truth is not None:
            self.partitions["truth"] = truth + 1
        odd = 3 + (self.x[:, 0] > self.x[:, 0].mean())  # a segment of one row and one of two
        odd[:1], odd[1:3] = 1, 2
        self.partitions["odd"] = odd
        self.file = os.path.join(self.dir, name + ".csv")
        with open(self.file, "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["id", *self.columns, *self.partitions])
            for i, row in enumerate(self.x):
                rows.writerow([i + 1, *(repr(float(v)) for v in row), *(int(p[i]) for p in self.partitions.values())])
        self.sweeps()
        self.r = self.r_statistics()
        self.evaluate()
        self.scales()
        self.compare()
        self.sweep()
        self.gap()
        self.prediction_strength()
        self.clusterboot()

    def sklearn_fits(self):
        """By k the inertia and the labels from 1 of scikit-learn's best fit; without it no inertia, and any labels."""
        fits = {}
        for k in (1, *KS):
            if self.sklearn is None:
                order = np.argsort(self.x.sum(axis=1), kind="stable")
                labels = np.empty(len(order), int)
                labels[order] = np.arange(len(order)) * k // len(order) + 1
                fits[k] = None, labels
            else:
                fit = self.sklearn.cluster.KMeans(k, n_init=SKLEARN_RESTARTS, tol=0, random_state=1).fit(self.x)
                fits[k] = float(fit.inertia_), fit.labels_ + 1
        return fits

    def try_sweep(self, *arguments):
        """The fields of each k, with the whole as 0; empty where this version does not know an argument."""
        try:
            answer = self.segovia("sweep", self.file, "--id", "id", "--features", ",".join(self.columns), "--scale", "none",
                                  "--restarts", RESTARTS, "--bootstrap", 0, *arguments)
        except Failed:
            return {}
        return {0: answer, **{r["k"]: r for r in answer["k"]}}

    def sweeps(self):
        self.plain = self.try_sweep("--k", f"1..{KS[-1]}", "--gap", 0)
        self.gaps = {}
        for space in SPACES:
            for power in POWERS:
                found = self.gaps[space, power] = self.try_sweep("--k", f"1..{KS[-1]}", "--gap", GAPS, "--gap-space", space,
                                                                 "--gap-power", power)
                with open(f"{self.file[:-4]}.{space}.{power}.csv", "w", encoding="utf-8") as file:
                    print("k,gap,se", file=file)
                    for k in sorted(found)[1:]:
                        print(k, found[k]["gap"], found[k]["gap_se"], sep=",", file=file)
        self.strengths = self.try_sweep("--k", f"2..{KS[-1]}", "--gap", 0, "--prediction-strength", SPLITS,
                                        "--boot-restarts", RESTARTS)
        self.boots = {scheme: self.try_sweep("--k", ",".join(map(str, self.boot_ks)), "--gap", 0, "--clusterboot", REPLICATES,
                                             "--clusterboot-scheme", scheme, "--boot-restarts",
                                             JITTER_RESTARTS if scheme == "jitter" else RESTARTS) for scheme in SCHEMES}

    def r_statistics(self):
        """{(statistic, of): line of agreement.R}; empty where there is no R."""
        if shutil.which("Rscript") is None:
            self.skip("R: there is no Rscript")
            return {}
        self.say(f"{self.name}: R")
        numbers = map(str, (R_GAPS, R_SPLITS, R_REPLICATES, R_RUNS, R_BOOT_RUNS))
        done = subprocess.run(["Rscript", os.path.join(HERE, "agreement.R"), self.file, *numbers, ",".join(SCHEMES),
                               ",".join(map(str, self.boot_ks))], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"agreement.R {self.name}: exit code {done.returncode}\n{done.stderr}")
        lines = {}
        for line in map(json.loads, done.stdout.splitlines()):
            if "missing" in line:
                self.skip(line["missing"])
            else:
                lines[line["statistic"], line["of"]] = line
        return lines

    def against_r(self, statistic, of, ours, key):
        line = self.r.get(key)
        if line:
            self.exact(statistic, of, ours, line["value"], line["by"])

    def by_definition(self, labels):
        """Figures that no package here has, or not in full, by their definitions in numpy."""
        groups = [self.x[labels == label] for label in np.unique(labels)]
        centres = np.array([g.mean(axis=0) for g in groups])
        means = np.array([np.sqrt(((g - c) ** 2).sum(axis=1)).mean() for g, c in zip(groups, centres)])
        spread = np.array([math.sqrt(((g - c) ** 2).sum(axis=1).mean()) for g, c in zip(groups, centres)])
        apart = np.sqrt(((centres[:, None] - centres) ** 2).sum(axis=2))
        np.fill_diagonal(apart, np.inf)
        to_centres = np.sqrt(((self.x[:, None] - centres) ** 2).sum(axis=2))
        own = np.searchsorted(np.unique(labels), labels)
        a = to_centres[np.arange(len(own)), own]
        to_centres[np.arange(len(own)), own] = np.inf
        b = to_centres.min(axis=1)
        sizes = np.array([len(g) for g in groups])[own]
        inertia = sum(float(((g - c) ** 2).sum()) for g, c in zip(groups, centres))
        return {"inertia": inertia, "log_w": math.log(inertia / 2),
                "davies_bouldin": float(((means[:, None] + means) / apart).max(axis=1).mean()),
                "davies_bouldin_rms": float(((spread[:, None] + spread) / apart).max(axis=1).mean()),
                "silhouette_simplified": float(np.where(sizes > 1, (b - a) / np.maximum(a, b), 0).mean())}

    def of_partition(self, command, of, ours, labels, name):
        """The statistics of one partition, which evaluate and sweep have in common."""
        if self.sklearn is not None:
            by, m = version_of("scikit-learn"), self.sklearn.metrics
            # Its distances are sums of large terms: 1e-8 where they should be 0, unless the segment of one row is the origin.
            moved = self.x - self.x[0]
            for statistic, value in (("silhouette", m.silhouette_score(self.x, labels)),
                                     ("silhouette_squared", m.silhouette_score(self.x, labels, metric="sqeuclidean")),
                                     ("calinski_harabasz", m.calinski_harabasz_score(self.x, labels)),
                                     ("davies_bouldin", m.davies_bouldin_score(moved, labels))):
                self.exact(f"{command} {statistic}", of, ours.get(statistic), float(value), by)
        for statistic in ("silhouette", "calinski_harabasz", "dunn"):
            self.against_r(f"{command} {statistic}", of, ours.get(statistic), (statistic, name))

    def evaluate(self):
        for name, labels in self.partitions.items():
            ours = self.segovia("evaluate", self.file, "--id", "id", "--features", ",".join(self.columns), "--label", name)
            self.of_partition("evaluate", name, ours, labels, name)
            for statistic, value in self.by_definition(labels).items():
                self.exact(f"evaluate {statistic}", name, ours.get(statistic), value, "its definition in numpy")
            self.against_r("evaluate log_w", name, ours.get("log_w"), ("log_w power 2", name[1:]))

    def scales(self):
        """Inertia, which unlike the indices sees how columns are scaled."""
        if self.sklearn is None:
            return
        by, p = version_of("scikit-learn"), self.sklearn.preprocessing
        ways = {"zscore": p.StandardScaler(), "minmax": p.MinMaxScaler()}
        if len(np.unique(self.x)) > 2:  # of 0/1 columns Segovia takes the standard deviation, and says so
            ways["robust"] = p.RobustScaler()
        for scale, way in ways.items():
            ours = self.segovia("evaluate", self.file, "--id", "id", "--features", ",".join(self.columns), "--label", "k3",
                                "--scale", scale)
            points = way.fit_transform(self.x)
            groups = [points[self.partitions["k3"] == label] for label in (1, 2, 3)]
            inertia = sum(float(((g - g.mean(axis=0)) ** 2).sum()) for g in groups)
            self.exact(f"evaluate --scale {scale} inertia", "k3", ours["inertia"], inertia, by)

    def compare(self):
        for a in self.partitions:
            for b in self.partitions:
                if a >= b:
                    continue
                of = f"{a} {b}"
                ours = self.segovia("compare", self.file, self.file, "--id", "id", "--label-a", a, "--label-b", b)
                if self.sklearn is not None:
                    by, m, pair = version_of("scikit-learn"), self.sklearn.metrics, (self.partitions[a], self.partitions[b])
                    (_, only_b), (only_a, both) = m.cluster.pair_confusion_matrix(*pair)
                    for statistic, value in (("ari", m.adjusted_rand_score(*pair)), ("rand", m.rand_score(*pair)),
                                             ("fowlkes_mallows", m.fowlkes_mallows_score(*pair)),
                                             ("jaccard", both / (both + only_a + only_b))):
                        self.exact(f"compare {statistic}", of, ours.get(statistic), float(value), by)
                for statistic in ("ari", "variation_of_information"):
                    self.against_r(f"compare {statistic}", of, ours.get(statistic), (statistic, of))

    def sweep(self):
        self.agree = set()  # the k whose partition is the given one, by inertia
        for k in (1, *KS):
            ours = self.plain.get(k, {})
            inertia, labels = self.fits[k]
            if inertia is not None:
                self.exact("sweep inertia", k, ours.get("inertia"), inertia, version_of("scikit-learn"))
                if self.rows[-1]["ok"]:
                    self.agree.add(k)
                    if k > 1:
                        self.of_partition("sweep", k, ours, labels, f"k{k}")
            self.against_r("sweep inertia", k, ours.get("inertia"), ("inertia", str(k)))
        if self.r and 2 in self.agree:
            test = self.plain.get(0, {}).get("duda_hart") or {}
            for field in ("dh", "limit"):
                self.against_r(f"sweep duda_hart.{field}", 2, test.get(field), (f"duda_hart {field}", "2"))
            line = self.r.get(("duda_hart one_segment", "2"))
            if line:
                self.same("sweep duda_hart.one_segment", 2, test.get("one_segment"), line["value"], line["by"])

    def gap(self):
        for space in SPACES:
            for power in POWERS:
                ours, what = self.gaps[space, power], f"{space} power {power}"
                for k in (1, *KS):
                    one = ours.get(k, {})
                    if k in self.agree:
                        self.against_r(f"sweep log_w, {what}", k, one.get("log_w"), (f"log_w power {power}", str(k)))
                    line = self.r.get((f"gap {what}", str(k)))
                    if not line:
                        continue
                    # se is sqrt(1 + 1/B) sd, of which sd / sqrt(B) is the error of the mean of B sets.
                    error = None if one.get("gap_se") is None else one["gap_se"] / math.sqrt(GAPS + 1)
                    self.drawn(f"sweep gap, {what}", k, one.get("gap"), error, line["value"],
                               line["se"] / math.sqrt(R_GAPS + 1), line["by"])
                    # The sd of B normal draws has the relative error 1 / sqrt(2 (B - 1)).
                    wide = ERRORS * math.sqrt(1 / (2 * (GAPS - 1)) + 1 / (2 * (R_GAPS - 1)))
                    ratio = abs(math.log(one["gap_se"] / line["se"])) if one.get("gap_se") else None
                    self.add(f"sweep gap_se, {what}", k, one.get("gap_se"), line["se"], line["by"], wide, difference=ratio)
                for rule in RULES:
                    line = self.r.get((f"choice {what} {rule}", ""))
                    if line:
                        self.same(f"sweep gap_choice, {what}", rule, ours.get(0, {}).get("gap_choice", {}).get(rule),
                                  line["value"], line["by"])

    def prediction_strength(self):
        for k in KS:
            line, ours = self.r.get(("prediction_strength", str(k))), self.strengths.get(k, {})
            if line:
                self.drawn("sweep prediction_strength", k, ours.get("prediction_strength"), ours.get("prediction_strength_se"),
                           line["value"], line["se"], line["by"])

    def clusterboot(self):
        for scheme in SCHEMES:
            for k in self.boot_ks:
                line, ours = self.r.get((f"sizes {scheme}", str(k))), self.boots[scheme].get(k, {})
                if not line:
                    continue
                sizes = ours.get("sizes") and " ".join(map(str, ours["sizes"]))
                self.same(f"sweep sizes, {scheme}", k, sizes, line["value"], line["by"])
                segments = (ours.get("stability") or {}).get("segments") or [{}] * k
                for i, segment in enumerate(segments, 1):
                    mean = self.r["jaccard_mean " + f"{scheme} {i}", str(k)]
                    of = f"{k}, segment {i}"
                    self.drawn(f"sweep jaccard_mean, {scheme}", of, segment.get("jaccard_mean"), segment.get("jaccard_mcse"),
                               mean["value"], mean["se"], mean["by"])
                    for field in ("dissolved", "recovered"):
                        self.counts(f"sweep {field}, {scheme}", of, segment.get(field), REPLICATES,
                                    self.r[f"{field} {scheme} {i}", str(k)]["value"], R_REPLICATES, mean["by"])

    def run(self):
        try:
            for name in self.options.data:
                self.data_set(name)
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)
        version = self.segovia("version").get("version")
        return {"$schema": "segovia:bench-statistics", "format_version": 1, "segovia": version, "results": self.rows,
                "summary": summary(self.rows), "skipped": self.skipped}


def summary(rows):
    """One line per statistic and reference: how many figures, how many agree, how many this version does not have, and how much
    of its band the worst took."""
    lines = {}
    for r in rows:
        line = lines.setdefault((r["statistic"], r["by"]),
                                dict(statistic=r["statistic"], by=r["by"], figures=0, agree=0, absent=0, worst=0.0))
        line["figures"] += 1
        line["agree"] += r["ok"]
        line["absent"] += r["segovia"] == SILENT
        if r["difference"] and r["band"]:
            line["worst"] = max(line["worst"], r["difference"] / r["band"])
    return list(lines.values())


def figure(value, form="{:.10g}"):
    return "-" if value is None else form.format(value) if isinstance(value, float) else str(value)


def print_table(lines, left):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        cells = [c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())


def table(report):
    """The report for people."""
    lines = [("data", "statistic", "of", "segovia", "reference", "by", "difference", "band", "ok")]
    for r in report["results"]:
        lines.append((r["data"], r["statistic"], r["of"], figure(r["segovia"]), figure(r["reference"]), r["by"],
                      figure(r["difference"], "{:.1e}"), figure(r["band"], "{:.1e}"), "yes" if r["ok"] else "NO"))
    print_table(lines, (0, 1, 2, 5))
    print()
    lines = [("statistic", "by", "agree", "of", "absent", "worst, in bands")]
    for s in report["summary"]:
        lines.append((s["statistic"], s["by"], str(s["agree"]), str(s["figures"]), str(s["absent"]), f"{s['worst']:.2g}"))
    print_table(lines, (0, 1))
    results = report["results"]
    print(f"\n{sum(r['ok'] for r in results)} of {len(results)} figures agree, {sum(r['segovia'] == SILENT for r in results)} "
          f"are not in this version ({report['segovia']})")
    for what in report["skipped"]:
        print(f"skipped: {what}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segovia", default="bin/segovia", help="the program (default bin/segovia)")
    parser.add_argument("--data", default=",".join(DATA), help="data sets, separated by commas (default all)")
    parser.add_argument("--json", metavar="FILE", help="write the report to this file too")
    options = parser.parse_args()
    options.data = options.data.split(",")
    unknown = [d for d in options.data if d not in DATA]
    if unknown:
        parser.error(f"there is no data set {', '.join(unknown)}; there are {', '.join(DATA)}")
    report = Check(options).run()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
            file.write("\n")
    table(report)
    if not all(r["ok"] for r in report["results"]):
        sys.exit(1)


if __name__ == "__main__":
    main()
