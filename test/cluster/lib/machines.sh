# shellcheck shell=bash
# A machine: own mount, pid, net, uts, ipc and cgroup namespaces over an overlay of the Debian root, with tini as pid 1
# and runit's runsvdir to supervise its services. The namespaces are anonymous: they, their links, mounts and iptables
# rules are gone with the machine's last process, however it ended.

machine_directory() { printf '%s/machines/%s' "$state" "$1"; }

# machine_pid NAME: the host's id of the machine's pid 1; fails when it is not running.
# The note is checked against the cgroup, since after a crash the number may be somebody else's.
machine_pid() {
  local pid
  pid=$(cat "$(machine_directory "$1")/pid" 2>/dev/null) || return 1
  grep -q "/$cgroup_name/$1\$\|/$cgroup_name/$1/" "/proc/$pid/cgroup" 2>/dev/null || return 1
  printf '%s' "$pid"
}

machines() { # the names of all machines that were started, running or not
  local directory
  for directory in "$state"/machines/*/; do
    [[ -d $directory ]] && basename "$directory"
  done
}

# machine_start NAME INDEX ROLE: boots it with what lies in its directory (see machine_prepare) and wires its eth0.
machine_start() {
  local name=$1 index=$2 directory pid='' spawner
  directory=$(machine_directory "$name")
  cgroup_create "$name"
  (
    cgroup_enter "$name"
    exec 8>&-
    exec setsid unshare --mount --uts --ipc --cgroup --pid --net --fork --kill-child=KILL \
      "$here/machine-init" "$name" "$index" "$directory"
  ) </dev/null >"$directory/boot.log" 2>&1 &
  spawner=$!
  # On its way to becoming unshare the spawner has other children, and none of them is left by then.
  until [[ $(cat "/proc/$spawner/comm" 2>/dev/null) == unshare ]] && pid=$(pgrep -P "$spawner"); do
    kill -0 "$spawner" 2>/dev/null || die "$name did not start: $(tail -n 3 "$directory/boot.log")"
    sleep 0.01
  done
  printf '%s' "$pid" >"$directory/pid"
  network_plug "$name" "$pid"
  wait_until 60 "$name to boot ($directory/boot.log)" test -e "/proc/$pid/root/run/booted"
}

# The bridge between the machines stands in the control machine's network namespace; eth0 of the others is plugged in.
network_plug() {
  local name=$1 pid=$2 control
  if [[ $name == control ]]; then
    nsenter -t "$pid" -n sh -ec 'ip link add name eth0 type bridge && ip link set eth0 up'
    # Frames between workers cross this bridge; the control machine's own iptables have no say in them.
    nsenter -t "$pid" -n sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null || true
  else
    control=$(machine_pid control) || die "the control machine is not running"
    # A machine that was killed may leave its port for the moment that its namespace takes to go.
    nsenter -t "$control" -n ip link delete "$name" 2>/dev/null || true
    ip link add name eth0 netns "$pid" type veth peer name "$name" netns "$control"
    nsenter -t "$control" -n ip link set "$name" master eth0 up
  fi
}

# machine_exec NAME COMMAND…: runs it inside: namespaces, root and cgroups; stdin and stdout are the caller's.
machine_exec() {
  local name=$1 pid descriptor
  shift
  pid=$(machine_pid "$name") || die "the machine $name is not running"
  cgroup_enter "$name"
  # What leaks in from the caller would show up in CRIU dumps as files of an unknown mount.
  for descriptor in /proc/self/fd/*; do
    descriptor=${descriptor##*/}
    ((descriptor > 2)) && eval "exec $descriptor>&-"
  done
  exec nsenter -t "$pid" -m -u -i -n -p -C --root --wdns=/ \
    env -i PATH=/opt/kubernetes:/opt/containerd:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" SVDIR=/etc/machine/services "$@"
}

machine_service() { (machine_exec "$1" sv "${@:2}"); }
