#!/bin/sh
# Host instructions per simulated instruction, from callgrind: the difference of two run lengths, so
# that start-up does not count. Independent of the machine's speed and load.
# usage: guard.sh BENCH_DPU_SPEED; exit 1 when a limit is exceeded.
set -eu
bench=$1
host() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" "$@" 2>&1 >/dev/null |
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}
status=0
check() { # name limit simulated-difference host-short host-long
  awk -v n="$1" -v l="$2" -v s="$3" -v a="$4" -v b="$5" 'BEGIN {
    r = (b - a) / s; ok = r > 0 && r <= l
    printf "%-12s %.2f host instructions per simulated one (limit %s) %s\n", n, r, l, (ok ? "ok" : (r > 0 ? "EXCEEDED" : "NOTHING COUNTED"))
    exit !ok }' || status=1
}
# 16 tasklets x 20,000 more iterations of 9 instructions.
check alu 18 2880000 "$(host alu.s 16 COUNT=5000)" "$(host alu.s 16 COUNT=25000)"
# 16 tasklets x 20 more blocks of 1,024 x 7 + 8 instructions.
check gemv_int8 25 2296320 "$(host gemv_int8.s 16 BLOCKS=5)" "$(host gemv_int8.s 16 BLOCKS=25)"
# The same under the slowest rule, and the case of few tasklets that mostly wait.
check alu-compat 310 2880000 "$(host alu.s 16 compat COUNT=5000)" "$(host alu.s 16 compat COUNT=25000)"
check alu-1-compat 310 180000 "$(host alu.s 1 compat COUNT=5000)" "$(host alu.s 1 compat COUNT=25000)"
# One lock that everyone wants: 16 tasklets x 100 more turns, most instructions are failed retries.
check lock 130 337430 "$(host lock.s 16 COUNT=50)" "$(host lock.s 16 COUNT=150)"
exit $status
