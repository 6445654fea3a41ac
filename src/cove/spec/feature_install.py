"""Features as steps of a Dockerfile: each is copied in and installed by itself, so that a change of one leaves those before.

Source: the specification's "Execution" and "Option Resolution" (Features reference).
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from cove.spec.features import option_variable, resolve_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cove.spec.order import Resolved

AT = "/tmp/dev-container-features"  # noqa: S108 - in the image that is built
OPTIONS_FILE = "devcontainer-features.env"
WRAPPER = "devcontainer-features-install.sh"
FAILED = "could not be installed"

SCRIPT = """\
#!/bin/sh
set -e
home_of() {{ (getent passwd "$1" || grep "^$1:" /etc/passwd || :) 2>/dev/null | head -n 1 | cut -d: -f6; }}
ended() {{ [ $? -eq 0 ] || echo {failure}; }}
trap ended EXIT
echo {headline}
set -a
. ./{options_file}
_CONTAINER_USER={container_user}
_REMOTE_USER={remote_user}
_CONTAINER_USER_HOME=$(home_of "$_CONTAINER_USER")
_REMOTE_USER_HOME=$(home_of "$_REMOTE_USER")
set +a
chmod +x ./install.sh
./install.sh
"""


class Users(NamedTuple):
    """Who a container is for."""

    image: str
    """The image's own USER; installed as root, and given back."""
    container: str
    remote: str


def folder_name(number: int, node: Resolved) -> str:
    """Return the name of a Feature's folder in the build's context."""
    return f"{number}-{re.sub(r'[^a-z0-9_-]', '-', node.manifest.id.lower())}"


def render_options(node: Resolved) -> str:
    """Return the file from which install.sh gets its options."""
    options = resolve_options(node.manifest, node.wanted.options)
    return "".join(
        f"{option_variable(name)}={shlex.quote(_text(value))}\n" for name, value in options.items()
    )


def render_wrapper(node: Resolved, users: Users) -> str:
    """Return the script that runs install.sh with its options, and says whose failure it was."""
    title = node.manifest.name or node.manifest.id
    where = f"{node.wanted.text} {node.manifest.version}".strip()
    return SCRIPT.format(
        failure=shlex.quote(f"The Feature {title} ({node.wanted.text}) {FAILED}."),
        headline=shlex.quote(f"Feature {title} ({where})"),
        options_file=OPTIONS_FILE,
        container_user=shlex.quote(users.container),
        remote_user=shlex.quote(users.remote),
    )


def render_features_dockerfile(base: str, order: Sequence[Resolved], users: Users) -> str:
    """Return the Dockerfile that installs Features on an image, in order."""
    lines = [f"FROM {base}", "USER root"]
    for number, node in enumerate(order):
        lines += _install_lines(folder_name(number, node), node.manifest.container_env)
    return "\n".join([*lines, f"USER {users.image}", ""])


def _install_lines(name: str, env: Mapping[str, str]) -> list[str]:
    return [
        *(f'ENV {variable}="{_quoted(value)}"' for variable, value in env.items()),
        f"COPY {name}/ {AT}/{name}/",
        f"RUN cd {AT}/{name} && ./{WRAPPER} && cd / && rm -rf {AT}",
    ]


def _quoted(value: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", value)


def _text(value: str | bool) -> str:  # noqa: FBT001 - an option's value is either
    return value if isinstance(value, str) else str(value).lower()


def find_failed(lines: Sequence[str], order: Sequence[Resolved]) -> Resolved | None:
    """Return the Feature that a failed build's lines name."""
    for line in reversed(lines):
        if FAILED in line:
            return next((node for node in order if f"({node.wanted.text})" in line), None)
    return None
