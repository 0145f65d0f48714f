#!/usr/bin/env python3
"""Runs Segovia's work for devices, and plain Lloyd iterations in other tools on the same points from the same starts.

    make bench-gpu
    python bench/peers/gpu.py --segovia bin/segovia --out results
    python bench/peers/gpu.py --segovia bin/segovia --out results --device cpu --small   # that everything runs

Into --out go gpu.json, with everything, and gpu.txt, with a table, both written anew after each step, so that a limit of
time loses only what comes after it. A tool that is missing is named and left out. Times of other tools are those of their
iterations alone, medians of the repeats after a warm-up; ours stand beside them, by events on a device.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

try:
    import numpy as np
except ImportError:
    sys.exit("gpu.py needs numpy: give a Python that has it")

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import lloyd  # noqa: E402  (beside this file)

GOALS = {("G1", 4): 0.65, ("G1", 16): 0.65, ("G2", 64): 1.1}  # ms an iteration on an H100
WHOLE = {"G3": 12.0, "G4": 0.5, "G5": 1.0}  # seconds
FEW = 4  # iterations timed on a processor where rows are many


class Run:
    def __init__(self, options):
        self.options = options
        self.deadline = time.monotonic() + options.seconds
        self.result = {"machine": {"cpu": platform.processor(), "cpus": os.cpu_count(), "python": platform.python_version()},
                       "small": options.small, "device": options.device, "ours": [], "peers": [], "skipped": []}

    def left(self):
        return self.deadline - time.monotonic()

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def skip(self, what, why):
        self.say(f"skipped: {what}: {why}")
        self.result["skipped"].append({"what": what, "why": str(why)})
        self.write()

    def segovia(self, *args, limit=None):
        """Runs the binary and returns what it printed as JSON, or None."""
        command = [self.options.segovia, "--json", *args]
        try:
            p = subprocess.run(command, capture_output=True, text=True, timeout=min(limit or 1e9, max(self.left(), 1)))
        except subprocess.TimeoutExpired:
            return self.skip(" ".join(args), "it took too long")
        if p.stdout.strip():
            try:
                value = json.loads(p.stdout.strip().splitlines()[0])
            except ValueError:
                value = None
        else:
            value = None
        if p.returncode != 0:
            self.skip(" ".join(args), f"exit code {p.returncode}: {p.stderr.strip()[-500:]}")
        return value

    def hardware(self):
        """Returns the path of the device, if there is one, and that of the processor."""
        paths = (self.segovia("paths") or {"paths": []})["paths"]
        available = [p["name"] for p in paths if p["available"]]
        on_host = [p for p in available if p not in ("cuda", "blas", "gorgonia")]
        return ("cuda" if "cuda" in available and self.options.device == "cuda" else None), (on_host or ["ref"])[0]

    def ours(self):
        device, host = self.hardware()
        threads = ["--threads", str(os.cpu_count())]
        quick = ["--quick"] if self.options.small else []
        repeat = ["--repeat", str(self.options.repeat)]
        if device:
            for work in ("G1,G2", "G4,G5", "G3"):  # the longest last
                self.bench(f"{work} on {device}", "--work", work, "--paths", device, *threads, *repeat, "--at-most", "45s", *quick)
        elif self.options.device == "cuda":
            self.skip("cuda", "Segovia finds no device")
        both = ",".join(p for p in (device, host) if p)
        self.bench("all against the processor", "--work", "G1,G2,G3,G4,G5", "--paths", both, *threads, "--repeat", "1",
                   "--fraction", "0.02", *quick)

    def bench(self, what, *args):
        report = self.segovia("bench", *args, limit=self.options.seconds / 2)
        if report:
            self.result["ours"].append({"what": what, "report": report})
            self.write()

    def iteration(self, work, k):
        """Our milliseconds an iteration: on the device, else on the processor."""
        found = None
        for run in self.result["ours"]:
            for w in run["report"]["works"]:
                for r in w["results"] if w["id"] == work else []:
                    for m in r["models"]:
                        if m["k"] == k and m["device"] and m["device"]["iteration_s"] and not run["report"]["works"][0]["fraction"] < 1:
                            return 1000 * m["device"]["iteration_s"], r["path"]
                        if m["k"] == k and not m["device"]:
                            found = 1000 * m["iteration_s"], r["path"]
        return found or (None, None)

    def max_iter(self):
        for run in self.result["ours"]:
            for w in run["report"]["works"]:
                if w["id"] == "G1":
                    return w["max_iter"]
        return 17 if self.options.small else 32

    def peers(self):
        data = self.options.data or os.path.join(self.options.out, "points")
        if not os.path.exists(os.path.join(data, "G2.labels.npy")):
            if self.segovia("bench", "--work", "G1,G2", "--export", data, *(["--quick"] if self.options.small else [])) is None:
                return
        load = lambda name: np.load(os.path.join(data, name))  # noqa: E731
        points = load("G1.points.npy")
        total = None
        iterations, missing = self.max_iter(), set()
        for work, ks in (("G1", (4, 16)), ("G2", (64,))):
            starts, labels = load(f"{work}.starts.npy"), load(f"{work}.labels.npy")
            for at, k in enumerate(ks):
                first = sum(ks[:at])
                for name, peer in lloyd.PEERS.items():
                    if name in missing or self.options.peers and name not in self.options.peers:
                        continue
                    if self.left() < self.options.reserve:
                        self.skip(f"{name}, k = {k}", "no time was left")
                        continue
                    few = FEW if name in lloyd.ON_PROCESSOR and len(points) > 1e6 else iterations
                    self.say(f"{work}, k = {k}: {name}")
                    try:
                        row = self.peer(peer, points, starts[first:first + k], few)
                    except lloyd.Missing as e:
                        self.skip(name, e)
                        missing.add(name)
                        continue
                    except Exception as e:  # a tool that fails is no reason to lose the others
                        self.skip(f"{name}, k = {k}", f"{type(e).__name__}: {str(e)[:500]}")
                        continue
                    theirs = row.pop("labels")
                    if few == iterations:
                        row["equal_labels"] = float(np.mean(theirs == labels[at]))
                        if total is None:
                            total = sum(float(np.square(points[i:i + 1 << 18].astype(np.float64)).sum()) for i in range(0, len(points), 1 << 18))
                        row["inertia_ratio"] = 1.0 if row["equal_labels"] == 1 else inertia(points, theirs, k, total) / inertia(points, labels[at], k, total)
                    row.update(work=work, k=k, peer=name)
                    self.result["peers"].append(row)
                    self.write()

    def peer(self, peer, points, starts, iterations):
        """Runs one tool: a warm-up, then as many runs as time allows, one at least."""
        runs = peer(points, starts, self.options.device, iterations)
        try:
            version = next(runs)
            next(runs)  # compiles, and fills caches
            took, begin = [], time.monotonic()
            while len(took) < self.options.repeat and (not took or time.monotonic() - begin < self.options.each):
                r = next(runs)
                took.append(r["seconds"] / r.get("iterations", iterations))
        finally:
            runs.close()
            free()
        return {"version": version, "iterations": int(r.get("iterations", iterations)), "iteration_ms": 1000 * statistics.median(took),
                "repeats_ms": [1000 * t for t in took], "labels": r["labels"]}

    def write(self):
        os.makedirs(self.options.out, exist_ok=True)
        with open(os.path.join(self.options.out, "gpu.json"), "w") as f:
            json.dump(self.result, f, indent=1)
        with open(os.path.join(self.options.out, "gpu.txt"), "w") as f:
            f.write(self.table())

    def table(self):
        out = []
        show = lambda v, digits=4: "-" if v is None else f"{v:.{digits}g}"  # noqa: E731
        for run in self.result["ours"]:
            out.append(f"== {run['what']}")
            if d := run["report"]["device"]:
                out.append(f"{d['name']}: copy {d['copy_bytes_per_s'] / 1e9:.0f} GB/s, read {d['read_bytes_per_s'] / 1e9:.0f} GB/s, pinned there "
                           f"{d['pinned_to_bytes_s'] / 1e9:.1f} GB/s; fp32 {d['fp32_flops_s'] / 1e12:.1f}, fp64 {d['fp64_flops_s'] / 1e12:.1f}, "
                           f"TF32 {d['tf32_flops_s'] / 1e12:.0f}, bf16 {d['bf16_flops_s'] / 1e12:.0f} TFLOP/s")
            for w in run["report"]["works"]:
                for r in w["results"]:
                    goal = WHOLE.get(w["id"])
                    line = f"{w['id']} {r['path'] or 'processor'} x {r['threads']}: {show(r['seconds'])} s ({len(r['repeats'])} repeats"
                    line += f", whole {show(r['whole_s'])} s)" if w["fraction"] < 1 else ")"
                    line += f", goal {goal} s" if goal and r["path"] == "cuda" else ""
                    if d := r["device"]:
                        line += (f"; device busy {show(d['busy_s'])} s, {d['transfer_bytes'] / 1e9:.3g} GB there in {show(d['transfer_s'])} s, labels back "
                                 f"{d['label_bytes'] / 1e9:.3g} GB in {show(d['label_s'])} s, {percent(d['of_unit'])} of {d['floor_unit']}, {percent(d['of_copy'])} of copy")
                    out.append(line + ("" if w["hashes_same"] else "  HASHES DIFFER"))
                    for m in r["models"]:
                        line = f"  k = {m['k']}: {m['iterations']} iterations, {show(1000 * m['iteration_s'])} ms each by the host"
                        if d := m["device"]:
                            line += (f"; on the device {show(1000 * d['iteration_s'])} ms (goal {GOALS.get((w['id'], m['k']))}), first pass {show(1000 * d['first_pass_s'])}, "
                                     f"pass {show(1000 * d['pass_s'])}, step {show(1000 * d['step_s'], 3)}, plan {show(1000 * d['plan_s'], 3)}; "
                                     f"{percent(d['of_copy'])} of copy, {percent(d['of_read'])} of read, {percent(d['of_unit'])} of fp32")
                        out.append(line)
        if self.result["peers"]:
            out.append("== one iteration of plain Lloyd in other tools, same points and starts")
        for p in self.result["peers"]:
            ours, path = self.iteration(p["work"], p["k"])
            line = f"{p['work']}, k = {p['k']}: {p['version']}: {show(p['iteration_ms'])} ms ({len(p['repeats_ms'])} runs of {p['iterations']})"
            if ours:
                line += f", {p['iteration_ms'] / ours:.3g} times ours on {path}"
            if "equal_labels" in p:
                line += f"; {100 * p['equal_labels']:.4f} % equal labels, inertia x {p['inertia_ratio']:.9f}"
            out.append(line)
        out += [f"skipped: {s['what']}: {s['why']}" for s in self.result["skipped"]]
        return "\n".join(out) + "\n"


def percent(share):
    return "-" if share is None else f"{100 * share:.3g} %"


def inertia(points, labels, k, total):
    """The sum of squared distances to the means of the labels: total less what the means explain, in float64."""
    counts = np.bincount(labels, minlength=k)
    explained = 0.0
    for column in points.T:
        sums = np.bincount(labels, weights=column, minlength=k)
        explained += float((sums[counts > 0] ** 2 / counts[counts > 0]).sum())
    return total - explained


def free():
    """Gives back what tools keep of the device's memory."""
    if (torch := sys.modules.get("torch")) and torch.cuda.is_available():
        torch.cuda.empty_cache()
    if cupy := sys.modules.get("cupy"):
        try:
            cupy.get_default_memory_pool().free_all_blocks()
        except Exception:
            pass


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--segovia", default="bin/segovia")
    p.add_argument("--out", default="gpu-results")
    p.add_argument("--data", help="folder of exported points; they are made where it has none")
    p.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    p.add_argument("--small", action="store_true", help="a moment's work, to see that everything runs")
    p.add_argument("--repeat", type=int, default=5)
    p.add_argument("--seconds", type=float, default=480, help="for everything")
    p.add_argument("--each", type=float, default=8, help="seconds after which a tool is not repeated")
    p.add_argument("--reserve", type=float, default=10, help="seconds that must be left for another tool to begin")
    p.add_argument("--only", choices=("ours", "peers"))
    p.add_argument("--peers", type=lambda s: s.split(","), help="names of lloyd.PEERS")
    options = p.parse_args()
    run = Run(options)
    if options.only == "peers" and os.path.exists(os.path.join(options.out, "gpu.json")):
        with open(os.path.join(options.out, "gpu.json")) as f:
            run.result.update(ours=json.load(f)["ours"])
    if options.only != "peers":
        run.ours()
    if options.only != "ours":
        run.peers()
    run.write()
    print(run.table(), end="")
    if options.device == "cuda" and not any(r["report"]["device"] for r in run.result["ours"]):
        sys.exit("Segovia did not run on a device")
    sys.exit(0 if run.result["ours"] and all(w["hashes_same"] for r in run.result["ours"] for w in r["report"]["works"]) else 1)


if __name__ == "__main__":
    main()
