"""Wishes turned into the engines' words. Pure: exact argvs are what the tests compare.

Values of environment variables stay out of argv, where every local user could read them: the engine is told the name
alone (`-e NAME`) and takes the value from its own environment. Names that the engine's program itself reads, such as
PATH, cannot travel that way without changing how it works, so they go as `NAME=value`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cove.spec.certificates import BUILD_CERTIFICATES_AT, SECRET_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cove.engines.dialect import Dialect
    from cove.spec.run import BuildFile, BuildRequest, Certificates, ExecRequest, GpuGrant, Mount, RunRequest

PROGRAM_READS = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "TMPDIR", "TERM", "LANG", "HOSTNAME", "GOMAXPROCS", "GODEBUG",
    "GOTRACEBACK", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "KUBECONFIG", "REGISTRY_AUTH_FILE",
})  # fmt: skip
PROGRAM_READS_PREFIXES = (
    "DOCKER_", "BUILDKIT_", "BUILDX_", "COMPOSE_", "CONTAINER_", "CONTAINERS_", "PODMAN_", "_CONTAINERS_", "STORAGE_",
    "BUILDAH_", "XDG_", "LD_", "DBUS_", "SSH_", "SSL_CERT_", "OTEL_", "LC_",
)  # fmt: skip

KNOWN_LABELS = (
    "cove.id",
    "cove.name",
    "cove.owner",
    "cove.config",
    "cove.ide",
    "cove.gpus",
    "cove.gpus.shared",
    "cove.run",
    "cove.runner",
    "cove.caches",
    "cove.isolated",
    "cove.recovery",
    "cove.substitute",
    "devcontainer.local_folder",
    "devcontainer.config_file",
    "devcontainer.metadata",
)
"""What docker's `ps` is asked for by name: it joins all labels with commas, which values may hold too."""


class Words(NamedTuple):
    """A whole call: the argv, and what the program's environment must hold besides cove's own."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = {}


class BuildFiles(NamedTuple):
    """The files a build is given besides its context; empty where there is none."""

    dockerfile: str
    iidfile: str
    """Where its result is named."""
    ignorefile: str = ""
    """podman only: the ignore file that belongs to the original Dockerfile."""


def render_call(dialect: Dialect, *words: str) -> tuple[str, ...]:
    """Return an argv of this engine."""
    return (dialect.program, *dialect.global_flags, *words)


def render_env(env: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return the `--env` words for these variables, and what the program's own environment must hold for them.

    >>> render_env({"TOKEN": "s3cret", "PATH": "/bin"})
    (['--env', 'TOKEN', '--env', 'PATH=/bin'], {'TOKEN': 's3cret'})
    """
    words: list[str] = []
    values: dict[str, str] = {}
    for name, value in env.items():
        if name in PROGRAM_READS or name.startswith(PROGRAM_READS_PREFIXES):
            words += ["--env", f"{name}={value}"]
        else:
            words += ["--env", name]
            values[name] = value
    return words, values


def render_mount(mount: Mount) -> str:
    """Return the value of `--mount`: a line of CSV, as the engines parse it.

    >>> from cove.spec.run import Mount
    >>> render_mount(Mount("bind", "/a,b", "/w", read_only=True))
    'type=bind,"source=/a,b",target=/w,readonly'
    """
    fields = [f"type={mount.type}"]
    if mount.source:
        fields.append(f"source={mount.source}")
    fields.append(f"target={mount.target}")
    if mount.read_only:
        fields.append("readonly")
    return ",".join(_csv(field) for field in (*fields, *mount.options))


def _csv(field: str) -> str:
    if any(character in field for character in ',"\n\r'):
        return '"' + field.replace('"', '""') + '"'
    return field


# -- containers --------------------------------------------------------------------------------------------------------


def render_run(dialect: Dialect, request: RunRequest, *, detach: bool, cidfile: str = "") -> Words:
    """Return the call that creates and starts a container. Images are never pulled by it: that is asked for apart."""
    env_words, env = render_env(request.env)
    words = ["run", "--pull", "never"]
    words += [] if _is_given("--http-proxy", request.extra) else dialect.without_proxies
    words += ["--detach"] if detach else []
    words += ["--cidfile", cidfile] if cidfile else []
    words += ["--name", request.name] if request.name else []
    words += _pairs("--label", request.labels)
    words += env_words
    for mount in request.mounts:
        words += ["--mount", render_mount(mount)]
    words += [*dialect.init_words] if request.init else []
    words += _settings(request)
    words += _keep_ids(dialect, request)
    words += _without_given((*_limits(dialect, request.limits), *dialect.run_flags), request.extra)
    words += [*request.extra, request.image, *request.command]
    return Words(render_call(dialect, *words), env)


def _settings(request: RunRequest) -> list[str]:
    words: list[str] = []
    texts = {"--user": request.user, "--workdir": request.workdir, "--entrypoint": request.entrypoint}
    for option, value in texts.items():
        words += [] if value is None else [option, value]
    for option, wanted in (
        ("--privileged", request.privileged),
        ("--rm", request.remove),
        ("--interactive", request.interactive),
        ("--tty", request.tty),
    ):
        words += [option] if wanted else []
    words += _each("--cap-add", request.cap_add) + _each("--security-opt", request.security_opt)
    words += _each("--publish", request.publish)
    words += ["--shm-size", str(request.shm_size)] if request.shm_size else []
    return words + (_gpus(request.gpus) if request.gpus else [])


def _gpus(grant: GpuGrant) -> list[str]:
    words = _each("--device", grant.devices) + _each("--group-add", grant.groups)
    if grant.gpus:
        # docker parses the value as CSV, where UUIDs in one field want quotation marks.
        words += ["--gpus", grant.gpus if grant.gpus == "all" else f'"device={grant.gpus}"']
    return words


def _limits(dialect: Dialect, limits: Mapping[str, int]) -> list[str]:
    """Return soft and hard limits: as wished, or what this host lets a container have of it."""
    hard = dict(dialect.hard_limits)
    words: list[str] = []
    for name, wished in limits.items():
        bounds = [bound for bound in (wished, hard.get(name, -1)) if bound >= 0]
        most = min(bounds, default=-1)
        words += ["--ulimit", f"{name}={most}:{most}"]
    return words


def _keep_ids(dialect: Dialect, request: RunRequest) -> list[str]:
    if not (request.keep_host_ids and dialect.keep_ids) or _is_given("--userns", request.extra):
        return []
    if request.host_ids_as is None or not dialect.keep_ids_as:
        return ["--userns", "keep-id"]
    uid, gid = request.host_ids_as
    return ["--userns", f"keep-id:uid={uid},gid={gid}"]


def _without_given(flags: Sequence[str], given: Sequence[str]) -> list[str]:
    """Return the flags (option and value in turns) that the person has not given a value of their own."""
    kept: list[str] = []
    for option, value in zip(flags[::2], flags[1::2], strict=True):
        name = value.partition("=")[0]
        if option == "--ulimit":
            said = any(
                word.partition("=")[0] == name or word.startswith(f"--ulimit={name}=") for word in given
            )
        elif option == "--security-opt":
            said = any("label" in word for word in given)
        else:
            said = _is_given(option, given)
        kept += [] if said else [option, value]
    return kept


def _is_given(option: str, words: Iterable[str]) -> bool:
    also = {"--network": "--net"}.get(option, option)
    return any(word.partition("=")[0] in {option, also} for word in words)


def render_exec(dialect: Dialect, request: ExecRequest) -> Words:
    """Return the call that runs a command in a running container."""
    env_words, env = render_env({name: value for name, value in request.env.items() if value is not None})
    without = [word for name, value in request.env.items() if value is None for word in ("-u", name)]
    words = ["exec"]
    words += ["--detach"] if request.detach else []
    words += ["--interactive"] if request.interactive else []
    words += ["--tty"] if request.tty else []
    words += ["--user", request.user] if request.user else []
    words += ["--workdir", request.workdir] if request.workdir else []
    return Words(
        render_call(
            dialect,
            *words,
            *env_words,
            request.container,
            *(["env", *without] if without else []),
            *request.argv,
        ),
        env,
    )


def render_containers(
    dialect: Dialect, labels: Mapping[str, str], *, all_states: bool, volume: str = ""
) -> tuple[str, ...]:
    """Return the call that lists containers, one JSON object a line (docker) or one array (podman)."""
    words = ["ps", "--no-trunc", *(["--all"] if all_states else [])]
    for name, value in labels.items():
        words += ["--filter", f"label={name}={value}" if value else f"label={name}"]
    words += ["--filter", f"volume={volume}"] if volume else []
    shape = "json" if dialect.lists_json else render_ps_template((*KNOWN_LABELS, *labels))
    return render_call(dialect, *words, "--format", shape)


def render_ps_template(labels: Iterable[str]) -> str:
    """Return the Go template that makes docker's `ps` print a JSON object with these labels, each value whole."""
    fields = ("ID", "Names", "Image", "State", "CreatedAt", "Ports", "Labels")
    plain = ",".join(f'"{field}":{{{{json .{field}}}}}' for field in fields)
    chosen = ",".join(f'"{label}":{{{{json (.Label "{label}")}}}}' for label in dict.fromkeys(labels))
    return f'{{{plain},"Chosen":{{{chosen}}}}}'


def render_logs(dialect: Dialect, container: str, *, follow: bool, tail: int | None) -> tuple[str, ...]:
    """Return the call that prints what a container's main process wrote."""
    words = ["logs", *(["--follow"] if follow else []), *([] if tail is None else ["--tail", str(tail)])]
    return render_call(dialect, *words, container)


def render_remove(dialect: Dialect, container: str, *, volumes: bool) -> tuple[str, ...]:
    """Return the call that removes a container, killing it first if need be."""
    # podman waits ten seconds for a running one to end by itself; docker kills at once.
    patience = ["--time", "0"] if dialect.lists_json else []
    return render_call(dialect, "rm", "--force", *patience, *(["--volumes"] if volumes else []), container)


def render_events(dialect: Dialect, labels: Mapping[str, str]) -> tuple[str, ...]:
    """Return the call that follows what happens to containers with these labels, one JSON object a line."""
    words = ["events", "--filter", "type=container"]
    for name, value in labels.items():
        words += ["--filter", f"label={name}={value}" if value else f"label={name}"]
    return render_call(dialect, *words, "--format", "json" if dialect.lists_json else "{{json .}}")


# -- images ------------------------------------------------------------------------------------------------------------


def render_build(dialect: Dialect, request: BuildRequest, files: BuildFiles) -> Words:
    """Return the call that builds an image. Secret arguments are named only; their values travel by environment."""
    words = ["build", *(["--progress", "plain"] if dialect.buildkit else [])]
    words += ["--file", files.dockerfile, *(["--iidfile", files.iidfile] if files.iidfile else [])]
    words += _each("--tag", request.tags)
    words += _pairs("--build-arg", request.args)
    words += _each("--build-arg", [name for name in request.secret_args if name not in request.args])
    words += _pairs("--label", request.labels)
    words += ["--target", request.target] if request.target else []
    # podman takes only repositories without a tag here, and fails on what is written for docker.
    words += [] if dialect.lists_json else _each("--cache-from", request.cache_from)
    words += _cache_to(dialect, request.cache_to)
    words += ["--output", request.output] if request.output else []
    words += ["--no-cache"] if request.no_cache else []
    words += ["--pull"] if request.pull else []
    words += ["--platform", request.platform] if request.platform else []
    words += ["--ignorefile", files.ignorefile] if files.ignorefile else []
    words += _certificates(dialect, request.certificates)
    words += _files(dialect, request.files)
    words += _without_given(dialect.build_flags, request.options)
    env = {**dict(dialect.build_env), **request.secret_args}
    return Words(render_call(dialect, *words, *request.options, request.context), env)


def _cache_to(dialect: Dialect, place: str) -> list[str]:
    """Return how the layer cache is kept; podman and docker's legacy builder know no such places."""
    if not place or not dialect.buildkit:
        return []
    if place == "type=inline":  # known to BuildKit without the buildx plug-in too
        return ["--build-arg", "BUILDKIT_INLINE_CACHE=1"]
    return ["--cache-to", place]


def _certificates(dialect: Dialect, certificates: Certificates | None) -> list[str]:
    if certificates is None:
        return []
    if dialect.certificate_way == "volume":
        return ["--volume", f"{certificates.bundle}:{BUILD_CERTIFICATES_AT}:ro"]
    if dialect.certificate_way == "secret":
        return ["--secret", f"id={SECRET_ID},src={certificates.bundle}"]
    return []


def _files(dialect: Dialect, files: Sequence[BuildFile]) -> list[str]:
    if dialect.certificate_way == "volume":
        return _each("--volume", [f"{file.source}:{file.target}:ro" for file in files])
    return _each("--secret", [f"id={file.id},src={file.source}" for file in files])


def render_import(dialect: Dialect, archive: str, reference: str, changes: Sequence[str]) -> tuple[str, ...]:
    """Return the call that makes an image of a root file system and prints its id."""
    quiet = ["--quiet"] if dialect.prints_import else []
    return render_call(dialect, "import", *quiet, *_each("--change", changes), archive, reference)


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _pairs(option: str, values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (option, f"{name}={value}")]
