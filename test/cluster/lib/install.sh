# shellcheck shell=bash
# kubectl-migrate on the cluster: images from the built programs, the manifests as shipped, and what a user waits for.

install_state=$state/install # gone with the cluster, as is what it says about it

# What the manifests call the images, and what they are called here.
published=ghcr.io/kubectl-migrate
agent_image=registry.test/migrate-agent
extender_image=registry.test/migrate-extender

require_cluster() {
  [[ -e $kubeconfig_file ]] || die 'the cluster is down: cluster up'
}

# The programs to install: a build's that is named, or a release made here. Sets programs.
install_programs() {
  programs=${MIGRATE_PROGRAMS:-$project/build/release/bin}
  if [[ -z ${MIGRATE_PROGRAMS:-} ]]; then
    say 'building the programs as shipped …'
    (cd "$project" && cmake --preset release >/dev/null &&
      cmake --build --preset release --target migrate-agent migrate-runc migrate-extender migrate-counter oci-image >&2) ||
      die 'the release build failed'
  fi
  local program
  for program in migrate-agent migrate-runc migrate-extender migrate-counter oci-image; do
    [[ -x $programs/$program ]] || die "$programs/$program is not there: cmake --build --preset release"
  done
}

# content_tag FILE…: the same for the same content, so that a node's image of that name is the right one
content_tag() { cat -- "$@" | sha256sum | cut -c1-12; }

# Makes an image FROM scratch and pushes it to registry.test, once for its tag: a pull is the nodes' usual way, whatever
# their runtime, and only those that need the image hold it.
install_image() { # NAME:TAG PROGRAM… (each as /PROGRAM; the first is the entry point)
  local reference=$1 archive mark program
  local -a files=()
  shift
  mark=$install_state/pushed/${reference//[\/:]/_}
  [[ ! -e $mark ]] || return 0
  archive=$install_state/image.tar
  for program in "$@"; do files+=(--file "$programs/$program=/$program:0755"); done
  "$programs/oci-image" --name "$reference" --entrypoint "/$1" "${files[@]}" "$archive" >/dev/null &&
    command_push "$archive" || die "install: cannot make or push $reference"
  rm -f "$archive"
  mkdir -p "$install_state/pushed"
  touch "$mark"
}

# A kustomization over the manifests as shipped, in $install_state/overlay. What it changes is where images come from.
# The scheduler's is the cluster's own kube-scheduler: mounted from the machine rather than copied into every node's
# image store, which is memory here.
write_overlay() { # SCHEDULER(own | main) AGENT_TAG EXTENDER_TAG [CERTIFICATE]
  local folder=$install_state/overlay base=../manifests
  [[ $1 == own ]] || base=../manifests/overlays/main-scheduler
  [[ -z ${4:-} ]] || base=../manifests/overlays/client-certificate
  rm -rf "$install_state/manifests" "$folder"
  cp -r "$project/manifests" "$install_state/manifests"
  mkdir "$folder"
  cat >"$folder/kustomization.yaml" <<YAML
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [$base]
images:
- {name: $published/migrate-agent, newName: $agent_image, newTag: "$2"}
- {name: $published/migrate-extender, newName: $extender_image, newTag: "$3"}
YAML
  [[ $1 == own ]] || return 0
  cat >>"$folder/kustomization.yaml" <<YAML
- {name: registry.k8s.io/kube-scheduler, newName: ${pause_image%:*}, newTag: "${pause_image##*:}"}
patches:
- patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: migrate-scheduler, namespace: kubectl-migrate}
    spec:
      template:
        spec:
          containers:
          - name: scheduler
            volumeMounts: [{name: programs, mountPath: /usr/local/bin, readOnly: true}]
          volumes: [{name: programs, hostPath: {path: /opt/kubernetes, type: Directory}}]
YAML
}

# What the scheduler shows the extender, made as docs/scheduling.md says; one that is there is kept.
install_client_certificate() {
  local secret=migrate-scheduler-client folder=$install_state/client
  ! kubectl -n kubectl-migrate get secret $secret >/dev/null 2>&1 || return 0
  mkdir -p "$folder"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=migrate-scheduler \
    -keyout "$folder/tls.key" -out "$folder/tls.crt" 2>/dev/null &&
    kubectl apply -f "$project/manifests/base/namespace.yaml" >/dev/null &&
    kubectl -n kubectl-migrate create secret generic $secret --type=kubernetes.io/tls --from-file=ca.crt="$folder/tls.crt" \
      --from-file=tls.crt="$folder/tls.crt" --from-file=tls.key="$folder/tls.key" >/dev/null ||
    die "install: cannot make the Secret $secret"
  rm -r "$folder"
}

# The configuration for the cluster's own kube-scheduler, on standard output. The control machine knows no Service
# addresses (it has no kube-proxy), but the way to Pods.
main_scheduler_config() {
  local address authority
  address=$(kubectl -n kubectl-migrate get pods -l app.kubernetes.io/name=migrate-extender --field-selector=status.phase=Running \
    -o 'jsonpath={.items[0].status.podIP}')
  authority=$(kubectl -n kubectl-migrate get configmap migrate-ca -o 'jsonpath={.data.ca\.crt}' | base64 -w0)
  [[ -n $address && -n $authority ]] || die 'install: no extender is running'
  sed -e "s/EXTENDER_ADDRESS/$address/" -e "s|CA_DATA|$authority|" -e 's|/etc/kubernetes/scheduler.conf|/etc/kubernetes/kube-scheduler.kubeconfig|' \
    -e 's/leaderElect: true/leaderElect: false/' "$project/manifests/overlays/main-scheduler/scheduler-config.yaml"
}

# One of the two schedulers asks the extender. The cluster's keeps its configuration unless it is to change.
install_scheduler() { # own | main
  local file=$install_state/main-scheduler.yaml
  case $1 in
    main)
      # What the overlay leaves out, an earlier install may have made.
      kubectl delete deployments,poddisruptionbudgets,networkpolicies,configmaps,serviceaccounts,roles,rolebindings -A --wait=false \
        -l app.kubernetes.io/part-of=kubectl-migrate,app.kubernetes.io/component=scheduler >/dev/null
      kubectl delete clusterrolebindings -l app.kubernetes.io/part-of=kubectl-migrate,app.kubernetes.io/component=scheduler >/dev/null
      main_scheduler_config >"$file"
      command_scheduler_config "$file"
      ;;
    own)
      [[ -e $file ]] || return 0
      command_scheduler_config default
      rm -f "$file"
      ;;
  esac
}

# NODE HEARTBEAT-IN-SECONDS HANDLER, a line for each node whose agent has reported
reported_nodes() {
  local node heartbeat handler
  kubectl get migrationnodes -o 'jsonpath={range .items[*]}{.metadata.name}{" "}{.facts.heartbeat}{" "}{.facts.hasHandler}{"\n"}{end}' |
    while read -r node heartbeat handler; do
      printf '%s %s %s\n' "$node" "$(date -d "$heartbeat" +%s)" "$handler"
    done
}

# The agent of NODE has reported since SECONDS (of the epoch).
agent_reports() { # NODE SECONDS
  reported_nodes | awk -v node="$1" -v since="$2" '$1 == node && $2 >= since { found = 1 } END { exit !found }'
}
handler_is_known() { # NODE
  reported_nodes | awk -v node="$1" '$1 == node && $3 == "true" { found = 1 } END { exit !found }'
}

uses_crio() { grep -q crio "$(machine_directory "$1")/files/etc/machine/env"; }

# Until every node's agent has reported since SECONDS (of the epoch) and its runtime knows the handler.
await_agents() { # SECONDS
  local node
  for node in $(workers); do
    wait_until 120 "the agent of $node to report (cluster kubectl -n kubectl-migrate logs ds/migrate-agent)" agent_reports "$node" "$1"
    # CRI-O drops a handler whose program is missing when it starts, and looks again only at its next start.
    if uses_crio "$node" && ! handler_is_known "$node"; then
      machine_service "$node" restart crio >/dev/null
    fi
    wait_until 120 "the runtime of $node to know the handler migrate" handler_is_known "$node"
  done
}

# Every program that the manifests want is there as they want it and ready.
is_healthy() { # SCHEDULER(own | main)
  local seen wanted agents
  agents=$(workers | wc -l)
  wanted="migrate-agent $agents/$agents of $agents"$'\nmigrate-extender 2/2 of 2'
  [[ $1 == main ]] || wanted+=$'\nmigrate-scheduler 2/2 of 2'
  seen=$(kubectl -n kubectl-migrate get daemonsets,deployments -o 'jsonpath={range .items[*]}{.metadata.name} {.status.numberReady}{.status.readyReplicas}/{.status.updatedNumberScheduled}{.status.updatedReplicas} of {.status.desiredNumberScheduled}{.status.replicas}{"\n"}{end}') &&
    [[ $(sort <<<"$seen") == "$wanted" ]]
}

command_install() {
  local tag='' scheduler=own certificate='' began=$EPOCHREALTIME since agent_tag extender_tag programs pause_image if_needed='' no_wait='' sum
  while (($#)); do
    case $1 in
      --if-needed) if_needed=yes; shift; continue ;;
      --no-wait) no_wait=yes; shift; continue ;;
      --client-certificate) certificate=yes; shift; continue ;;
      --image-tag) [[ -n ${2:-} ]] || die 'install: --image-tag needs a value'; tag=$2 ;;
      --scheduler) [[ ${2:-} == own || ${2:-} == main ]] || die "install: --scheduler wants own or main, not '${2:-}'"; scheduler=$2 ;;
      *) die "install: unknown option '$1' (cluster --help)" ;;
    esac
    shift 2
  done
  [[ -z $certificate || $scheduler == own ]] || die 'install: --client-certificate is for a scheduler of its own'
  [[ -z $no_wait || $scheduler == own ]] || die 'install: --no-wait is for a scheduler of its own'
  require_root
  require_cluster
  lock_cluster
  mkdir -p "$install_state"
  install_programs
  pause_image=$(image_of pause)
  agent_tag=${tag:-$(content_tag "$programs/migrate-agent" "$programs/migrate-runc")}
  extender_tag=${tag:-$(content_tag "$programs/migrate-extender" "$programs/migrate-counter")}
  write_overlay "$scheduler" "$agent_tag" "$extender_tag" "$certificate"
  sum=$(cd "$install_state" && find manifests overlay -type f -exec sha256sum {} + | sort | sha256sum)
  if [[ -n $if_needed && $(cat "$install_state/installed" 2>/dev/null) == "$sum" ]] && is_healthy "$scheduler"; then
    say 'installed already'
    return
  fi
  rm -f "$install_state/installed"
  install_image "$agent_image:$agent_tag" migrate-agent migrate-runc
  install_image "$extender_image:$extender_tag" migrate-extender migrate-counter
  say "images in the registry after $(seconds_since "$began") s"

  since=$(($(date +%s) - 20)) # agents report every 10 s
  [[ -z $certificate ]] || install_client_certificate
  kubectl apply -k "$install_state/overlay" >/dev/null || die 'install: the API server did not take the manifests'
  if [[ -n $no_wait ]]; then
    say "manifests taken after $(seconds_since "$began") s; Pods follow"
    return
  fi
  install_rollouts daemonset/migrate-agent deployment/migrate-extender
  install_scheduler "$scheduler"
  [[ $scheduler == main ]] || install_rollouts deployment/migrate-scheduler
  say "Pods ready after $(seconds_since "$began") s"
  await_agents "$since"
  printf '%s\n' "$sum" >"$install_state/installed"
  say "installed after $(seconds_since "$began") s, with $scheduler scheduler; next: kubectl migrate enable -n NAMESPACE"
}

install_rollouts() { # KIND/NAME…
  local what
  for what in "$@"; do
    kubectl -n kubectl-migrate rollout status "$what" --timeout=180s >/dev/null || {
      kubectl -n kubectl-migrate get pods -o wide >&2
      die "install: $what did not become ready; see: cluster kubectl -n kubectl-migrate logs $what"
    }
  done
}

# NAMESPACE/NAME (PHASE), a line for each Migration that is under way
migrations_under_way() {
  kubectl get migrations -A -o 'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{" "}{.status.phase}{"\n"}{end}' |
    awk '$2 !~ /^(Succeeded|RolledBack|Refused|Planned|Failed)$/ { print $1 " (" ($2 == "" ? "not begun" : $2) ")" }'
}

# Whether one of these Pods runs on NODE, or may yet.
has_pod_on() { # "NAMESPACE/NAME NODE", a line for each; NODE
  awk -v node="$2" 'NF == 1 || (NF && $2 == node) { found = 1 } END { exit !found }' <<<"$1"
}

# As docs/install.md says, "Uninstall": what is under way is never cut off, and every step leaves a cluster that works.
command_uninstall() {
  (($# == 0)) || die "uninstall: unknown option '$1' (cluster --help)"
  require_root
  require_cluster
  lock_cluster
  local began=$EPOCHREALTIME under_way node pod namespace kept ours=app.kubernetes.io/part-of=kubectl-migrate
  local -a unused=()
  if kubectl get crd migrations.kubectl-migrate.dev >/dev/null 2>&1; then
    under_way=$(migrations_under_way)
    [[ -z $under_way ]] || die "uninstall: migrations are under way: $(paste -sd' ' <<<"$under_way"); wait, or: kubectl migrate abort NAME"
    # Their finalizers are the controller's to take away, so it must still be there.
    kubectl delete migrations -A --all --timeout=120s >/dev/null || die 'uninstall: Migrations do not go away; see: kubectl get migrations -A'
  fi
  kept=$(kubectl get pods -A -o 'jsonpath={range .items[?(@.spec.runtimeClassName=="migrate")]}{.metadata.namespace}/{.metadata.name} {.spec.nodeName}{"\n"}{end}')
  for node in $(workers); do
    unused=()
    has_pod_on "$kept" "$node" || unused=(--handler-unused)
    pod=$(kubectl -n kubectl-migrate get pods -l app.kubernetes.io/name=migrate-agent --field-selector="spec.nodeName=$node,status.phase=Running" \
      -o name 2>/dev/null)
    [[ -n $pod ]] || { say "no agent runs on $node: what it left there stays"; continue; }
    kubectl -n kubectl-migrate exec "$pod" -- /migrate-agent uninstall "${unused[@]}" >&2 || die "uninstall: the agent of $node did not undo its part"
  done
  # Policies and their bindings before the CRDs: one whose kind is gone would refuse what it matches.
  kubectl delete validatingadmissionpolicybindings,validatingadmissionpolicies -l $ours >/dev/null
  kubectl delete rolebindings,roles -A -l $ours >/dev/null
  kubectl delete clusterrolebindings,clusterroles -l $ours >/dev/null
  for namespace in $(kubectl get namespaces -l kubectl-migrate.dev/enabled -o name); do
    kubectl label "$namespace" kubectl-migrate.dev/enabled- >/dev/null
  done
  kubectl delete namespace kubectl-migrate --ignore-not-found --timeout=120s >/dev/null || die 'uninstall: the namespace kubectl-migrate does not go away'
  kubectl delete crd migrations.kubectl-migrate.dev migrationnodes.kubectl-migrate.dev --ignore-not-found --timeout=120s >/dev/null
  if [[ -n $kept ]]; then
    say "the RuntimeClass migrate stays for Pods that were migrated: $(cut -d' ' -f1 <<<"$kept" | paste -sd' '); when they are gone: kubectl migrate cleanup -A"
  else
    kubectl delete runtimeclass migrate --ignore-not-found >/dev/null
  fi
  install_scheduler own
  rm -rf "$install_state"
  say "uninstalled after $(seconds_since "$began") s"
}
