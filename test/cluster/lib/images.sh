# shellcheck shell=bash
# The images of the cluster's own Pods, made by our image writer (shared/image) and kept as the ready-made storage of
# registry.test: nodes pull them as they would anywhere, and a start of the cluster pushes nothing.

image_of() { # NAME
  case $1 in
    pause) printf 'registry.test/pause:%s' "$PAUSE_TAG" ;;
    coredns) printf 'registry.test/coredns:%s' "$COREDNS_VERSION" ;;
    *) printf 'registry.test/%s:%s' "$1" "$DEBIAN_SUITE" ;;
  esac
}

# The image writer, as the project builds it, made in FOLDER. It is C++, so it needs the build's own dependencies.
build_image_writer() { # FOLDER
  "$project/cmake/install-dependencies"
  cmake -S "$project" --preset release -B "$1" >&2
  cmake --build "$1" --target oci-image >&2
}

# A Debian with the broker only: its image is a third of the machines' root.
build_rabbitmq() {
  debootstrap_into "$1/root" rabbitmq-server
  rm -rf "$1/root"/var/lib/apt/lists/* "$1/root"/usr/share/{doc,man,locale,info,perl,perl5} "$1/root"/var/log/* "$1/root"/var/lib/rabbitmq/*
  cp "$here/images/rabbitmq.conf" "$1/root/etc/rabbitmq/rabbitmq.conf"
  printf '[rabbitmq_management].\n' >"$1/root/etc/rabbitmq/enabled_plugins"
}

# What a Python program with pika needs and no more: Debian's packages unpacked, with no Debian around them. The host's apt
# finds out which they are, from the suite's own lists and an empty list of what is installed.
build_python() {
  local apt=$1/apt root=$1/root package folder
  mkdir -p "$apt"/{state/lists/partial,cache/archives/partial} "$root"/{tmp,usr/{bin,lib,lib64,sbin}}
  chmod 1777 "$root/tmp"
  : >"$apt/status"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$(debian_mirror)" "$DEBIAN_SUITE" >"$apt/sources"
  apt_of_suite() {
    apt-get -qq -o Dir::Etc::SourceList="$apt/sources" -o Dir::Etc::SourceParts=- -o Dir::State="$apt/state" \
      -o Dir::State::Status="$apt/status" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root "$@"
  }
  apt_of_suite update
  apt_of_suite install --download-only --no-install-recommends --yes python3-pika
  for folder in bin lib lib64 sbin; do ln -s "usr/$folder" "$root/$folder"; done
  for package in "$apt"/cache/archives/*.deb; do
    case ${package##*/} in
      dpkg_* | tar_* | debconf_* | tzdata_* | readline-common_*) ;; # wanted by installing, not by running
      *) dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink ;;
    esac
  done
  rm -rf "$apt" "$root"/usr/share/{doc,man,locale,lintian,bug} "$root"/usr/lib/x86_64-linux-gnu/gconv "$root"/usr/lib/python3.*/pydoc_data
  # Compiled for good: not by time stamps, which an image need not keep.
  for folder in "$root"/usr/lib/python3*; do
    chroot "$root" /usr/bin/python3 -m compileall -q --invalidation-mode unchecked-hash "${folder#"$root"}"
  done
}

# Writes image NAME to $work/NAME.tar and lists it for fill-registry. The rest are the writer's options.
write_image() {
  "$image_writer" --name "$(image_of "$1")" "${@:2}" "$work/$1.tar"
  printf '%s %s\n' "$1.tar" "$(image_of "$1" | sed 's#^registry.test/##')" >>"$work/images"
}

# A registry's storage that holds all images: OUT/storage.
build_registry() {
  local work=$1/work image_writer=$1/work/writer/bin/oci-image
  build_image_writer "$work/writer"
  mkdir -p "$work/busybox/bin" "$work/busybox/tmp" "$1/storage"
  gcc -static -Os -s -o "$work/pause" "$here/images/pause.c"
  write_image pause --file "$work/pause=/pause:0755" --entrypoint /pause
  write_image coredns --file "$coredns/coredns=/coredns:0755" --entrypoint /coredns
  # busybox with a link for every applet: for tests that want a shell in a Pod
  cp "$rootfs/root/usr/bin/busybox" "$work/busybox/bin/busybox"
  chroot "$work/busybox" /bin/busybox --install -s /bin
  write_image busybox --layer-directory "$work/busybox" --env PATH=/bin --entrypoint /bin/sh
  # /usr/sbin has the same commands as wrappers that want to become the user rabbitmq.
  write_image rabbitmq --layer-directory "$rabbitmq/root" --entrypoint /usr/lib/rabbitmq/bin/rabbitmq-server \
    --env HOME=/var/lib/rabbitmq --env PATH=/usr/lib/rabbitmq/bin:/usr/sbin:/usr/bin:/sbin:/bin --env LANG=C.UTF-8 \
    --env RABBITMQ_NODENAME=rabbit@localhost --env 'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+sbwt none'
  # A pid namespace with --kill-child: the registry that is filled ends with this command, however it ends.
  unshare --net --pid --mount --fork --kill-child "$here/images/fill-registry" "$rootfs/root" "$1"
  rm -rf "$work"
}

# The Python workload's image: made and pushed to registry.test once for its content. Prints its name.
command_python_image() {
  (($# == 0)) || die "python-image: unknown option '$1' (cluster --help)"
  require_root
  require_cluster
  local python reference archive mark programs=${MIGRATE_PROGRAMS:-$project/build/release/bin} file
  local -a files=("$project"/test/workloads/python/*.py) placements=()
  [[ -x $programs/oci-image ]] || die "$programs/oci-image is not there: cmake --build --preset release"
  python=$(cached python "$DEBIAN_SUITE" build_python) || exit 1
  reference=registry.test/orders-consumer-python:$(content_tag "${files[@]}" <(printf '%s' "${python##*/}"))
  mark=$state/pushed/${reference//[\/:]/_}
  if [[ ! -e $mark ]]; then
    mkdir -p "$state/pushed"
    archive=$(mktemp "$state/pushed/image.XXXXXX")
    for file in "${files[@]}"; do placements+=(--file "$file=/app/${file##*/}:0755"); done
    "$programs/oci-image" --name "$reference" --layer-directory "$python/root" "${placements[@]}" --compression zstd \
      --entrypoint /app/orders_consumer.py --env PATH=/usr/bin --env LANG=C.UTF-8 --env PYTHONDONTWRITEBYTECODE=1 "$archive" >/dev/null &&
      command_push "$archive" || die "python-image: cannot make or push $reference"
    rm -f "$archive"
    touch "$mark"
  fi
  printf '%s\n' "$reference"
}
