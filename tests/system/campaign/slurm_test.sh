#!/bin/bash
# A real Slurm (controller, daemon, munge) on the loopback interface without systemd: two shards as
# an array job, one warned of its time limit (it requeues itself and ends), one killed in the middle
# (it requeues itself, is cancelled and resubmitted), merged; the file must equal explore's.
# Usage: slurm_test.sh WATTLAS. Exit code 77: skipped. Takes about half a minute.
set -u
wattlas=$(realpath "${1:?usage: slurm_test.sh WATTLAS}")
skip() { echo "skipped: $1"; exit 77; }
export PATH="$PATH:/usr/sbin:/sbin"
for program in slurmctld slurmd sbatch munged setpriv; do
  command -v "$program" >/dev/null || skip "$program is not installed (scripts/setup.sh --ci)"
done
[ "$(id -u)" -eq 0 ] || skip "starting munged and slurmd needs root"
id munge >/dev/null 2>&1 || skip "there is no user munge"

B=$(mktemp -d /tmp/wattlas-slurm-XXXXXX)
chmod 755 "$B"
pids=()
finish() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${pids[@]}"; do
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null
  done
  rm -rf "$B"
}
trap finish EXIT
fail() {
  echo "FAILED: $1"
  for log in "$B"/log/*.log "$B"/sweep/slurm/*.log; do
    [ -f "$log" ] && { echo "== $log"; tail -n 15 "$log"; }
  done
  exit 1
}
# within SECONDS COMMAND...: until it succeeds
within() {
  local end=$(( $(date +%s) + $1 )); shift
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$end" ] || return 1
    sleep 0.2
  done
}

mkdir -p "$B"/{state,spool,log,munge,key}
dd if=/dev/urandom of="$B/key/munge.key" bs=128 count=1 2>/dev/null
chmod 700 "$B/key"; chmod 400 "$B/key/munge.key"
chown -R munge:munge "$B/munge" "$B/key"
chmod 755 "$B/munge"
host=$(hostname -s)
port=$(( 20000 + $$ % 20000 ))
cat >"$B/slurm.conf" <<EOF
ClusterName=loop
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$B/munge/munge.socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort=$port
SlurmdPort=$((port + 1))
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
StateSaveLocation=$B/state
SlurmdSpoolDir=$B/spool
SlurmctldPidFile=$B/slurmctld.pid
SlurmdPidFile=$B/slurmd.pid
SlurmctldLogFile=$B/log/slurmctld.log
SlurmdLogFile=$B/log/slurmd.log
SlurmctldTimeout=30
SlurmdTimeout=30
KillWait=5
MaxArraySize=1001
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=1000 State=UNKNOWN
PartitionName=debug Nodes=$host Default=YES MaxTime=INFINITE State=UP
EOF
export SLURM_CONF="$B/slurm.conf"
setpriv --reuid=munge --regid=munge --clear-groups munged --force --foreground \
  --key-file="$B/key/munge.key" --socket="$B/munge/munge.socket" --pid-file="$B/munge/munged.pid" \
  --log-file="$B/munge/munged.log" --seed-file="$B/munge/munged.seed" >"$B/log/munged.log" 2>&1 &
pids+=($!)
within 20 test -S "$B/munge/munge.socket" || skip "munged does not start here: $(tail -n 1 "$B/log/munged.log")"
slurmctld -D -f "$SLURM_CONF" -c >"$B/log/ctld.out.log" 2>&1 & pids=($! "${pids[@]}")
slurmd -D -f "$SLURM_CONF" -N "$host" >"$B/log/slurmd.out.log" 2>&1 & pids=($! "${pids[@]}")
idle() { sinfo -h -o %T | grep -q idle; }
within 40 idle || fail "the node does not become idle"
echo "slurm is up: $(sinfo --version)"

# 1. Plan and submit two shards.
cat >"$B/study.yaml" <<'EOF'
name: cluster
workloads: [opt-125m]
genes:
  platform: {categorical: [upmem-dimm, upmem-server]}
  format: {categorical: [fp16, int8, ternary]}
  workload.prompt: {categorical: [64, 96, 128, 160, 192, 224, 256, 288]}
  workload.generate: {categorical: [4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64]}
  dpu.clock: {categorical: [250 MHz, 275 MHz, 300 MHz, 325 MHz, 350 MHz, 375 MHz, 400 MHz, 425 MHz, 450 MHz]}
objectives: [{minimise: time_s}, {minimise: energy_j}]
search: {method: exhaustive, budget: 0, seed: 1}
EOF
"$wattlas" campaign plan "$B/study.yaml" -o "$B/sweep" || fail "plan"
"$wattlas" campaign slurm "$B/sweep" --shards 2 --memory 400M --time 00:10:00 --submit |
  tee "$B/first" || fail "submit"
job=$(sed -n 's/Submitted batch job //p' "$B/first")

# 2. Warn shard 1 as Slurm does before the time limit: it ends cleanly and requeues itself.
log() { grep -q "$2" "$B/sweep/slurm/$1.log"; }
within 60 test -s "$B/sweep/journals/shard-0001-of-0002.attempt-0.journal" ||
  fail "shard 1 does not start"
scancel --batch --signal=USR1 "${job}_1" || fail "no signal for shard 1"

# 3. Kill shard 0 by its process id as soon as it has written a row.
journal="$B/sweep/journals/shard-0000-of-0002.attempt-0.journal"
process() {
  "$wattlas" campaign status "$B/sweep" --json | python3 -c '
import json, sys
for j in json.load(sys.stdin)["journals"]:
    if j["name"].startswith("shard-0000") and not j["end"]: print(j["process"])'
}
within 60 test -s "$journal" || fail "shard 0 does not start"
victim=$(process)
[ -n "$victim" ] && kill -9 "$victim" || fail "shard 0 was over before it could be killed"
echo "killed shard 0 (process $victim)"
within 30 log 0 "back into the queue" || fail "shard 0 does not requeue itself"
scancel "${job}_0" || fail "shard 0 cannot be cancelled"
within 30 log 1 "back into the queue" || fail "shard 1 does not requeue itself"
# Slurm holds requeued jobs for two minutes; nobody waits here. But the daemon refuses a task that
# starts in the second in which it was killed, and the controller then holds it: so wait, release.
waiting() { [ "$(squeue -h -r -j "${job}_1" -o %t)" = PD ]; }
within 60 waiting || fail "shard 1 is not in the queue"
sleep 3
now() {
  waiting && { scontrol release "${job}_1"; scontrol update "jobid=${job}_1" starttime=now; }
  log 1 "restart [0-9]* of this task" || { sleep 2; false; }
}
within 180 now || fail "shard 1 does not start again"
echo "shard 1 was warned, requeued itself and started again"
done_here() { [ -z "$(squeue -h)" ]; }
within 240 done_here || fail "the job does not end"
"$wattlas" campaign merge "$B/sweep" -o "$B/early.h5" 2>/dev/null
[ $? -eq 75 ] || fail "merge of an incomplete campaign must end with 75"

# 4. Resubmit: only shard 0 may be asked for.
"$wattlas" campaign slurm "$B/sweep" --submit | tee "$B/again" || fail "resubmit"
grep -q "1 of 2 shards to run: 0" "$B/again" || fail "not exactly shard 0 was resubmitted"
within 240 done_here || fail "the second job does not end"
"$wattlas" campaign slurm "$B/sweep" | grep -q "nothing is missing" || fail "something is missing"

# 5. The same bytes as one process.
"$wattlas" campaign merge "$B/sweep" -o "$B/merged.h5" || fail "merge"
"$wattlas" explore "$B/study.yaml" -o "$B/reference.h5" >/dev/null || fail "explore"
cmp "$B/merged.h5" "$B/reference.h5" || fail "the files differ"
echo "slurm: two shards, one requeued, one killed and run again: the file of one process"
