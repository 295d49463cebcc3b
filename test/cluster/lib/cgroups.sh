# shellcheck shell=bash
# A machine's processes live in a cgroup of their own in every hierarchy: that is what its cgroup namespace is rooted
# at, what its kubelet divides further, and how `down` finds every process of it, whatever became of our notes.
# Written for cgroup v1 (also with v2's unified hierarchy beside it) and for pure v2.

# The folder of every hierarchy of the host that we may use, one a line.
cgroup_hierarchies() {
  awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/self/mounts | grep '^/sys/fs/cgroup' | sort -u
}

# CRI-O asks runc for a huge page limit, which on v1 needs the hierarchy `hugetlb`; not every host has it mounted. What we
# mount is for all machines, since a hierarchy is the kernel's one, and carries our name, so that `down` finds it.
cgroup_mount_hugetlb() {
  local folder=/sys/fs/cgroup/hugetlb
  ! cgroup_is_v2 && ! mountpoint -q "$folder" || return 0
  { mkdir -p "$folder" && mount -t cgroup -o hugetlb "$cgroup_name" "$folder"; } ||
    die "cannot mount the cgroup hierarchy hugetlb, which CRI-O needs on cgroup v1"
}

# The kernel ends a hierarchy with its last mount only if nothing but its root is left, and it frees cgroups a moment
# after their removal.
cgroup_unmount() {
  local folder
  while read -r folder; do
    wait_until 10 "the kernel to free the cgroups of $folder" hugetlb_is_empty
    umount "$folder" && rmdir "$folder"
  done < <(awk -v name="$cgroup_name" '$1 == name && $3 == "cgroup" { print $2 }' /proc/self/mounts)
}

hugetlb_is_empty() { awk '$1 == "hugetlb" { found = $3 == 1 } END { exit !found }' /proc/cgroups; }

cgroup_is_v2() { [[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]]; }

# cgroup_create MACHINE
cgroup_create() {
  local hierarchy group
  while read -r hierarchy; do
    group=$hierarchy/$cgroup_name/$1
    mkdir -p "$group"
    case $hierarchy in
      */cpuset) # v1: a new cpuset is empty, and nothing can enter an empty one
        local level
        for level in "$hierarchy/$cgroup_name" "$group"; do
          cat "$hierarchy/cpuset.cpus" >"$level/cpuset.cpus"
          cat "$hierarchy/cpuset.mems" >"$level/cpuset.mems"
        done
        ;;
    esac
    if cgroup_is_v2; then
      # v2: controllers are handed down level by level, and a level that hands down may hold no process itself, so
      # the machine's own processes go to the leaf `init`.
      local controllers
      controllers=$(sed 's/\([a-z]\+\)/+\1/g' "$hierarchy/cgroup.controllers")
      for level in "$hierarchy" "$hierarchy/$cgroup_name" "$group"; do
        printf '%s' "$controllers" >"$level/cgroup.subtree_control" || true
      done
      mkdir -p "$group/init"
    fi
  done < <(cgroup_hierarchies)
}

# cgroup_enter MACHINE: the calling shell goes in
cgroup_enter() {
  local hierarchy leaf=
  cgroup_is_v2 && leaf=/init
  while read -r hierarchy; do
    printf '%s' "$BASHPID" >"$hierarchy/$cgroup_name/$1$leaf/cgroup.procs"
  done <<<"$(cgroup_hierarchies)" # no process substitution: the shell becomes another program and has no such child
}

# cgroup_processes [MACHINE]: the host's ids of every process in it, whatever its state
cgroup_processes() {
  local hierarchy
  while read -r hierarchy; do
    find "$hierarchy/$cgroup_name${1:+/$1}" -name cgroup.procs -exec cat {} + 2>/dev/null
  done < <(cgroup_hierarchies) | sort -un
}

# cgroup_kill [MACHINE]: ends every process in it and removes it
cgroup_kill() {
  local hierarchy group rounds=0
  local -a processes
  while mapfile -t processes < <(cgroup_processes "${1:-}") && ((${#processes[@]})); do
    ((rounds++ < 100)) || die "these processes of the cluster do not end: ${processes[*]}"
    kill -KILL "${processes[@]}" 2>/dev/null || true
    # A frozen process dies only when thawed; with the signal pending it runs no instruction of its own any more.
    while read -r hierarchy; do
      find "$hierarchy/$cgroup_name${1:+/$1}" -name freezer.state -exec sh -c 'echo THAWED >"$1"' _ {} \; \
        -o -name cgroup.freeze -exec sh -c 'echo 0 >"$1"' _ {} \; 2>/dev/null || true
    done < <(cgroup_hierarchies)
    sleep 0.05
  done
  while read -r hierarchy; do
    group=$hierarchy/$cgroup_name${1:+/$1}
    [[ ! -d $group ]] || find "$group" -depth -type d -exec rmdir {} + || die "cannot remove the cgroup $group"
  done < <(cgroup_hierarchies)
}
