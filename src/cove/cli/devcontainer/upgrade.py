"""`cove devcontainer upgrade`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cove.cli.devcontainer import show_failure as fail
from cove.cli.devcontainer.options import EVERYWHERE, FLAG, FOLDER, Option
from cove.cli.devcontainer.target import open_session, read_target
from cove.cli.devcontainer.wished import check_places
from cove.errors import UsageError
from cove.host import files
from cove.spec.outdated import TARGET, pin_feature
from cove.workspace.features import Wish
from cove.workspace.read import read_owner
from cove.workspace.upgrade import render_upgrade, write_upgrade

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

__all__ = ["OPTIONS", "fail", "run"]

HERE = ("oci-auth-hardening", "allow-cross-origin-auth-host", "docker-path", "docker-compose-path")
OPTIONS = {
    **{name: EVERYWHERE[name] for name in HERE},
    "workspace-folder": FOLDER["workspace-folder"],
    "config": FOLDER["config"],
    "log-level": Option("how much is logged", choices=("error", "info", "debug", "trace"), default="info"),
    "dry-run": FLAG._replace(doc="print the lockfile, and write none"),
    "feature": Option("pin this Feature in devcontainer.json first", alias="f"),
    "target-version": Option("to this version: 1, 1.2 or 1.2.3", alias="v"),
}


def run(args: argparse.Namespace) -> int:
    """Write the lockfile anew, with the newest releases that the configuration allows."""
    if bool(args.feature) is not bool(args.target_version):
        raise UsageError("The '--target-version' and '--feature' flag must be used together.")
    if args.target_version and not TARGET.fullmatch(args.target_version):
        raise UsageError(
            f"Invalid version '{args.target_version}'.  Must be in the form of 'x', 'x.y', or 'x.y.z'"
        )
    args.id_label, args.override_config, args.mount_workspace_git_root = [], "", True
    session = open_session(args)
    target = read_target(session, args)
    if args.feature:
        _pin(target.config_path, target.raw.get("features") or {}, args.feature, args.target_version)
        target = read_target(session, args)
    features = target.document.get("features") or {}
    check_places(features, target.config_path, target.folder)
    override = target.document.get("overrideFeatureInstallOrder")
    wish = Wish(target.config_path, features, read_owner(session.machine, target.folder), override)
    text = render_upgrade(session, wish)
    if args.dry_run:
        sys.stdout.write(text)
    else:
        write_upgrade(wish, text)
    return 0


def _pin(path: str, names: Iterable[str], feature: str, version: str) -> None:
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    changed = pin_feature(text, names, feature, version)
    if changed != text:
        status = os.stat(path)
        files.write_atomic(path, changed, mode=status.st_mode & 0o777)
        if os.geteuid() == 0:
            os.chown(path, status.st_uid, status.st_gid)
