# shellcheck shell=bash
# Words, places and locks that every part of the cluster script uses.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-migrate
state=${XDG_STATE_HOME:-$HOME/.local/state}/kubectl-migrate/cluster
cgroup_name=kubectl-migrate # the one cgroup (per hierarchy) that holds every process of the cluster

# The address plan. Machine 0 is the control plane, workers count from 1.
machine_network=10.77.0
pod_network=10.78 # a worker's Pods: 10.78.INDEX.0/24
service_cidr=10.96.0.0/16
service_dns=10.96.0.10
control_address=$machine_network.10
max_workers=9
api_port=${KUBECTL_MIGRATE_CLUSTER_PORT:-16443} # on the host's 127.0.0.1

say() { printf 'cluster: %s\n' "$*" >&2; }
die() {
  printf 'cluster: error: %s\n' "$*" >&2
  exit 1
}

seconds_since() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }'; }

# wait_until SECONDS WHAT COMMAND…: polls COMMAND; says what was waited for when it does not come true.
# The limit only ends a hang: it is generous, and nothing is measured by it.
wait_until() {
  local limit=$1 what=$2 began=$SECONDS
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS - began < limit)) || die "gave up after $limit s waiting for $what; see: cluster status, cluster logs"
    sleep 0.1
  done
}

# Two `up` at once, or an `up` beside a `down`, would take each other's machines away.
# The descriptor is closed for everything that outlives us (see machine_start).
lock_cluster() {
  mkdir -p "$cache"
  exec 8>"$cache/cluster.lock"
  flock --nonblock 8 || { say "another cluster command is at work: waiting for it" && flock 8; }
}

worker_name() { printf 'node-%s' "$(printf '%b' "\\x$(printf '%x' $((96 + $1)))")"; }
worker_index() { printf '%d' "$(($(printf '%d' "'${1#node-}") - 96))"; }
machine_address() { printf '%s.%d' "$machine_network" $((10 + $1)); }

require_root() {
  ((EUID == 0)) || die "needs root (namespaces, mounts, cgroups): run it as root"
}

# Names the missing thing, rather than failing somewhere in the middle with "Invalid argument".
require_kernel() {
  local namespace
  for namespace in mnt pid net uts ipc cgroup; do
    [[ -e /proc/self/ns/$namespace ]] || die "the kernel has no $namespace namespaces"
  done
  grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || die "the kernel has no overlay file system"
  unshare --mount --pid --net --uts --ipc --cgroup --fork true 2>/dev/null ||
    die "may not make namespaces here: CAP_SYS_ADMIN is missing (a container without --privileged?)"
  unshare --net ip link add name probe0 type bridge 2>/dev/null || die "the kernel has no bridge devices (CONFIG_BRIDGE)"
  unshare --net ip link add name probe0 type veth peer name probe1 2>/dev/null ||
    die "the kernel has no veth devices (CONFIG_VETH)"
  local word
  for word in ip nsenter unshare openssl flock awk; do
    command -v "$word" >/dev/null || die "$word is missing on the host: run cmake/install-dependencies"
  done
}
