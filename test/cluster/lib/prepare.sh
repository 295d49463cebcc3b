# shellcheck shell=bash
# Fills a machine's directory with what machine-init copies into its root: configuration, keys, services.

# template FILE KEY=VALUE…: FILE with every @KEY@ replaced; a value may hold several lines
template() {
  local text pair
  text=$(<"$1")
  for pair in "${@:2}"; do text=${text//@${pair%%=*}@/${pair#*=}}; done
  printf '%s\n' "$text"
}

prepare_services() { # FILES ROLE SERVICE…
  local files=$1 role=$2 service
  shift 2
  for service in "$@"; do
    mkdir -p "$files/etc/machine/services"
    cp -r "$here/services/$role/$service" "$files/etc/machine/services/"
  done
}

# What both kinds of machines have: names, addresses, the environment that machine-init reads.
prepare_common() { # NAME INDEX BINDS [KEY=VALUE…]
  local directory files
  directory=$(machine_directory "$1")
  files=$directory/files
  mkdir -p "$files/etc/kubernetes/pki" "$files/etc/machine"
  cp "$pki/ca.crt" "$files/etc/kubernetes/pki/"
  printf '127.0.0.1 localhost\n%s registry.test\n%s %s\n' "$control_address" "$(machine_address "$2")" "$1" >"$files/etc/hosts"
  printf 'nameserver 127.0.0.1\n' >"$files/etc/resolv.conf" # there is no DNS outside the cluster
  printf '%s\n' "NODE=$1" "ADDRESS=$(machine_address "$2")" "${@:4}" >"$files/etc/machine/env"
  printf '%s=%q\n' ROOTFS "$rootfs/root" ADDRESS "$(machine_address "$2")" POD_NETWORK "$pod_network" MAX_WORKERS "$max_workers" \
    HOST_NETWORK "/proc/$$/ns/net" BINDS "$3" >"$directory/machine.env"
}

prepare_control() {
  local files
  prepare_common control 0 "$kubernetes:/opt/kubernetes" "API_PORT=$api_port"
  files=$(machine_directory control)/files
  cp "$pki"/{apiserver,apiserver-kubelet-client,registry,volume-provisioner,ca,front-proxy-ca}.{crt,key} "$pki"/sa.{key,pub} "$files/etc/kubernetes/pki/"
  cp "$pki"/kube-{controller-manager,scheduler}.kubeconfig "$here"/config/{scheduler,audit-policy}.yaml "$files/etc/kubernetes/"
  cp "$here"/config/registry{,-private}.yaml "$here/config/registry-private.htpasswd" "$files/etc/"
  prepare_services "$files" control etcd kube-apiserver kube-controller-manager kube-scheduler registry registry-private loopback \
    sftp volume-provisioner
  # What is pushed while the cluster runs is written on top of the ready-made images, and gone with the cluster.
  printf '%s=%q\n' REGISTRY_IMAGES "$registry/storage" >>"$(machine_directory control)/machine.env"
}

prepare_worker() { # NAME INDEX RUNTIME(containerd-VERSION | crio)
  local name=$1 index=$2 runtime=$3 files binds="$kubernetes:/opt/kubernetes $state/shared:/srv/shared" socket serving restore=
  files=$(machine_directory "$name")/files
  case $runtime in
    crio)
      binds+=" $crio:/opt/crio" socket=/run/crio/crio.sock
      prepare_services "$files" node crio kubelet kube-proxy
      mkdir -p "$files/etc/crio" "$files/etc/containers" "$files/etc/machine/bin"
      cp "$here/config/runc-within-limits" "$files/etc/machine/bin/runc"
      template "$here/config/crio.conf" PAUSE_IMAGE="$(image_of pause)" >"$files/etc/crio/crio.conf"
      printf '{"default": [{"type": "insecureAcceptAnything"}]}' >"$files/etc/containers/policy.json"
      ;;
    containerd-*)
      binds+=" $(containerd_folder "${runtime#containerd-}"):/opt/containerd" socket=/run/containerd/containerd.sock
      prepare_services "$files" node containerd kubelet kube-proxy
      # Restore from an image while creating a container: behind this switch since 2.2.7 and 2.3.4, gone in 2.4.
      [[ $runtime != containerd-2.[23].* ]] || restore='  enable_experimental_restore_via_create = true'
      mkdir -p "$files/etc/containerd"
      template "$here/config/containerd.toml" PAUSE_IMAGE="$(image_of pause)" RESTORE_SWITCH="$restore" >"$files/etc/containerd/config.toml"
      ;;
  esac
  # The second worker's kubelet makes its own, self-signed certificate, as a kubelet does under kubeadm.
  if ((index == 2)); then
    serving='# no tlsCertFile: self-signed'
  else
    serving=$'tlsCertFile: /etc/kubernetes/pki/kubelet.crt\ntlsPrivateKeyFile: /etc/kubernetes/pki/kubelet.key'
  fi
  prepare_common "$name" "$index" "$binds" "RUNTIME_SOCKET=$socket" "CONTAINER_RUNTIME_ENDPOINT=unix://$socket"
  cp "$pki/$name.crt" "$files/etc/kubernetes/pki/kubelet.crt"
  cp "$pki/$name.key" "$files/etc/kubernetes/pki/kubelet.key"
  cp "$pki/$name.kubeconfig" "$files/etc/kubernetes/kubelet.kubeconfig"
  cp "$pki/kube-proxy.kubeconfig" "$files/etc/kubernetes/"
  template "$here/config/kubelet.yaml" SERVING_CERTIFICATE="$serving" RUNTIME_SOCKET="$socket" >"$files/etc/kubernetes/kubelet.yaml"
  mkdir -p "$files/etc/cni/net.d" "$files/etc/criu"
  template "$here/config/cni.conflist" POD_SUBNET="$pod_network.$index.0/24" >"$files/etc/cni/net.d/10-pods.conflist"
  cp "$here/config/runc.conf" "$files/etc/criu/runc.conf"
  # Where a kubelet looks for drivers by default.
  local driver=$files/usr/libexec/kubernetes/kubelet-plugins/volume/exec/kubectl-migrate.test~network
  mkdir -p "$driver"
  cp "$here/config/network-volume" "$driver/network"
}
