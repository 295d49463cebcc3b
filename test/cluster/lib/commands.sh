# shellcheck shell=bash
# The commands of `cluster`, one function each.

kubeconfig_file=$state/kubeconfig

kubectl() { "$(cat "$state/kubernetes")/kubectl" --kubeconfig "$kubeconfig_file" "$@"; }

# Everything a start needs, from the cache; built where it is missing. Sets rootfs, kubernetes, coredns, registry.
fetch_parts() { # RUNTIME… (as for prepare_worker)
  local runtime rabbitmq
  rootfs=$(cached rootfs "$DEBIAN_SUITE-criu$CRIU_MINIMUM" build_rootfs) || exit 1
  kubernetes=$(kubernetes_folder) || exit 1
  coredns=$(cached coredns "$COREDNS_VERSION" build_coredns "$here"/coredns/*) || exit 1
  for runtime in "$@"; do
    case $runtime in
      crio) crio=$(cached crio "$CRIO_VERSION" build_crio) || exit 1 ;;
      *) containerd_folder "${runtime#containerd-}" >/dev/null || exit 1 ;;
    esac
  done
  rabbitmq=$(cached rabbitmq "$DEBIAN_SUITE" build_rabbitmq "$here/images/rabbitmq.conf") || exit 1
  # Only where the registry is not there yet: the writer is C++ of this project, which the rest does not need.
  export rootfs coredns rabbitmq # build-part runs in a shell of its own
  registry=$(cached registry "$DEBIAN_SUITE-$COREDNS_VERSION-$PAUSE_TAG" build_registry "$here"/images/* \
    <(printf '%s' "$rootfs $coredns $rabbitmq")) || exit 1
}

kubernetes_folder() { cached kubernetes "$KUBERNETES_VERSION" build_kubernetes "$here"/kubernetes/*; }

containerd_folder() { # VERSION
  export wanted_containerd=$1
  cached containerd "$1" build_containerd
}

command_build() {
  require_root
  fetch_parts "containerd-$CONTAINERD_VERSION"
  cached python "$DEBIAN_SUITE" build_python >/dev/null || exit 1
}

command_up() {
  local workers=3 began=$EPOCHREALTIME index name settings option
  local -A runtime=()
  local default_runtime=containerd-$CONTAINERD_VERSION
  while (($#)); do
    option=$1
    [[ $# -ge 2 ]] || die "up: $option needs a value (cluster --help)"
    case $option in
      --workers) workers=$2 ;;
      --containerd)
        case $2 in
          node-?=*) runtime[${2%%=*}]=containerd-${2#*=} ;;
          *) default_runtime=containerd-$2 ;;
        esac
        ;;
      --runtime)
        [[ $2 == node-?=crio || $2 == node-?=containerd ]] || die "up: --runtime wants NODE=crio or NODE=containerd, not '$2'"
        [[ $2 == *=containerd ]] || runtime[${2%%=*}]=crio
        ;;
      *) die "up: unknown option '$option' (cluster --help)" ;;
    esac
    shift 2
  done
  [[ $workers =~ ^[1-9]$ ]] || die "up: --workers wants a number from 1 to $max_workers, not '$workers'"
  for ((index = 1; index <= workers; index++)); do
    name=$(worker_name "$index")
    : "${runtime[$name]:=$default_runtime}"
  done
  ((${#runtime[@]} == workers)) || die "up: a --runtime or --containerd option names a node beyond --workers $workers: ${!runtime[*]}"
  settings=$(for name in $(printf '%s\n' "${!runtime[@]}" | sort); do printf '%s=%s ' "$name" "${runtime[$name]}"; done)

  require_root
  require_kernel
  lock_cluster
  if is_up; then
    [[ $(<"$state/settings") == "$settings" ]] ||
      die "a cluster with other settings is up ($(<"$state/settings")): cluster down first"
    say "already up: $settings"
    return
  fi
  clean_up # whatever a crash left
  fetch_parts "${runtime[@]}"
  ss -Hltn "sport = :$api_port" | grep -q . &&
    die "port $api_port of 127.0.0.1 is in use: set KUBECTL_MIGRATE_CLUSTER_PORT to another one"
  make_state
  [[ $settings != *=crio* ]] || cgroup_mount_hugetlb
  printf '%s' "$kubernetes" >"$state/kubernetes"
  pki_make "$workers"
  cp "$pki/admin.kubeconfig" "$kubeconfig_file"

  say "starting the control plane and $workers workers …"
  prepare_control
  machine_start control 0
  for ((index = 1; index <= workers; index++)); do
    name=$(worker_name "$index")
    prepare_worker "$name" "$index" "${runtime[$name]}"
    machine_start "$name" "$index"
  done
  wait_until 120 'the API server' kubectl get --raw /readyz
  say "API server ready after $(seconds_since "$began") s"
  install_addons "$workers"
  wait_until 120 "$workers nodes to register" nodes_registered "$workers"
  kubectl wait --for=condition=Ready nodes --all --timeout=120s >/dev/null
  say "all nodes Ready after $(seconds_since "$began") s"
  kubectl -n kube-system rollout status deployment/coredns --timeout=180s >/dev/null
  kubectl -n rabbitmq rollout status statefulset/rabbitmq --timeout=180s >/dev/null
  printf '%s' "$settings" >"$state/settings" # last: it says that the start went through
  say "up after $(seconds_since "$began") s: export KUBECONFIG=\$($here/cluster kubeconfig)"
}

nodes_registered() { [[ $(kubectl get nodes -o name | wc -l) -ge $1 ]]; }

# DNS, the broker and the storage class `network`, and the one right kubeadm gives its API server towards kubelets. The broker's Pod is kept on the
# last worker, so that tests know which node not to kill.
install_addons() { # WORKERS
  template "$here/manifests/addons.yaml" COREDNS_IMAGE="$(image_of coredns)" RABBITMQ_IMAGE="$(image_of rabbitmq)" \
    REGISTRY_ADDRESS="$control_address" SERVICE_DNS="$service_dns" BROKER_NODE="$(worker_name "$1")" \
    RABBITMQ_CERTIFICATE="$(base64 -w0 "$pki/rabbitmq.crt")" RABBITMQ_KEY="$(base64 -w0 "$pki/rabbitmq.key")" |
    kubectl apply -f - >/dev/null
}

# Up means: started to the end, every machine and each of its services running, every node Ready.
is_up() {
  local name
  [[ -e $state/settings ]] || return 1
  for name in $(machines); do
    machine_pid "$name" >/dev/null && machine_is_healthy "$name" || return 1
  done
  kubectl wait --for=condition=Ready nodes --all --timeout=10s >/dev/null 2>&1
}

# A service that died a moment ago is being restarted by runit, once a second at the most.
machine_is_healthy() { # NAME
  (machine_exec "$1" sh -c 'exec sv -w 5 check /etc/machine/services/*') >/dev/null 2>&1
}

# Works on whatever there is: also on half a cluster, or one whose processes were killed in any order.
clean_up() {
  cgroup_kill
  cgroup_unmount
  # All other mounts exist only inside the machines' namespaces and are gone with them.
  while mountpoint -q "$state"; do umount "$state" || umount --lazy "$state"; done
  rm -rf --one-file-system -- "$state"
}

# Everything a running cluster writes, its nodes' disks included, is in memory: tests do not wait for a disk that others
# use as well, and `down` need not delete some ten thousand files (up to 30 s were seen on a busy ext4 with discard).
make_state() {
  mkdir -p "$state"
  mount -t tmpfs -o mode=700 kubectl-migrate "$state"
  mkdir "$state/shared"
}

command_down() {
  require_root
  lock_cluster
  clean_up
}

command_status() {
  local name
  [[ -d $state ]] || { printf 'The cluster is down.\n'; return 1; }
  printf '%-10s %-8s %s\n' MACHINE STATE SERVICES
  for name in $(machines); do
    if machine_pid "$name" >/dev/null; then
      printf '%-10s %-8s %s\n' "$name" up "$(machine_exec_sv_status "$name")"
    else
      printf '%-10s %-8s\n' "$name" dead
    fi
  done
  printf '\n'
  kubectl get nodes -o wide 2>&1 || true
  is_up || die 'not all of it is up; `cluster up` cleans and starts anew'
}

machine_exec_sv_status() {
  (machine_exec "$1" sh -c 'sv status /etc/machine/services/*') 2>&1 |
    sed -E 's#^(run|down|warning|fail)[^/]*/etc/machine/services/([^:]*): .*#\2=\1#' | paste -sd' '
}

command_kubeconfig() {
  [[ -e $kubeconfig_file ]] || die 'the cluster is down: cluster up'
  printf '%s\n' "$kubeconfig_file"
}

command_kubectl() {
  [[ -e $kubeconfig_file ]] || die 'the cluster is down: cluster up'
  kubectl "$@"
}

command_krew() {
  require_root
  local kubernetes krew
  kubernetes=$(kubernetes_folder) || exit 1
  krew=$(cached krew "$KREW_VERSION" build_krew) || exit 1
  printf '%s:%s\n' "$krew" "$kubernetes"
}

command_exec() {
  (($# >= 2)) || die 'exec: wants NODE COMMAND…'
  require_root
  machine_exec "$@"
}

# Into the nodes' own image stores, under the name the archive carries.
command_load() {
  (($# >= 1)) || die 'load: wants IMAGE.tar [NODE…]'
  local archive=$1 node
  shift
  [[ -r $archive ]] || die "load: cannot read $archive"
  require_root
  for node in "${@:-$(workers)}"; do
    for node in $node; do
      if grep -q crio "$(machine_directory "$node")/files/etc/machine/env"; then
        # skopeo takes the name from --to: CRI-O's store knows no annotation
        (machine_exec "$node" sh -c 'cat >/tmp/load.tar && skopeo copy oci-archive:/tmp/load.tar "containers-storage:$1"; e=$?; rm /tmp/load.tar; exit $e' _ \
          "$(archive_name "$archive")") <"$archive"
      else
        (machine_exec "$node" ctr -n k8s.io images import --digests --local -) <"$archive" >/dev/null
      fi || die "load: $node did not take $archive"
    done
  done
}

# Into registry.test, under the name the archive carries without its host.
command_push() {
  (($# == 1)) || die 'push: wants IMAGE.tar'
  [[ -r $1 ]] || die "push: cannot read $1"
  require_root
  (machine_exec control sh -c 'cat >/tmp/push.tar && skopeo --insecure-policy copy -q oci-archive:/tmp/push.tar "docker://$1"; e=$?; rm /tmp/push.tar; exit $e' _ \
    "$(archive_name "$1")") <"$1"
}

archive_name() {
  tar -xOf "$1" index.json | sed -n 's/.*"io.containerd.image.name":"\([^"]*\)".*/\1/p'
}

workers() { machines | grep -v '^control$'; }
is_worker() { workers | grep -qx -- "$1"; }

command_logs() {
  (($# >= 1)) || die 'logs: wants a component (kube-apiserver, …) or NODE [SERVICE]'
  local what=$1 folder files
  if [[ -d $(machine_directory "$what") ]]; then
    folder=$(machine_directory "$what")/log
    [[ $# -ge 2 ]] && files=("$folder/$2.log") || files=("$folder"/*.log)
  else
    folder=$(machine_directory control)/log
    files=("$folder/$what.log")
  fi
  [[ -e ${files[0]} ]] || die "logs: nothing of that name; there are: $(basename -s .log -a "$folder"/*.log 2>/dev/null | paste -sd' ')"
  tail -n +1 -- "${files[@]}"
}

machine_service_is_down() { machine_service "$1" status "$2" | grep -q '^down:'; }

# kill -9, and it stays dead until healed. `all` is a power cut: the whole machine, which keeps its disk.
command_kill() {
  (($# == 2)) || die 'kill: wants NODE and kubelet, containerd or all'
  require_root
  lock_cluster
  is_worker "$1" || die "kill: no such node: '$1'; there are: $(workers | paste -sd' ')"
  case $2 in
    all) cgroup_kill "$1" ;;
    kubelet | containerd | crio | kube-proxy)
      machine_service "$1" once "$2" >/dev/null # no restart any more
      machine_service "$1" kill "$2" >/dev/null
      wait_until 60 "$2 on $1 to die" machine_service_is_down "$1" "$2"
      ;;
    *) die "kill: wants kubelet, containerd or all, not '$2'" ;;
  esac
}

command_heal() {
  (($# == 1)) || die 'heal: wants NODE'
  require_root
  lock_cluster
  local directory service index
  is_worker "$1" || die "heal: no such node: '$1'; there are: $(workers | paste -sd' ')"
  directory=$(machine_directory "$1")
  if machine_pid "$1" >/dev/null; then
    for service in "$directory"/files/etc/machine/services/*/; do
      machine_service "$1" up "$(basename "$service")" >/dev/null
    done
  else
    machine_start "$1" "$(worker_index "$1")"
  fi
}

command_scheduler_config() {
  (($# == 1)) || die 'scheduler-config: wants FILE, or `default`'
  local file=$1
  [[ $file == default ]] && file=$here/config/scheduler.yaml
  [[ -r $file ]] || die "scheduler-config: cannot read $1"
  require_root
  (machine_exec control sh -c 'cat >/etc/kubernetes/scheduler.yaml') <"$file"
  machine_service control restart kube-scheduler >/dev/null
  wait_until 60 'kube-scheduler with its new configuration' scheduler_healthy
}

scheduler_healthy() { (machine_exec control curl -fsSk https://127.0.0.1:10259/healthz); }
