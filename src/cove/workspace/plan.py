"""PURE: from a configuration, its image and facts to the container we want."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from cove.spec.caches import LABEL as CACHES_LABEL
from cove.spec.certificates import CERTIFICATE_VARIABLES, CERTIFICATES_AT
from cove.spec.gpus import split_run_args
from cove.spec.identity import identity_labels
from cove.spec.merge import render_metadata_label
from cove.spec.narrow import Spot
from cove.spec.run import Mount, RunRequest
from cove.workspace.defaults import Defaults
from cove.workspace.image import is_root, remote_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.spec.compose import Project
    from cove.spec.run import Certificates, GpuGrant
    from cove.workspace.image import Image
    from cove.workspace.read import Reading

KEEP_ALIVE = """\
trap 'exit 0' TERM INT
"$@"
while :; do sleep 86400 & wait $!; done
"""
"""The main process of a container whose own command is overridden: waits, and ends at once when asked."""

EXTRA_AT = "/run/cove-ca/extra.pem"
"""Where a running container sees the authorities that a stock image lacks."""


class Facts(NamedTuple):
    """What a container's plan needs beyond the files: names, ids, and what this machine adds."""

    name: str
    owner_uid: int
    """Of the person; says whose workspace it is."""
    digests: Mapping[str, str]
    """Of the files it is made from."""
    rootless_podman: bool = False
    ids_inside: tuple[int, int] | None = None
    """The remote user's, where they must stand for the host user's."""
    certificates: Certificates | None = None
    proxies: Mapping[str, str] = {}
    mounts: tuple[Mount, ...] = ()
    """The editor's, its data's, the socket's."""
    editor: str = ""
    isolated: bool = False
    """Its settings and extensions are its own."""
    publish: tuple[str, ...] = ()
    defaults: Defaults = Defaults()
    gpus: GpuGrant | None = None
    gpus_shared: bool = False
    """Others may have its GPUs too."""


def plan_container(reading: Reading, image: Image, facts: Facts) -> RunRequest:
    """Return the long-lived container of a workspace."""
    labels = {
        **identity_labels(reading.address.folder, reading.address.config_path),
        "devcontainer.metadata": render_metadata_label(image.layers),
        "cove.id": reading.address.id,
        "cove.name": facts.name,
        "cove.owner": str(facts.owner_uid),
        "cove.config": json.dumps(dict(facts.digests), separators=(",", ":"), sort_keys=True),
    }
    if facts.editor:
        labels["cove.ide"] = facts.editor
    if facts.isolated:
        labels["cove.isolated"] = "true"
    if facts.gpus and facts.gpus.label:
        labels["cove.gpus"] = facts.gpus.label
        labels |= {"cove.gpus.shared": "true"} if facts.gpus_shared else {}
    if facts.defaults.caches:
        labels[CACHES_LABEL] = ",".join(facts.defaults.caches)
    if image.recovery:
        labels["cove.recovery"] = "true"
    if image.substitutes:
        labels["cove.substitute"] = ",".join(image.substitutes)
    base = plan_environment(reading, image, facts)
    entrypoint, command = plan_main_process(image, reading.project)
    return base._replace(
        labels=labels,
        mounts=(*base.mounts, *facts.mounts),
        entrypoint=entrypoint,
        command=command,
        publish=(*(_published(port) for port in reading.configuration.app_port), *facts.publish),
    )


def plan_environment(reading: Reading, image: Image, facts: Facts) -> RunRequest:
    """Return what a long-lived container and a throw-away one have in common: image, user, mounts, variables."""
    merged = image.merged
    # Rootless podman: the remote user stands for the host's; root already does, by the default mapping.
    keep_ids = facts.rootless_podman and not is_root(remote_user(image))
    mounts = [mount for mount in (reading.workspace_mount, reading.git_mount) if mount]
    mounts += [mount for mount in merged.mounts if mount.target not in {known.target for known in mounts}]
    return RunRequest(
        image=image.reference,
        env={**host_environment(image, facts), **gpu_environment(image, facts), **merged.container_env},
        mounts=(*mounts, *facts.defaults.mounts, *certificate_mounts(facts.certificates)),
        user=merged.container_user or ((image.info.user or "root") if keep_ids else None),
        init=merged.init or facts.defaults.init,
        shm_size=facts.defaults.shm_size,
        limits=facts.defaults.limits,
        privileged=merged.privileged,
        cap_add=merged.cap_add,
        security_opt=merged.security_opt,
        keep_host_ids=keep_ids,
        host_ids_as=facts.ids_inside,
        gpus=facts.gpus,
        # GPUs among them are a wish; the grant says how this engine fulfils it.
        extra=split_run_args(reading.configuration.run_args, Spot())[1],
    )


def host_environment(image: Image, facts: Facts) -> dict[str, str]:
    """Return the variables of the host's network: where the certificate authorities are, and the proxies.

    What the image sets itself stays. A proxy that holds a password is not among them: a container's own variables can
    be read by everyone who may use the engine; it goes to the remote user's processes instead (`private_environment`).
    """
    found: dict[str, str] = {}
    if facts.certificates:
        found |= dict.fromkeys(CERTIFICATE_VARIABLES, CERTIFICATES_AT)
    found |= {name: value for name, value in facts.proxies.items() if "@" not in value}
    return {name: value for name, value in found.items() if name not in image.info.env}


def gpu_environment(image: Image, facts: Facts) -> Mapping[str, str]:
    """Return the variables by which NVIDIA's runtime is told what to give; which GPUs, cove decides, not the image."""
    if facts.gpus is None:
        return {}
    kept = {name for name in facts.gpus.env if name != "NVIDIA_VISIBLE_DEVICES" and name in image.info.env}
    return {name: value for name, value in facts.gpus.env.items() if name not in kept}


def private_environment(proxies: Mapping[str, str]) -> dict[str, str]:
    """Return the proxy variables that hold a password."""
    return {name: value for name, value in proxies.items() if "@" in value}


def certificate_mounts(certificates: Certificates | None) -> tuple[Mount, ...]:
    """Return the read-only mounts of the host's certificate authorities."""
    if certificates is None:
        return ()
    bundle = Mount("bind", certificates.bundle, CERTIFICATES_AT, read_only=True)
    return (
        (bundle, Mount("bind", certificates.extra, EXTRA_AT, read_only=True))
        if certificates.extra
        else (bundle,)
    )


def plan_main_process(image: Image, project: Project | None = None) -> tuple[str | None, tuple[str, ...]]:
    """Return entrypoint and command: cove's own waiting, or the image's or service's.

    `overrideCommand` says which; where it does not, an image waits, and a service does what its project says.
    """
    entrypoints = image.merged.entrypoints
    override = image.merged.override_command
    if override is False or (override is None and project is not None):
        own = _own_process(image, project)
        if not entrypoints:
            return None, ()
    else:
        own = ("/bin/sh", "-c", KEEP_ALIVE, "-")
        if not entrypoints:
            return own[0], own[1:]
    # Each entrypoint is run before the main process, as the reference does it; what it starts stays.
    script = "\n".join((*entrypoints, 'exec "$@"'))
    return "/bin/sh", ("-c", script, "-", *own)


def _own_process(image: Image, project: Project | None) -> tuple[str, ...]:
    if project is None or not (project.entrypoint or project.command):
        return (*image.info.entrypoint, *image.info.command)
    # An entrypoint of the service's takes the image's command away, as with the engines.
    entrypoint = project.entrypoint or image.info.entrypoint
    return (*entrypoint, *(project.command or (() if project.entrypoint else image.info.command)))


def _published(port: int | str) -> str:
    """Return an `appPort` for the engine: a bare number on loopback alone, other forms as written."""
    return f"127.0.0.1:{port}:{port}" if isinstance(port, int) or port.isdigit() else port
