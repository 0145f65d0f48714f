#!/usr/bin/env python3
"""Runs Segovia's workloads and the same work in other tools, in turns, and prints the ratios.

    make bench-peers
    python bench/peers/run.py --segovia bin/segovia --work W1,W3 --threads 2

Segovia works in a process of its own and takes its time inside it. All get the same points and, for k-means, the same
initial centroids, and go on until no label changes; the inertia that each reached is printed. Slow tools are timed on some
of the k and some of the fits, and scaled. A tool that is not installed is named and left out.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time

# Settings that slow other tools down are not theirs.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    if os.environ.pop(name, None) is not None:
        os.execv(sys.executable, [sys.executable] + sys.argv)

try:
    import numpy as np
except ImportError:
    sys.exit("run.py needs numpy: give a Python that has it, or let `make bench-peers` install it")

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import kmeans  # noqa: E402  (beside this file)

# Which part of the work is compared fit by fit: the k, and from how many starts. What Segovia does in each workload is its
# own business; here stands how the others are asked to do it.
SWEEPS = {
    "W1": dict(ks=[2, 3, 4, 5, 6], of=range(2, 7), starts=4, restarts=3, pairs=5, weighted=True, init="random"),
    "W2": dict(ks=[2, 3, 4, 5, 6, 7, 8], of=range(2, 9), starts=10, restarts=5, pairs=100, weighted=True, init="random"),
    "W3": dict(ks=[2, 8, 14, 20], of=range(2, 21), starts=2, restarts=3, pairs=100, weighted=True, init="random"),
    "W4": dict(ks=[2, 8, 14, 20], of=range(2, 21), starts=2, restarts=10, pairs=0, weighted=False, init="kmeans++"),
    "W5": dict(ks=[4, 12], of=range(2, 16), starts=2, restarts=3, pairs=25, weighted=True, init="kmeans++"),
    "W9": dict(ks=[8, 20], of=range(2, 21), starts=2, restarts=3, pairs=100, weighted=True, init="random"),
}
ORDER = ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9", "W10"]
# A contestant whose runs of one workload have taken so many seconds is not repeated.
ENOUGH = 20.0


class Bench:
    def __init__(self, options):
        self.options = options
        self.deadline = time.monotonic() + 60 * options.minutes
        self.dir = tempfile.mkdtemp(prefix="segovia-peers-")
        self.rows, self.skipped = [], []

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def skip(self, work, peer, why):
        if (work, peer, why) not in self.skipped:
            self.skipped.append((work, peer, why))
            self.say(f"{work}: {peer} is left out: {why}")

    def late(self, work, peer):
        if time.monotonic() > self.deadline:
            self.skip(work, peer, f"{self.options.minutes:g} minutes are over")
            return True
        return False

    def segovia(self, *arguments):
        """Runs `segovia bench` and returns its JSON."""
        command = [self.options.segovia, "bench", "--json", "--progress", "none", "--paths", self.options.path, *arguments]
        if self.options.quick:
            command.append("--quick")
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout)

    def export(self, work):
        return self.segovia("--export", self.dir, "--work", work, "--fixtures", self.options.fixtures)

    def turns(self, work, contestants):
        """Lets the contestants, a dict of functions that return (seconds, more), take turns; returns the medians and what each
        said last."""
        seconds, more = {name: [] for name in contestants}, {}
        for _ in range(self.options.repeat):
            for name, run in contestants.items():
                ours = name.startswith("segovia")
                if sum(seconds[name]) > ENOUGH or (not ours and self.late(work, name)):
                    continue
                self.say(f"{work}: {name}")
                try:
                    took, more[name] = run()
                except Exception as failure:  # another tool's failure must not lose the figures of the rest
                    if ours:
                        raise
                    self.skip(work, name, f"it failed: {failure}")
                    continue
                seconds[name].append(took)
        return {name: float(np.median(s)) for name, s in seconds.items() if s}, more

    def whole(self, work):
        """A contestant: Segovia's time for the whole workload, scaled from a part of its repetitions where it takes long. None
        where this version or this machine does not have the workload."""
        arguments = ["--work", work, "--threads", str(self.options.threads), "--fixtures", self.options.fixtures, "--repeat", "1"]
        first = self.segovia(*arguments, "--fraction", "0.02")
        if not first["works"]:
            self.skip(work, "segovia", first["skipped"][0]["why"])
            return None
        fraction = min(1.0, max(0.02, 15 / first["works"][0]["results"][0]["whole_s"]))

        def run():
            return self.segovia(*arguments, "--fraction", f"{fraction:.3f}")["works"][0]["results"][0]["whole_s"], None
        return run

    def add(self, work, peer, unit, timed, count, peer_s, ours_s, whole_s, ours_whole_s, reached=None, note=""):
        self.rows.append(dict(work=work, peer=peer, unit=unit, timed=timed, of=count, seconds=peer_s, ours_s=ours_s,
                              ratio=peer_s / ours_s if ours_s else None, whole_s=whole_s, ours_whole_s=ours_whole_s,
                              ratio_whole=whole_s / ours_whole_s if whole_s and ours_whole_s else None,
                              inertia_to_ours=reached, note=note))

    # k-means

    def starts(self, points, spec):
        """Draws weights and initial centroids, for each start those of every k."""
        random = np.random.default_rng(1)
        n = len(points)
        weights = None
        if spec["weighted"]:
            weights = np.stack([random.multinomial(n, np.full(n, 1 / n)) for _ in range(spec["starts"])]).astype(np.uint16)
        all_starts = []
        for s in range(spec["starts"]):
            w = None if weights is None else weights[s]
            if spec["init"] == "random":
                candidates = np.arange(n) if w is None else np.flatnonzero(w)
                distinct = np.unique(points[random.permutation(candidates)[: 50 * max(spec["ks"])]], axis=0)
                distinct = random.permutation(distinct)
                all_starts.append([distinct[:k] for k in spec["ks"]])
            else:
                from sklearn.cluster import kmeans_plusplus
                all_starts.append([np.ascontiguousarray(kmeans_plusplus(points, k, sample_weight=w, random_state=100 * s + k)[0])
                                   for k in spec["ks"]])
        return weights, all_starts

    def given(self, points, weights, starts):
        folder = os.path.join(self.dir, "given")
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        np.save(os.path.join(folder, "points.npy"), points)
        np.save(os.path.join(folder, "starts.npy"), np.stack([np.concatenate(s) for s in starts]).astype(np.float32))
        if weights is not None:
            np.save(os.path.join(folder, "weights.npy"), weights)
        return folder

    def sweep(self, work):
        spec = dict(SWEEPS[work])
        spec["starts"] = max(spec["starts"], self.options.threads)  # each of Segovia's threads takes a start
        if self.options.quick:
            spec.update(ks=list(spec["of"])[:3], of=list(spec["of"])[:3], starts=2, restarts=2, pairs=min(spec["pairs"], 2))
        whole = self.whole(work)
        if whole is None:
            return
        points = np.load(self.export(work)[0])
        weights, starts = self.starts(points, spec)
        folder = self.given(points, weights, starts)
        ks, threads = spec["ks"], self.options.threads
        ours = {}

        def segovia():
            r = self.segovia("--given", folder, "--given-k", ",".join(map(str, ks)), "--threads", str(threads), "--repeat", "1")
            ours.update(r)
            return r["results"][0]["seconds"], None

        def contestant(fit, informed=False):
            def run():
                times, reached = np.zeros((len(starts), len(ks))), np.zeros((len(starts), len(ks)))
                for s, start in enumerate(starts):
                    w = None if weights is None else weights[s]
                    for i, c in enumerate(start):
                        more = (ours["iterations"][s][i], ours["inertia"][s][i]) if informed else ()
                        times[s, i], centroids = fit(points, w, c, *more)
                        reached[s, i] = kmeans.inertia(points, w, centroids)
                return times.sum(), (times.mean(axis=0), reached)
            return run

        contestants = {"segovia": segovia, "segovia whole": whole}
        for name, make, informed in (("scikit-learn lloyd", lambda: kmeans.scikit_learn("lloyd"), False),
                                     ("scikit-learn elkan", lambda: kmeans.scikit_learn("elkan"), False),
                                     ("scikit-learn-intelex", kmeans.scikit_learn_intelex, False),
                                     ("faiss", kmeans.faiss_kmeans, True)):
            try:
                contestants[name] = contestant(make(), informed)
            except kmeans.Missing as missing:
                self.skip(work, name, str(missing))
        seconds, more = self.turns(work, contestants)
        fits_per_k = spec["restarts"] * (1 + 2 * spec["pairs"])
        fits, timed = fits_per_k * len(spec["of"]), len(starts) * len(ks)
        ours_inertia = np.array(ours["inertia"])
        for name in seconds:
            if name.startswith("segovia"):
                continue
            per_fit, reached = more[name]
            per_fit *= seconds[name] / (per_fit.sum() * len(starts))  # the last turn's, brought to the median of the turns
            scaled = float(sum(np.interp(k, ks, per_fit) for k in spec["of"]) * fits_per_k)
            self.add(work, name, "fits", timed, fits, seconds[name], seconds["segovia"], scaled, seconds["segovia whole"],
                     float(reached.sum() / ours_inertia.sum()))
        if work in ("W1", "W2"):
            self.r_sweep(work, points, spec, fits, seconds["segovia whole"])

    def r(self, work, tool, points, ks, pairs, restarts):
        """Runs a tool of R; None where it is missing."""
        if shutil.which("Rscript") is None:
            self.skip(work, "R " + tool, "there is no Rscript")
            return None
        if self.late(work, "R " + tool):
            return None
        self.say(f"{work}: R {tool}")
        file = os.path.join(self.dir, "r.npy")
        np.save(file, np.ascontiguousarray(points, dtype=np.float32))
        done = subprocess.run(["Rscript", os.path.join(HERE, "fits.R"), tool, file, str(points.shape[0]), str(points.shape[1]),
                               ",".join(map(str, ks)), str(pairs), str(restarts)], capture_output=True, text=True)
        try:
            answer = json.loads(done.stdout.strip().splitlines()[-1])
        except (ValueError, IndexError):
            answer = {"missing": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it said nothing"}
        if "missing" in answer:
            self.skip(work, "R " + tool, answer["missing"])
            return None
        return answer

    def r_sweep(self, work, points, spec, fits, ours):
        for tool in ("flexclust", "fpc", "kmeans"):
            pairs = {"W1": 1, "W2": 3}[work]
            answer = self.r(work, tool, points, spec["ks"], pairs, spec["restarts"])
            if answer:
                self.add(work, "R " + tool, "fits", answer["count"], fits, answer["seconds"], None,
                         answer["seconds"] / answer["count"] * fits, ours, note="one core, its own random starts")

    # statistics

    def silhouette(self, work):
        whole = self.whole(work)
        if whole is None:
            return
        files = self.export(work)
        points, labels = np.load(files[0]), np.load(files[1])
        try:
            from sklearn.metrics import silhouette_score
        except ImportError as missing:
            return self.skip(work, "scikit-learn", str(missing))
        timed = [len(labels) // 2]

        def run():
            begin = time.perf_counter()
            for i in timed:
                silhouette_score(points, labels[i])
            return time.perf_counter() - begin, None

        seconds, _ = self.turns(work, {"segovia whole": whole, "scikit-learn silhouette_score": run})
        ours = seconds.pop("segovia whole")
        for name, s in seconds.items():
            self.add(work, name, "labelings", len(timed), len(labels), s, None, s / len(timed) * len(labels), ours)
        some = min(5000, len(points))
        answer = self.r(work, "silhouette", points[:some], [8], 0, 1)
        if answer:
            self.add(work, "R cluster silhouette", "rows", some, len(points), answer["seconds"], None,
                     answer["seconds"] * (len(points) / some) ** 2 * len(labels), ours,
                     note="one labeling, one core; scaled with the square of the rows")

    def ari(self, work):
        whole = self.whole(work)
        if whole is None:
            return
        labels = np.load(self.export(work)[0], mmap_mode="r")
        try:
            from sklearn.metrics import adjusted_rand_score
        except ImportError as missing:
            return self.skip(work, "scikit-learn", str(missing))
        pairs = [(a, b) for a, b in ((0, 1), (0, 2), (5, 18), (18, 199), (100, 150)) if b < len(labels)]

        def run():
            begin = time.perf_counter()
            for a, b in pairs:
                adjusted_rand_score(labels[a], labels[b])
            return time.perf_counter() - begin, None

        seconds, _ = self.turns(work, {"segovia whole": whole, "scikit-learn adjusted_rand_score": run})
        count = len(labels) * (len(labels) - 1) // 2
        ours = seconds.pop("segovia whole")
        for name, s in seconds.items():
            self.add(work, name, "pairs", len(pairs), count, s, None, s / len(pairs) * count, ours)

    def gap(self, work):
        whole = self.whole(work)
        if whole is None:
            return
        points = np.load(self.export(work)[0])
        references, ks, some = (2, range(1, 4), [1, 3]) if self.options.quick else (50, range(1, 16), [1, 8, 15])
        try:
            from sklearn.cluster import KMeans
        except ImportError as missing:
            return self.skip(work, "scikit-learn", str(missing))

        def run():
            random = np.random.default_rng(1)
            low, high = points.min(axis=0), points.max(axis=0)
            reference = random.uniform(low, high, points.shape).astype(np.float32)
            times = []
            for k in some:  # the better of its two algorithms decides
                best = np.inf
                for algorithm in ("lloyd", "elkan") if k > 1 else ("lloyd",):
                    begin = time.perf_counter()
                    KMeans(k, init="k-means++", n_init=1, tol=0, max_iter=kmeans.MAX_ITER, algorithm=algorithm,
                           random_state=k).fit(reference)
                    best = min(best, time.perf_counter() - begin)
                times.append(best)
            return sum(times), times

        seconds, more = self.turns(work, {"segovia whole": whole, "scikit-learn gap loop": run})
        ours = seconds.pop("segovia whole")
        for name, s in seconds.items():
            scaled = float(sum(np.interp(k, some, more[name]) for k in ks) * (references + 1))
            self.add(work, name, "fits", len(some), len(ks) * (references + 1), s, None, scaled, ours,
                     note="one restart, on a reference set")
        rows = min(2000, len(points))
        answer = self.r(work, "clusGap", points[:rows], [max(ks)], 1, 1)
        if answer:
            self.add(work, "R cluster clusGap", "references", 1, references, answer["seconds"], None,
                     answer["seconds"] / 2 * (references + 1) * len(points) / rows, ours,
                     note=f"{rows} rows; scaled with the rows, though its time grows with their square")

    def fold(self, work):
        """DuckDB has a script of its own, which prints its seconds as JSON."""
        whole = self.whole(work)
        if whole is None:
            return
        script = os.path.join(HERE, "duckdb_fold.py")
        if not os.path.exists(script):
            return self.skip(work, "duckdb", "there is no duckdb_fold.py")
        files = self.export(work)

        def run():
            done = subprocess.run([sys.executable, script, *files, "--threads", str(self.options.threads), "--runs", "1"],
                                  capture_output=True, text=True)
            if done.returncode != 0:
                raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no message")
            answer = json.loads(done.stdout.strip().splitlines()[-1])
            if "skipped" in answer:
                raise RuntimeError(answer["skipped"])
            return answer["median"], answer

        seconds, _ = self.turns(work, {"segovia whole": whole, "duckdb": run})
        ours = seconds.pop("segovia whole")
        for name, s in seconds.items():
            self.add(work, name, "files", 1, 1, s, ours, s, ours)

    def environment(self):
        versions = {}
        for package in ("numpy", "scikit-learn", "scikit-learn-intelex", "faiss-cpu", "duckdb"):
            try:
                versions[package] = importlib.metadata.version(package)
            except importlib.metadata.PackageNotFoundError:
                pass
        if shutil.which("Rscript"):
            versions["R"] = subprocess.run(["Rscript", "-e", "cat(as.character(getRversion()))"], capture_output=True, text=True).stdout
        libraries = []
        try:
            import threadpoolctl
            libraries = [dict(library=p["internal_api"], version=p["version"], kernel=p.get("architecture"), threads=p["num_threads"])
                         for p in threadpoolctl.threadpool_info()]
        except ImportError:
            pass
        where = json.loads(subprocess.run([self.options.segovia, "paths", "--json"], capture_output=True, text=True).stdout)
        path = next((p["name"] for p in where["paths"] if p["auto"]), "") if self.options.path == "auto" else self.options.path
        return dict(cpu=where["cpu"], cpus=os.cpu_count(), load_at_start=self.options.load, threads=self.options.threads, path=path, python=platform.python_version(),
                    versions=versions, libraries=libraries)

    def run(self):
        works = dict(W6=self.silhouette, W7=self.ari, W8=self.gap, W10=self.fold)
        try:
            for work in self.options.work:
                if not self.late(work, "all of it"):
                    works.get(work, self.sweep)(work)
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)
        return {"$schema": "segovia:bench-peers", "format_version": 1, "started": self.options.started,
                "environment": self.environment(), "results": self.rows,
                "skipped": [dict(work=w, peer=p, why=y) for w, p, y in self.skipped]}


def figure(value, form="{:.3g}"):
    return "-" if value is None else form.format(value)


def table(report):
    """The report for people."""
    lines = [("work", "peer", "timed", "seconds", "segovia", "ratio", "whole", "segovia", "ratio", "inertia")]
    for r in report["results"]:
        lines.append((r["work"], r["peer"], f"{r['timed']} of {r['of']} {r['unit']}", figure(r["seconds"]), figure(r["ours_s"]),
                      figure(r["ratio"]), figure(r["whole_s"]), figure(r["ours_whole_s"]), figure(r["ratio_whole"]),
                      figure(r["inertia_to_ours"], "{:.6f}")))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        cells = [c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())
    e = report["environment"]
    print(f"\n{e['cpu']}, {e['threads']} threads, segovia's path {e['path']}; " + ", ".join(f"{k} {v}" for k, v in e["versions"].items()))
    for library in e["libraries"]:
        print(f"{library['library']} {library['version']}: kernel {library['kernel']}, {library['threads']} threads")
    print("ratio: the other's time by ours; whole: scaled to the workload; inertia: the other's by ours on the same starts")
    for s in report["skipped"]:
        print(f"left out: {s['work']} {s['peer']}: {s['why']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segovia", default="bin/segovia", help="the program (default bin/segovia)")
    parser.add_argument("--work", default=",".join(ORDER), help="workloads, separated by commas (default all)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads for everyone (default all)")
    parser.add_argument("--path", default="auto", help="segovia's hardware path")
    parser.add_argument("--repeat", type=int, default=5, help="turns of each, fewer for what takes long")
    parser.add_argument("--minutes", type=float, default=30, help="nothing new is begun after so many minutes")
    parser.add_argument("--quick", action="store_true", help="a moment's work, to see that everything runs: its figures say nothing")
    parser.add_argument("--fixtures", default="../shared/reference", help="folder of mcdonalds.csv, for W2")
    parser.add_argument("--json", metavar="FILE", help="write the report to this file too")
    options = parser.parse_args()
    options.work = options.work.split(",")
    options.started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    unknown = [w for w in options.work if w not in ORDER]
    if unknown:
        parser.error(f"there is no comparison for {', '.join(unknown)}; there are {', '.join(ORDER)}")
    # The other tools read this when they are imported.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        if os.environ.get(name) != str(options.threads):
            os.environ[name] = str(options.threads)
            os.execv(sys.executable, [sys.executable] + sys.argv)
    options.load = os.getloadavg()[0]
    if options.load > 0.5:
        print(f"the machine is busy (load {options.load:.1f}): tools that wait for each other's threads suffer most, so that "
              "ratios would flatter", file=sys.stderr)
    report = Bench(options).run()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
            file.write("\n")
    table(report)


if __name__ == "__main__":
    main()
