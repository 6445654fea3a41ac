#!/bin/sh
# Starts the editor inside a container: launch.sh DATA SOCKET [option of code-server]... FOLDER
# Runs as any user, known to the image or not, with nothing but /bin/sh. Exit code 78 and one sentence (on stderr, and
# in DATA/problem) say that the image cannot run the editor.
data=$1
socket=$2
shift 2
here=${0%/*}
node=${here%/*}/bin/node

unfit() {
  printf '%s\n' "$1" >&2
  printf '%s\n' "$1" >"$data/problem" 2>/dev/null
  exit 78
}

exists() { [ -e "$1" ]; }

rm -f "$data/problem" 2>/dev/null || :
if ! (: >"$data/.probe") 2>/dev/null; then
  echo "the editor's data folder $data cannot be written by user $(id -u 2>/dev/null)" >&2
  exit 77
fi

rm -f "$data/.probe" 2>/dev/null || :

# The editor's Node is made for glibc 2.28 and newer. Old ones are told by their file's name, without starting Node.
if ! exists /lib64/ld-linux-x86-64.so.2 && ! exists /lib/ld-linux-aarch64.so.1; then
  if exists /lib/ld-musl-x86_64.so.1 || exists /lib/ld-musl-aarch64.so.1; then
    unfit "this image is built on musl (Alpine), and the editor needs glibc 2.28 or newer: use a Debian, Ubuntu, Fedora or similar base"
  fi
  "$node" --version >/dev/null 2>&1 || unfit "this image has no glibc, and the editor needs glibc 2.28 or newer"
fi
for file in /lib/*-linux-gnu/libc-2.*.so /lib64/libc-2.*.so /lib/libc-2.*.so /usr/lib64/libc-2.*.so; do
  minor=${file##*/libc-2.}
  minor=${minor%%[!0-9]*}
  if exists "$file" && [ "${minor:-99}" -lt 28 ]; then
    unfit "this image has glibc 2.$minor, and the editor needs 2.28 or newer: use a newer base"
  fi
done
library=
for file in /usr/lib/*-linux-gnu/libstdc++.so.6 /usr/lib64/libstdc++.so.6 /lib64/libstdc++.so.6 /usr/lib/libstdc++.so.6; do
  if exists "$file"; then library=$file; fi
done
if [ -z "$library" ] && ! said=$("$node" --version 2>&1); then
  case $said in
    *libstdc++*) unfit "this image has no libstdc++.so.6, which the editor needs: add the package libstdc++6 (Debian, Ubuntu) or libstdc++ (Fedora, RHEL)" ;;
    *) unfit "the editor's Node does not start in this image: $said" ;;
  esac
fi

# A user without a home of its own gets one beside the editor's data; anybody else's stays as it is.
if [ -z "${HOME:-}" ] || { [ ! -w "$HOME" ] && [ "$HOME" = / ]; }; then
  HOME=$data/home
  mkdir -p "$HOME" 2>/dev/null || HOME=$data
  export HOME
fi

# The shell of a terminal is SHELL, else the account's, and neither need exist in this image: cove has found one.
if [ ! -x "${SHELL:-}" ] && [ -n "${COVE_SHELL:-}" ]; then
  SHELL=$COVE_SHELL
  export SHELL
fi
unset COVE_SHELL

# Options meant for the person's own Node must not change the editor's; its terminals get them back (environment.js).
if [ -n "${NODE_OPTIONS+set}" ]; then
  COVE_NODE_OPTIONS=$NODE_OPTIONS
  export COVE_NODE_OPTIONS
  unset NODE_OPTIONS
fi

log=$data/editor.log
mv -f "$log" "$log.1" 2>/dev/null || rm -f "$log" 2>/dev/null || :
exec "$node" "$here/start.js" "$data" "$socket" "$@" >>"$log" 2>&1 </dev/null
