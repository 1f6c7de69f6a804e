# Shared by the scripts of this folder, which source it after changing into the repository root.

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# Jobs for the compiler: one per core, but no more than one per 2 GB of memory (or of the container's limit).
build_jobs() {
  cores=$(nproc 2>/dev/null || echo 1)
  kilobytes=$(awk '/^MemTotal:/ {print $2}' /proc/meminfo 2>/dev/null)
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
  if [ "$limit" != max ] && [ "$((limit / 1024))" -lt "${kilobytes:-0}" ]; then
    kilobytes=$((limit / 1024))
  fi
  jobs=$((${kilobytes:-2000000} / 2000000))
  [ "$jobs" -ge 1 ] || jobs=1
  [ "$jobs" -le "$cores" ] || jobs=$cores
  echo "$jobs"
}

# configure PRESET: also says what to do about a build folder that another user left behind.
configure() {
  if [ -e "build/$1" ] && [ ! -w "build/$1" ]; then
    die "build/$1 belongs to another user. Take it over with: sudo chown -R $(id -un) build"
  fi
  cmake --preset "$1"
}

# Builds in several folders of the tree know each other's files, also where ccache is as it was installed.
share_ccache() {
  command -v ccache >/dev/null || return 0
  [ -n "$(ccache --get-config base_dir)" ] || export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
}
