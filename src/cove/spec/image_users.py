"""Dockerfiles that give an image its person: a user with the host's ids, or new ids for the user it has.

The scripts are POSIX shell with `read` loops over the account files: they run on images that have neither useradd
nor adduser, and neither grep nor sed. They travel in an exec-form RUN, so that an image's SHELL, the escape directive
and support for here-documents do not matter.
"""

from __future__ import annotations

import json
import re

from cove.errors import ConfigurationError

NEWCOMER = 1000
"""The id inside for a person who is root on the host: a second root would help nobody."""

ACCOUNT = r"[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?"
USER = r"[^\s:\"'$\\]+(?::[^\s:\"'$\\]+)?"

BEGIN = """\
set -eu
name=$1 uid=$2 gid=$3
nl='
'
[ -f /etc/passwd ] || echo root:x:0:0:root:/root:/bin/sh > /etc/passwd
[ -f /etc/group ] || echo root:x:0: > /etc/group
"""

UPDATE_SCRIPT = f"""{BEGIN}\
old_uid= old_gid= home= owner= holder=
while IFS=: read -r n x u g c h s || [ -n "$n" ]; do
  if [ "$n" = "$name" ] && [ -z "$old_uid" ]; then old_uid=$u old_gid=$g home=$h; fi
  if [ "$u" = "$uid" ] && [ -z "$owner" ]; then owner=$n; fi
done < /etc/passwd
while IFS=: read -r n x g m || [ -n "$n" ]; do
  if [ "$g" = "$gid" ] && [ -z "$holder" ]; then holder=$n; fi
done < /etc/group
if [ -z "$old_uid" ]; then
  echo "There is no user $name in the image."
elif [ "$old_uid:$old_gid" = "$uid:$gid" ]; then
  echo "$name has the ids $uid:$gid."
elif [ "$old_uid" != "$uid" ] && [ -n "$owner" ]; then
  echo "The uid $uid belongs to $owner: $name keeps $old_uid:$old_gid."
else
  if [ "$old_gid" != "$gid" ] && [ -n "$holder" ]; then
    echo "The gid $gid belongs to $holder: $name keeps $old_gid."
    gid=$old_gid
  fi
  echo "$name: $old_uid:$old_gid becomes $uid:$gid."
  out=
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in "$name":*)
      t=${{line#*:}}; x=${{t%%:*}}; t=${{t#*:}}; t=${{t#*:}}; t=${{t#*:}}
      line=$name:$x:$uid:$gid:$t ;;
    esac
    out=$out$line$nl
  done < /etc/passwd
  printf %s "$out" > /etc/passwd
  out=
  while IFS= read -r line || [ -n "$line" ]; do
    n=${{line%%:*}}; t=${{line#*:}}; x=${{t%%:*}}; t=${{t#*:}}
    case $t in "$old_gid":*) line=$n:$x:$gid:${{t#*:}} ;; esac
    out=$out$line$nl
  done < /etc/group
  printf %s "$out" > /etc/group
  case $home in
    "" | /) ;;
    *) if [ -d "$home" ]; then chown -hR "$uid:$gid" "$home"; fi ;;
  esac
fi
"""

ADD_SCRIPT = f"""{BEGIN}\
shell=$4
[ -x "$shell" ] || shell=/bin/sh
ends_its_line() {{ out=; while IFS= read -r line; do :; done < "$1"; [ -z "$line" ] || echo >> "$1"; }}

group= taken=
while IFS=: read -r n x g m || [ -n "$n" ]; do
  if [ "$g" = "$gid" ] && [ -z "$group" ]; then group=$n; fi
  if [ "$n" = "$name" ]; then taken=1; fi
done < /etc/group
if [ -z "$group" ]; then
  group=$name
  [ -z "$taken" ] || group=$name-$gid
  ends_its_line /etc/group
  echo "$group:x:$gid:" >> /etc/group
  if [ -f /etc/gshadow ]; then ends_its_line /etc/gshadow; echo "$group:!::" >> /etc/gshadow; fi
fi

# A uid that is taken gets a second name, and its first one stays: nothing that calls it breaks.
home= borrowed=
while IFS=: read -r n x u g c h s || [ -n "$n" ]; do
  if [ "$n" = "$name" ]; then home=$h; fi
  if [ "$u" = "$uid" ] && [ "$n" != "$name" ]; then
    case $h in /home/*) if [ -d "$h" ]; then borrowed=${{borrowed:-$h}}; fi ;; esac
  fi
done < /etc/passwd
case $home in "" | / | /nonexistent) home=${{borrowed:-/home/$name}} ;; *) borrowed= ;; esac

password=* placed=
if [ -f /etc/shadow ]; then
  password=x
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in "$name":*) placed=1 ;; esac
  done < /etc/shadow
  ends_its_line /etc/shadow
  [ -n "$placed" ] || echo "$name:*:19000:0:99999:7:::" >> /etc/shadow
fi

# The new name stands before the old one, so that the uid is shown as the new one.
new="$name:$password:$uid:$gid::$home:$shell$nl" out= placed=
while IFS= read -r line || [ -n "$line" ]; do
  t=${{line#*:}}; t=${{t#*:}}
  case $line in "$name":*) continue ;; esac
  case $t in "$uid":*) [ -n "$placed" ] || out=$out$new; placed=1 ;; esac
  out=$out$line$nl
done < /etc/passwd
[ -n "$placed" ] || out=$out$new
printf %s "$out" > /etc/passwd

if [ ! -d "$home" ]; then
  mkdir -p "$home"
  if [ -d /etc/skel ]; then cp -R /etc/skel/. "$home"; fi
fi
[ -n "$borrowed" ] || chown -hR "$uid:$gid" "$home"
if [ -d /etc/sudoers.d ] && command -v sudo > /dev/null; then
  echo "$name ALL=(ALL) NOPASSWD:ALL" > /etc/sudoers.d/cove
  chmod 0440 /etc/sudoers.d/cove
fi
"""


def render_user_image(base: str, *, user: str, uid: int, gid: int, shell: str = "/bin/bash") -> str:
    """Return a Dockerfile that adds a user with these ids to an image whose own user is root, and stays root's.

    A gid that is taken: that group is used. A uid that is taken: it gets `user` as a second name, with the home it
    has under /home. A `user` that exists gets the ids. A shell that the image lacks becomes /bin/sh. Where sudo is
    installed, the user may use it without a password. For uid 0 (root on the host) both ids are 1000.
    Raises ConfigurationError for a name no account can have.
    """
    if not re.fullmatch(ACCOUNT, user) or user == "root":
        raise ConfigurationError(f"`{user}` cannot be the name of the user to add")
    if uid == 0:
        uid = gid = NEWCOMER
    return f"FROM {base}\n{render_script(ADD_SCRIPT, user, f'{uid}', f'{gid}', shell)}\n"


def render_uid_update(base: str, *, remote_user: str, uid: int, gid: int, image_user: str) -> str:
    """Return a Dockerfile that gives the image's `remote_user` these ids and its home with them.

    As the reference implementation does it for `updateRemoteUserUID`: nothing happens if there is no such user, if it
    has the ids, or if the uid is another's; a gid that is another group's is not taken. The image keeps its
    `image_user` (empty: root). Raises ConfigurationError for a name that cannot stand in a USER line.
    """
    ends_as = image_user or "root"
    if not re.fullmatch(USER, ends_as):
        raise ConfigurationError(f"`{ends_as}` cannot be the image's user")
    script = render_script(UPDATE_SCRIPT, remote_user, f"{uid}", f"{gid}")
    return f"FROM {base}\nUSER 0\n{script}\nUSER {ends_as}\n"


def render_script(script: str, *words: str) -> str:
    """Return a RUN that gives a script to /bin/sh with these words as its arguments, whatever the image's SHELL."""
    return "RUN " + json.dumps(["/bin/sh", "-c", script, "cove", *words])
