# Bare systems of Debian and Ubuntu, for the scripts that try nelbo in one. Sourced after common.sh; needs root,
# debootstrap and the network. HOME inside is /tmp, and the compiler's cache is this system's own where there is one.

[ "$(id -u)" -eq 0 ] || die "debootstrap needs root"
command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap"
[ -z "$(git status --porcelain)" ] || say "Note: what is not committed is not tested."

root=$(mktemp -d)
suite= log= clone="/srv/a folder/nelbo"
remove_bare_system() {
  for mount in proc tmp/.cache/ccache; do
    umount "$root/$mount" 2>/dev/null || true
  done
  rm -rf --one-file-system "$root"
}
trap remove_bare_system EXIT
trap 'exit 130' INT TERM

inside() { # inside USER COMMAND...: in the clone, with a login's environment and nothing else
  user=$1
  shift
  chroot --userspec="$user" "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LANG=C.UTF-8 \
    ${PIP_CERT:+PIP_CERT=/etc/ssl/host.crt} sh -c 'cd "$0" && "$@"' "$clone" "$@"
}
timed() { # timed TITLE COMMAND...
  title=$1
  shift
  begin=$(date +%s)
  "$@" >>"$log" 2>&1 || { tail -n 40 "$log"; die "$suite: failed: $title (all of it: $log)"; }
  say "$suite: $title: $(($(date +%s) - begin)) s"
}

# bare_system SUITE LOG: the packages that every system has, and a clone of this repository's HEAD in a path with a
# space. The one before it is removed.
bare_system() {
  suite=$1 log=$2
  mkdir -p build
  : >"$log"
  remove_bare_system
  mkdir "$root"
  case $suite in
    noble) # Ubuntu 24.04; Debian's debootstrap need not know it by name
      keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg
      [ -e "$keyring" ] || die "Ubuntu's keys are missing: apt-get install ubuntu-keyring"
      set -- --components=main,universe --keyring="$keyring" "$suite" "$root" http://archive.ubuntu.com/ubuntu \
        /usr/share/debootstrap/scripts/gutsy ;;
    *) set -- "$suite" "$root" "$(debian_mirror)" ;;
  esac
  timed "debootstrap" debootstrap --variant=minbase "$@"
  chmod 755 "$root" # mktemp keeps others out, and / is for all
  mount -t proc proc "$root/proc"
  rm -rf "$root"/var/lib/apt/lists/* # as in a container image
  if [ -n "${PIP_CERT-}" ]; then # of a network whose certificates are its own
    mkdir -p "$root/etc/ssl"
    cp "$PIP_CERT" "$root/etc/ssl/host.crt"
  fi
  share_ccache_with_root
  mkdir -p "$root/${clone%/*}"
  git clone --quiet --no-hardlinks . "$root/$clone"
}
debian_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/*$' ||
    die "this system's apt knows no Debian mirror"
}
# The compiler's packages are the same in equal suites, and so what it makes of equal files.
share_ccache_with_root() {
  cache=$(ccache --get-config cache_dir 2>/dev/null) && [ -d "$cache" ] || return 0
  mkdir -p "$root/tmp/.cache/ccache"
  mount --bind "$cache" "$root/tmp/.cache/ccache"
  settings=${XDG_CONFIG_HOME:-$HOME/.config}/ccache/ccache.conf
  [ ! -e "$settings" ] || { mkdir -p "$root/tmp/.config/ccache" && cp "$settings" "$root/tmp/.config/ccache/"; }
}
