# shellcheck shell=bash
# What the cluster is made of, built once into the cache. Each part lands in CACHE/NAME-VERSION-KEY, where KEY is
# made of its recipe, and appears there complete or not at all.

# cached NAME VERSION RECIPE [FILE…]: prints the part's folder; builds it by calling `RECIPE OUT` if it is not there.
# KEY covers the recipe's own text and the FILEs it reads, so that a changed recipe builds anew.
cached() {
  local name=$1 version=$2 recipe=$3 key folder
  shift 3
  key=$({ declare -f "$recipe" && cat -- "$@" /dev/null; } | sha256sum | cut -c1-10)
  folder=$cache/$name-$version-$key
  if [[ ! -e $folder/.complete ]]; then
    mkdir -p "$cache"
    (
      exec 9>"$cache/$name-$version.lock"
      flock 9
      [[ -e $folder/.complete ]] && exit 0 # somebody else built it while we waited
      local began=$EPOCHREALTIME partial
      rm -rf -- "$folder" "$cache/$name-$version".partial.*
      partial=$cache/$name-$version.partial.$$
      mkdir -p "$partial"
      say "building $name $version …"
      # In a shell of its own: inside a condition bash ignores `set -e`, and a recipe must stop at its first error.
      # In mount and pid namespaces of its own: what a recipe mounts or starts is gone with it, however it ends.
      if ! unshare --mount --pid --fork --kill-child "$here/cluster" build-part "$recipe" "$partial" >"$cache/$name-$version.log" 2>&1 9>&-; then
        tail -n 25 "$cache/$name-$version.log" >&2
        die "building $name $version failed; the whole log: $cache/$name-$version.log"
      fi
      touch "$partial/.complete"
      mv -T -- "$partial" "$folder"
      say "building $name $version: $(seconds_since "$began") s"
    ) || exit 1
  fi
  printf '%s' "$folder"
}

# The compiler's own garbage collector is told to be lazy: a fifth less work, for memory that a build has.
go_build() {
  GOGC=400 GOMODCACHE=$cache/go/mod GOCACHE=$cache/go/build GOFLAGS=-modcacherw CGO_ENABLED=${CGO_ENABLED:-0} GOTOOLCHAIN=auto go "$@"
}

# The source of a module, copied out of the read-only module cache.
go_source() { # MODULE VERSION OUT
  local directory
  directory=$(cd / && go_build mod download -json "$1@v$2" | sed -n 's/.*"Dir": "\(.*\)",/\1/p')
  [[ -d $directory ]] || die "the Go module proxy did not serve $1 v$2"
  cp -r -- "$directory" "$3"
  chmod -R u+w "$3"
}

build_kubernetes() {
  local version_package=k8s.io/component-base/version
  cd "$here/kubernetes"
  grep -q "k8s.io/kubernetes v$KUBERNETES_VERSION\$" go.mod || die "kubernetes/go.mod names another version than $KUBERNETES_VERSION"
  go_build build -trimpath -o "$1/kubernetes" -ldflags "-s -w -X $version_package.gitVersion=v$KUBERNETES_VERSION \
    -X $version_package.gitMajor=${KUBERNETES_VERSION%%.*} -X $version_package.gitMinor=$(cut -d. -f2 <<<"$KUBERNETES_VERSION") \
    -X $version_package.gitTreeState=clean" .
  local name
  for name in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl; do
    ln -s kubernetes "$1/$name"
  done
}

build_containerd() { # the version comes through $wanted_containerd, which build_part_containerd exports
  go_source github.com/containerd/containerd/v2 "$wanted_containerd" "$1/source"
  cd "$1/source"
  go_build build -trimpath -tags 'no_btrfs no_devmapper no_zfs netgo osusergo' \
    -ldflags "-s -w -X github.com/containerd/containerd/v2/version.Version=$wanted_containerd" \
    -o "$1/" ./cmd/containerd ./cmd/ctr ./cmd/containerd-shim-runc-v2
  rm -rf "$1/source"
}

build_coredns() {
  cd "$here/coredns"
  grep -q "github.com/coredns/coredns v$COREDNS_VERSION\$" go.mod || die "coredns/go.mod names another version than $COREDNS_VERSION"
  go_build build -trimpath -o "$1/coredns" -ldflags '-s -w' .
}

# krew under the name that kubectl looks for, and what its index holds manifests to, which calls both.
build_krew() {
  GOBIN=$1 go_build install -trimpath -ldflags '-s -w' \
    "sigs.k8s.io/krew/cmd/krew@v$KREW_VERSION" "sigs.k8s.io/krew/cmd/validate-krew-manifest@v$KREW_VERSION"
  mv "$1/krew" "$1/kubectl-krew"
}

# cgo, unlike the others: CRI-O links libseccomp, and pinns is C.
build_crio() {
  dpkg-query -W gcc libseccomp-dev pkg-config make >/dev/null 2>&1 ||
    apt-get install -y -qq --no-install-recommends gcc libc6-dev libseccomp-dev pkg-config make
  go_source github.com/cri-o/cri-o "$CRIO_VERSION" "$1/source"
  cd "$1/source"
  CGO_ENABLED=1 go_build build -trimpath -ldflags '-s -w' -o "$1/" \
    -tags 'containers_image_openpgp exclude_graphdriver_btrfs exclude_graphdriver_devicemapper containers_image_ostree_stub seccomp' ./cmd/crio
  make -C pinns
  cp bin/pinns "$1/"
  rm -rf "$1/source"
}

# The Debian mirror this machine already uses; Debian's own name otherwise.
debian_mirror() {
  local mirror
  # shellcheck disable=SC2016 # apt's own placeholders
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | head -n 1)
  printf '%s' "${mirror:-http://deb.debian.org/debian}"
}

# debootstrap_into FOLDER PACKAGE…: a minimal Debian in which no service was started
debootstrap_into() {
  local folder=$1 packages
  shift
  packages=$(IFS=, && printf '%s' "$*")
  debootstrap --variant=minbase --include="$packages" "$DEBIAN_SUITE" "$folder" "$(debian_mirror)"
  rm -rf "$folder"/var/cache/apt/archives/*.deb
}

# The file system that every machine of the cluster starts from.
build_rootfs() {
  debootstrap_into "$1/root" ca-certificates tini runit runc crun iptables nftables iproute2 conntrack socat procps kmod \
    containernetworking-plugins etcd-server docker-registry skopeo busybox-static curl jq zstd conmon util-linux nfs-common \
    sshfs openssh-sftp-server
  # Only criu comes from sid; the pin keeps everything it does not need at trixie's.
  printf 'deb %s %s main\n' "$(debian_mirror)" "$CRIU_SUITE" >"$1/root/etc/apt/sources.list.d/criu.list"
  printf 'Package: *\nPin: release n=%s\nPin-Priority: 100\n' "$CRIU_SUITE" >"$1/root/etc/apt/preferences.d/criu"
  printf '#!/bin/sh\nexit 101\n' >"$1/root/usr/sbin/policy-rc.d" # no package starts a service in here
  chmod 755 "$1/root/usr/sbin/policy-rc.d"
  # A Release file of sid can be past its date on a mirror that was frozen.
  chroot "$1/root" apt-get -o Acquire::Check-Valid-Until=false update
  chroot "$1/root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -t "$CRIU_SUITE" criu
  local criu
  criu=$(chroot "$1/root" dpkg-query -W -f '${Version}' criu)
  dpkg --compare-versions "$criu" ge "$CRIU_MINIMUM" || die "$CRIU_SUITE serves criu $criu; at least $CRIU_MINIMUM is needed"
  chroot "$1/root" apt-get clean
  rm -rf "$1/root"/var/lib/apt/lists/* "$1/root"/usr/share/{doc,man,locale}/*
  # Where the machines mount their parts; an overlay's lower layer is never written to again.
  mkdir -p "$1/root"/{opt/kubernetes,opt/containerd,opt/crio,srv/shared,etc/kubernetes/pki,etc/cni/net.d,etc/criu}
}
