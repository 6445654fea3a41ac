"""From the reference CLI's options to a configuration as cove reads it, and what is asked of its container."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cove.cli.devcontainer.wished import check_places, parse_features
from cove.errors import UsageError
from cove.spec.identity import workspace_id
from cove.spec.mounts import parse_mount
from cove.workspace.address import Address
from cove.workspace.plain import PlainRequest, Stages
from cove.workspace.read import Changes, read_changed, read_plainly

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from cove.cli.devcontainer.target import Target
    from cove.workspace.read import Reading
    from cove.workspace.session import Session


def read_bound(
    session: Session,
    args: argparse.Namespace,
    target: Target,
    labels: Mapping[str, str],
    *,
    sourceless: bool = False,
) -> Reading:
    """Return the configuration as cove reads it. Raises ConfigurationError, UsageError."""
    if not target.config_path:
        raise UsageError("this needs a configuration", hint="Name it with --workspace-folder or --config.")
    folder = target.folder or os.path.dirname(target.config_path)
    address = Address(workspace_id(folder, target.config_path), folder, target.config_path)
    changes = Changes(
        override=os.path.join(session.machine.cwd, args.override_config) if args.override_config else "",
        git_root=args.mount_workspace_git_root,
        labels=labels,
        features=parse_features(getattr(args, "additional_features", "")),
        update_uid=getattr(args, "update_remote_user_uid_default", "on") == "on",
        sourceless=sourceless,
    )
    reading = read_changed(session.machine, address, changes)
    check_places(reading.configuration.features, target.config_path, folder)
    return reading


def read_entered(
    session: Session, args: argparse.Namespace, target: Target, labels: Mapping[str, str]
) -> Reading:
    """Return the configuration for a container that is there: also where there is no file, or one without an image.

    Where nobody says where the workspace is, `workspace_folder` is empty. Raises ConfigurationError.
    """
    if target.config_path:
        reading = read_bound(session, args, target, labels, sourceless=True)
    else:
        plain = read_plainly(session.machine, Address("", session.machine.cwd, ""))
        reading = plain._replace(scope=target.scope)
    known = target.folder or "workspaceFolder" in target.raw
    return reading if known else reading._replace(workspace_folder="")


def make_request(session: Session, args: argparse.Namespace, labels: Mapping[str, str]) -> PlainRequest:
    """Return what the options ask of the container. Raises UsageError, ConfigurationError."""
    from cove.workspace.bases import BuildOptions
    from cove.workspace.gpu_wish import GpuOptions

    secrets = getattr(args, "secrets_file", "")
    return PlainRequest(
        labels=labels,
        build=BuildOptions(
            no_cache=getattr(args, "build_no_cache", False),
            frozen_lockfile=getattr(args, "frozen_lockfile", False)
            or getattr(args, "experimental_frozen_lockfile", False),
            no_lockfile=getattr(args, "no_lockfile", False),
            cache_from=tuple(getattr(args, "cache_from", ())),
            cache_to=getattr(args, "cache_to", ""),
        ),
        label_remote_env=not getattr(args, "omit_config_remote_env_from_metadata", False),
        gpus=GpuOptions("none") if getattr(args, "gpu_availability", "") == "none" else None,
        mounts=tuple(parse_mount(_without_external(text)) for text in getattr(args, "mount", ())),
        probe=args.default_user_env_probe,
        env=dict(pair.partition("=")[::2] for pair in args.remote_env),
        secrets_file=os.path.join(session.machine.cwd, secrets) if secrets else "",
    )


def _without_external(mount: str) -> str:
    return ",".join(word for word in mount.split(",") if not word.startswith("external="))


def make_stages(args: argparse.Namespace) -> Stages:
    """Return which lifecycle commands the options ask for."""
    return Stages(
        skip=getattr(args, "skip_post_create", False),
        prebuild=getattr(args, "prebuild", False),
        blocking_only=args.skip_non_blocking_commands,
        attach=not getattr(args, "skip_post_attach", False),
        personal=not getattr(args, "stop_for_personalization", False),
    )


def take_dotfiles(session: Session, args: argparse.Namespace) -> None:
    """Let the dotfiles be those of the options, and no others."""
    session.settings = session.settings._replace(
        dotfiles_repository=args.dotfiles_repository,
        dotfiles_command=args.dotfiles_install_command,
        dotfiles_target=args.dotfiles_target_path,
    )
