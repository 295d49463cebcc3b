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
