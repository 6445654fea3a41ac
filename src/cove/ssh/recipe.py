"""How the SSH server is built: OpenSSH's own, static, with what a container asks of it; pure.

The source is the distribution's, with its security patches. Ours are few and each is one place: `Change`.
"""

from __future__ import annotations

from typing import NamedTuple

COMPILER = "ziglang==0.13.0"
"""A C compiler with musl for every architecture, as a Python package: no root, no cross toolchain."""
TARGETS = {"amd64": "x86_64-linux-musl", "arm64": "aarch64-linux-musl"}
PROGRAMS = ("sshd", "sftp-server", "scp")
SPLIT_PROGRAMS = ("sshd-session", "sshd-auth")
"""Newer versions divide their server: 9.8 the first, 10.0 both."""
OPTIONS = (
    "--without-openssl", "--without-zlib", "--without-pam", "--without-selinux", "--without-shadow",
    "--with-sandbox=no", "--with-privsep-user=root", "--with-privsep-path=/", "--disable-security-key",
    "--without-hardening", "--disable-lastlog", "--disable-utmp", "--disable-utmpx", "--disable-wtmp",
    "--disable-wtmpx", "--disable-strip",
)  # fmt: skip
"""Without OpenSSL: Ed25519, curve25519, ChaCha20 and AES-CTR, which is all that cove's own key needs. Root and `/`
exist in every image, a user `sshd` and its folder do not."""
FOLDER = "COVE_SSH_FOLDER"
"""The variable that tells the server the workspace's folder."""


class Change(NamedTuple):
    """One change to the source: in the first of these files that has `old`, once, it becomes `new`."""

    why: str
    files: tuple[str, ...]
    old: str
    new: str


CHANGES = (
    Change(
        "The environment is the workspace's: what the engine's exec was given, then the client's SetEnv, but no locale "
        "of another machine.",
        ("session.c",),
        '\tif (getenv("TZ"))\n',
        "\tfor (i = 0; environ[i] != NULL; i++) {\n"
        "\t\tif ((cp = strchr(environ[i], '=')) == NULL)\n"
        "\t\t\tcontinue;\n"
        "\t\tocp = xstrdup(environ[i]);\n"
        "\t\tocp[cp - environ[i]] = '\\0';\n"
        '\t\tif (match_pattern_list(ocp, "*,!USER,!LOGNAME,!SHELL,!MAIL,!TERM,!SSH_CLIENT,!SSH_CONNECTION,'
        f'!SSH_TTY,!{FOLDER}", 0) == 1)\n'
        "\t\t\tchild_set_env(&env, &envsize, ocp, cp + 1);\n"
        "\t\tfree(ocp);\n"
        "\t}\n"
        "\tfor (i = 0; i < s->num_env; i++)\n"
        '\t\tif (match_pattern_list(s->env[i].name, "*,!LANG,!LC_*", 0) == 1)\n'
        "\t\t\tchild_set_env(&env, &envsize, s->env[i].name, s->env[i].val);\n"
        '\tif (getenv("TZ"))\n',
    ),
    Change(
        "The client's variables come after those of the workspace: see above.",
        ("session.c",),
        "\tfor (i = 0; i < s->num_env; i++)\n\t\tchild_set_env(&env, &envsize, s->env[i].name, s->env[i].val);\n\n",
        "\n",
    ),
    Change(
        "Shells and commands begin in the workspace's folder; what copies files begins in the home, as everywhere.",
        ("session.c",),
        "\tif (chdir(pw->pw_dir) == -1) {\n",
        "\tif (cove_folder != NULL && !s->is_subsystem &&\n"
        '\t    (command == NULL || (strncmp(command, "scp ", 4) != 0 && strncmp(command, "rsync --server", 14) != 0)) &&\n'
        "\t    chdir(cove_folder) == 0) {\n"
        "\t\t/* there */\n"
        "\t} else if (chdir(pw->pw_dir) == -1) {\n",
    ),
    Change(
        "The folder is read before the environment becomes the session's.",
        ("session.c",),
        "\tenv = do_setup_env(ssh, s, shell);\n",
        f'\tcove_folder = getenv("{FOLDER}");\n\tenv = do_setup_env(ssh, s, shell);\n',
    ),
    Change(
        "See above.",
        ("session.c",),
        "static char **\ndo_setup_env(",
        "static const char *cove_folder;\n\nstatic char **\ndo_setup_env(",
    ),
    Change(
        "A lost connection is a hangup, also for commands without a terminal; a second one for what it started.",
        ("session.c",),
        "\t\tif (s->used) {\n\t\t\tif (closefunc != NULL)\n",
        "\t\tif (s->used) {\n\t\t\tif (s->pid > 0)\n\t\t\t\tkillpg(s->pid, SIGHUP);\n\t\t\tif (closefunc != NULL)\n",
    ),
    Change(
        "Whatever name the client asks for is the user whom the engine's exec chose; it need not be in /etc/passwd.",
        ("auth.c",),
        "\tpw = getpwnam(user);\n",
        "\tif ((pw = getpwuid(geteuid())) == NULL) {\n"
        "\t\tstatic struct passwd nameless;\n"
        "\t\tstatic char name[24];\n\n"
        '\t\tsnprintf(name, sizeof(name), "%lu", (unsigned long)geteuid());\n'
        '\t\tnameless.pw_name = nameless.pw_gecos = name;\n'
        '\t\tnameless.pw_passwd = "x";\n'
        "\t\tnameless.pw_uid = geteuid();\n"
        "\t\tnameless.pw_gid = getegid();\n"
        '\t\tnameless.pw_dir = getenv("HOME") ? getenv("HOME") : "/";\n'
        '\t\tnameless.pw_shell = "/bin/sh";\n'
        "\t\tpw = &nameless;\n"
        "\t}\n",
    ),
    Change(
        "Root needs no right to change its root folder to `/`: a container may have taken it away.",
        ("sshd.c", "sshd-session.c"),
        "\tprivsep_chroot = use_privsep && (getuid() == 0 || geteuid() == 0);\n",
        "\tprivsep_chroot = 0;\n",
    ),
)  # fmt: skip


def change_source(texts: dict[str, str]) -> dict[str, str]:
    """Return the changed files of the source, by name.

    Raises ValueError, naming the reason of a change whose place is not there exactly once.
    """
    changed = dict(texts)
    for change in CHANGES:
        place = next((name for name in change.files if change.old in changed.get(name, "")), "")
        if not place or changed[place].count(change.old) != 1:
            raise ValueError(f"this version of OpenSSH is unknown: no place for `{change.why}`")
        changed[place] = changed[place].replace(change.old, change.new)
    return changed


def recipe_digest() -> str:
    """Return the digest of all that cove decides about a server: part of the name under which it is kept."""
    import hashlib

    return hashlib.sha256(repr((COMPILER, OPTIONS, PROGRAMS, CHANGES)).encode()).hexdigest()[:12]


def read_names() -> frozenset[str]:
    """Return the files of the source that a change may need."""
    return frozenset(name for change in CHANGES for name in change.files)


def render_source_list(text: str, *, deb822: bool) -> str:
    """Return a file of apt's sources with each repository of packages turned into the one of their sources."""
    import re

    if deb822:
        return re.sub(r"(?mi)^Types:.*$", "Types: deb-src", text)
    return re.sub(r"(?m)^[ \t]*deb(-src)?(?=[ \t])", "deb-src", text)
