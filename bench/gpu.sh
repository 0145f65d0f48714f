#!/usr/bin/env bash
# All that is to be learnt on a machine with an NVIDIA GPU, in less than nine minutes.
#
#   bench/gpu.sh prepare            where Go is: builds into bin/gpu (GPU_BIN) what the rest needs, and packs it as bin/gpu.tgz
#   bench/gpu.sh run OUT            on the machine with the GPU, which needs neither Go nor a network: tests against the
#                                   golden labels, compute-sanitizer, the bench, other tools, counters; everything goes to OUT
#   bench/gpu.sh run OUT tests bench    some of the steps: tests sanitizer bench peers counters
#
# A tool that is missing is named and its step left out. PYTHON names the Python that has numpy, torch and CuPy, GPU_SECONDS
# the time for everything (520), GPU_SMALL=1 takes a moment's work of each step. The exit code is 1 if a step failed.
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD
bin=${GPU_BIN:-$root/bin/gpu}
python=${PYTHON:-python3}

prepare() {
  set -e
  mkdir -p "$bin"
  export CGO_ENABLED=0
  version=$(git describe --tags --always --dirty 2>/dev/null || echo dev)
  go build -trimpath -ldflags "-s -w -X segovia/cmd/segovia/internal/app.version=$version" -o "$bin/segovia" ./cmd/segovia
  go test -c -trimpath -ldflags "-s -w" -o "$bin/cuda.test" ./kernels/cuda
  go test -c -trimpath -ldflags "-s -w" -o "$bin/sweep.test" ./engine/sweep
  go test -c -trimpath -ldflags "-s -w" -o "$bin/kmeans.test" ./engine/kmeans
  tar -C "$bin" -czf "$bin.tgz" segovia cuda.test sweep.test kmeans.test
  du -h "$bin.tgz"
}

summary=()
failed=0

# step NAME LIMIT COMMAND... runs a command for at most so many seconds, of those that are left, and notes how it ended.
step() {
  local name=$1 limit=$2 left=$((deadline - SECONDS)) began=$SECONDS code=0
  shift 2
  if ((left < 5)); then
    summary+=("not run  $name: no time was left")
    failed=1
    return
  fi
  ((limit > left)) && limit=$left
  echo "== $name (at most $limit s)"
  timeout --kill-after=5 "$limit" "$@" >"$out/$name.txt" 2>&1 || code=$?
  case $code in
    0) summary+=("ok       $name: $((SECONDS - began)) s") ;;
    124 | 137) summary+=("too long $name: ended after $limit s"); failed=1 ;;
    *) summary+=("FAILED   $name: exit code $code"); failed=1 ;;
  esac
  tail -n 3 "$out/$name.txt"
}

skip() { summary+=("skipped  $1: $2"); }

tests() { # with SEGOVIA_REQUIRE a test that finds no device fails
  step conformance 60 env SEGOVIA_REQUIRE=cuda bash -c "cd kernels/cuda && exec '$bin/cuda.test' -test.run '^(TestConformance|FuzzConformance)\$' -test.v"
  step fits 60 env SEGOVIA_REQUIRE=cuda bash -c "cd engine/kmeans && exec '$bin/kmeans.test' -test.run '^TestResidentOnDevice\$' -test.v"
  step golden 60 env SEGOVIA_REQUIRE=cuda bash -c "cd engine/sweep && exec '$bin/sweep.test' -test.run '^TestGolden\$/.*/path=cuda' -test.v"
  step determinism 60 "$bin/segovia" bench --quick --work G1,G2,G3,G4,G5,W1 --repeat 6 --at-most 0 --threads 1,2,5
}

sanitizer() {
  local tool sanitizer
  sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda*/bin/compute-sanitizer 2>/dev/null | tail -n 1)
  if [[ -z $sanitizer ]]; then
    skip sanitizer "there is no compute-sanitizer"
    return
  fi
  for tool in memcheck racecheck; do
    step "$tool-score" 25 bash -c "cd kernels/cuda && SEGOVIA_REQUIRE=cuda exec '$sanitizer' --tool $tool --error-exitcode 9 '$bin/cuda.test' -test.run '^TestConformance\$/(stacks|ties|distances)\$'"
    step "$tool-fits" 25 "$sanitizer" --tool "$tool" --error-exitcode 9 "$bin/segovia" bench --quick --work G1,G2,G3,W1 --paths cuda --threads 1
  done
}

small() { [[ -z ${GPU_SMALL:-} ]] || echo --small; }

bench() {
  if ! command -v "$python" >/dev/null || ! "$python" -c 'import numpy' 2>/dev/null; then
    step bench 240 "$bin/segovia" bench --json --work G1,G2,G4,G5,G3 --paths cuda --threads "$(nproc)" --at-most 45s ${GPU_SMALL:+--quick}
    return
  fi
  step bench 240 "$python" bench/peers/gpu.py --segovia "$bin/segovia" --out "$out" --only ours --seconds 235 $(small)
}

peers() {
  if ! command -v "$python" >/dev/null || ! "$python" -c 'import numpy' 2>/dev/null; then
    skip peers "$python has no numpy"
    return
  fi
  step peers 170 "$python" bench/peers/gpu.py --segovia "$bin/segovia" --out "$out" --data "$data" --only peers --seconds 165 $(small)
}

counters() {
  local ncu
  ncu=$(command -v ncu || ls /usr/local/cuda*/bin/ncu /opt/nvidia/nsight-compute/*/ncu 2>/dev/null | tail -n 1)
  if [[ -z $ncu ]]; then
    skip counters "there is no ncu"
    return
  fi
  step counters 60 "$ncu" --clock-control none --set full --kernel-name regex:'^pass' --launch-skip 3 --launch-count 2 \
    "$bin/segovia" bench --work G2 --paths cuda --threads 1 --repeat 1 ${GPU_SMALL:+--quick}
}

case ${1:-} in
  prepare) prepare ;;
  run)
    [[ $# -ge 2 ]] || { sed -n '2,/^set/p' "$0" | sed '$d;s/^# \{0,1\}//'; exit 64; }
    mkdir -p "$2" && out=$(cd "$2" && pwd) || exit 1
    data=$(mktemp -d) # gigabytes, which are not to come back
    trap 'rm -rf "$data"' EXIT
    if [[ ! -d $bin && -f $bin.tgz ]]; then mkdir -p "$bin" && tar -C "$bin" -xzf "$bin.tgz"; fi
    for need in segovia cuda.test sweep.test; do
      [[ -x $bin/$need ]] || { echo "there is no $bin/$need: run 'bench/gpu.sh prepare' where Go is"; exit 1; }
    done
    shift 2
    deadline=$((SECONDS + ${GPU_SECONDS:-520}))
    { nvidia-smi || echo "there is no nvidia-smi"; lscpu 2>/dev/null | head -n 20; } >"$out/machine.txt" 2>&1
    "$bin/segovia" paths >"$out/paths.txt" 2>&1
    for name in "${@:-tests sanitizer bench peers counters}"; do
      for s in $name; do
        case $s in
          tests | sanitizer | bench | peers | counters) "$s" ;;
          *) echo "there is no step $s"; exit 64 ;;
        esac
      done
    done
    {
      printf '%s\n' "${summary[@]}"
      [[ -f $out/gpu.txt ]] && cat "$out/gpu.txt"
    } >"$out/summary.txt"
    cat "$out/summary.txt"
    exit $failed
    ;;
  *) sed -n '2,/^set/p' "$0" | sed '$d;s/^# \{0,1\}//'; exit 64 ;;
esac
