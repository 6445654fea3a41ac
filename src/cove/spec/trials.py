"""Trials of Features, by the reference CLI's conventions: the configurations they run in, and the library for their scripts.

A Feature's `test/NAME` folder has `test.sh` (with the Feature's defaults), `scenarios.json` (a configuration and a script
each) and `duplicate.sh` (installed twice).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError
from cove.spec.features import option_variable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cove.spec.features import Options
    from cove.spec.jsonc import JsonValue

    Document = dict[str, JsonValue]

GLOBAL = "_global"
"""The folder of scenarios that belong to no Feature."""
LIBRARY_NAME = "dev-container-features-test-lib"
LIBRARY = r"""#!/bin/bash
# For test scripts: `check LABEL COMMAND…`, `checkMultiple LABEL MINIMUM EXPRESSION…`, at the end `reportResults`.
SCRIPT_FOLDER="$(cd "$(dirname "$0")" && pwd)"
USERNAME=${1:-root}
HOME=${HOME:-/root}
FAILED=()

echoStderr() { echo "$@" 1>&2; }

failed() {
    echo
    echoStderr "❌ $1 check failed."
    FAILED+=("$1")
    return 1
}

check() {
    LABEL=$1
    shift
    printf '\n🔄 Testing '"'%s'"'\n' "$LABEL"
    if "$@"; then
        printf '\n✅  Passed '"'%s'"'!\n' "$LABEL"
    else
        failed "$LABEL"
    fi
}

checkMultiple() {
    LABEL=$1
    MINIMUMPASSED=$2
    PASSED=0
    shift 2
    printf '\n🔄 Testing '"'%s'"'.\n' "$LABEL"
    for EXPRESSION in "$@"; do
        [ -n "$EXPRESSION" ] || break
        if $EXPRESSION; then PASSED=$((PASSED + 1)); fi
    done
    if [ "$PASSED" -ge "$MINIMUMPASSED" ]; then
        printf '\n✅ Passed!\n'
    else
        failed "$LABEL"
    fi
}

reportResults() {
    if [ ${#FAILED[@]} -ne 0 ]; then
        echo
        echoStderr "💥  Failed tests: ${FAILED[*]}"
        exit 1
    fi
    printf '\nTest Passed!\n'
    exit 0
}
"""


class Trial(NamedTuple):
    """A configuration to bring up, and a script to run in it."""

    name: str
    config: Document
    sources: tuple[tuple[str, str], ...]
    """Features of the collection in it: each one's name, and what its copy beside the configuration is called."""
    script: str
    """Its name, in the folder of tests."""
    extra: str = ""
    """A folder, there too, whose files go beside the configuration."""
    env: Mapping[str, str] = {}
    """For the script."""


def plan_default(names: Sequence[str], image: str, user: str) -> Trial:
    """Return one container with all of these Features, with their defaults; each one's `test.sh` runs in it."""
    features: Document = {f"./{name}": {} for name in names}
    return Trial("", _configure(image, user, features), tuple((name, name) for name in names), "test.sh")


def plan_scenario(name: str, config: JsonValue, path: str) -> Trial:
    """Return a scenario; Features without `/` are the collection's own. Raises ConfigurationError."""
    features = config.get("features") if isinstance(config, dict) else None
    if not isinstance(config, dict) or not isinstance(features, dict):
        raise ConfigurationError(f"Scenario '{name}' is missing Features!", path=path)
    if not name or "/" in name or name.startswith("."):
        raise ConfigurationError(f"{name!r} cannot be the name of a scenario's script", path=path)
    own = [feature for feature in features if "/" not in feature]
    renamed = {f"./{feature}" if feature in own else feature: value for feature, value in features.items()}
    sources = tuple((feature, feature) for feature in own)
    return Trial(name, {**config, "features": renamed}, sources, f"{name}.sh", extra=name)


def plan_duplicate(
    name: str, manifest: Mapping[str, JsonValue], image: str, user: str, choose: Callable[[int], int]
) -> Trial:
    """Return a Feature installed twice: with other options than the default ones, then with those.

    `choose` picks one of so many values, where several would do. The script gets both as variables.
    """
    declared = manifest.get("options")
    options = {
        option: said
        for option, said in (declared if isinstance(declared, dict) else {}).items()
        if isinstance(said, dict)
    }
    others = choose_others(options, choose)
    defaults = {
        f"{option}__DEFAULT": default
        for option, said in options.items()
        if isinstance(default := said.get("default"), str | bool)
    }
    copy = f"{name}-0"
    features: Document = {f"./{name}": dict(others), f"./{copy}": {}}
    env = {option_variable(key): _render(value) for key, value in {**others, **defaults}.items()}
    title = f"{name} executed twice with randomized options"
    config = _configure(image, user, features)
    return Trial(title, config, ((name, name), (name, copy)), "duplicate.sh", env=env)


def choose_others(options: Mapping[str, Mapping[str, JsonValue]], choose: Callable[[int], int]) -> Options:
    """Return a value for each option that is not its default, as far as its manifest names one."""
    others: Options = {}
    for name, said in options.items():
        default = said.get("default")
        if said.get("type") == "boolean":
            others[name] = not default
        for key in ("proposals", "enum"):
            values = said.get(key)
            texts = [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
            if said.get("type") == "string" and texts:
                at = choose(len(texts))
                usual = texts.index(default) if isinstance(default, str) and default in texts else 0
                others[name] = texts[(at + 1) % len(texts) if at == usual else at]
    return others


def _configure(image: str, user: str, features: Document) -> Document:
    return {"image": image, **({"remoteUser": user} if user else {}), "features": features}


def _render(value: JsonValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
