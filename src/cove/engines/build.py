"""Building: the files a builder is given besides the context, and what may stay in the result."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cove.engines.argv import BuildFiles, render_build
from cove.engines.failures import plan_build_error
from cove.errors import BuildError, ConfigurationError, EngineError, Refused
from cove.spec.image_labels import render_labels

if TYPE_CHECKING:
    from cove.engines.cli import CliEngine
    from cove.host.proc import OnLine
    from cove.spec.run import BuildRequest, Certificates

CERTIFICATE_IMAGE = "localhost/cove/ca"
SHORTEST_SECRET = 8
"""Characters. Shorter values (`*`, `internal`) are in many an image for other reasons."""


NOISE = re.compile(
    r"#\d+ sha256:[0-9a-f]{64}$|DEPRECATED: The legacy builder|\s{12}(BuildKit is|Install the buildx|environment-)"
)
"""What builders write that tells a person nothing: digests of steps, and docker's word on its own older builder."""


def run_build(engine: CliEngine, request: BuildRequest, on_line: OnLine) -> str:
    """Build an image and return its id; see `base.Engine.build`."""
    if engine.name == "podman" and any("$" in value for value in request.labels.values()):
        return _build_labelled(engine, request, on_line)
    return _build(engine, request, on_line)


def _build_labelled(engine: CliEngine, request: BuildRequest, on_line: OnLine) -> str:
    """Build an image, and another with its labels on top: podman takes `$NAME` in the value of `--label` for a variable.

    A LABEL line can say that it is none.
    """
    inner = request._replace(labels={}, tags=(), push=False, output="")
    made = _build(engine, inner, on_line).removeprefix("sha256:")
    outer = request._replace(
        context="",
        dockerfile="",
        dockerfile_text=render_labels(made, request.labels),
        args={},
        target="",
        labels={},
        options=(),
        pull=False,
        certificates=None,
        files=(),
    )
    return _build(engine, outer, on_line)


def _build(engine: CliEngine, request: BuildRequest, on_line: OnLine) -> str:
    from cove.host.files import scratch

    _check_publishable(engine, request)
    if request.context and not os.path.isdir(request.context):
        raise ConfigurationError("the build context is not a folder", path=request.context)
    lines: list[str] = []

    def keep(line: str) -> None:
        lines.append(line)
        if not NOISE.match(line):
            on_line(line)

    with scratch("build") as folder:
        files = write_build_files(folder, request, ignore_flag=engine.name == "podman")
        if not request.context:
            os.mkdir(f"{folder}/context")
            request = request._replace(context=f"{folder}/context")
        outcome = engine.stream(render_build(engine.dialect, request._replace(output=""), files), keep)
        if (
            outcome.ok and request.output
        ):  # from the cache; what is in store can be looked at before it leaves
            _check_store(engine, _read_id(files.iidfile), request)
            again = request._replace(no_cache=False, pull=False, cache_to="")
            outcome = engine.stream(render_build(engine.dialect, again, files._replace(iidfile="")), keep)
        if not outcome.ok:
            engine.call("version")  # that it went away meanwhile is no fault of the Dockerfile's
            raise plan_build_error(
                lines,
                dockerfile=request.dockerfile,
                builder=_builder(engine),
                rewritten_from=_read_text(request.dockerfile) if request.dockerfile_text else "",
            )
        image = _read_id(files.iidfile)
    _check_store(engine, image, request)
    for tag in request.tags if request.push else ():
        engine.push(tag, on_line)
    return image


def _check_store(engine: CliEngine, image: str, request: BuildRequest) -> None:
    if request.publishing:
        _check_published(engine, image, request)


def write_build_files(folder: str, request: BuildRequest, *, ignore_flag: bool) -> BuildFiles:
    """Write the rewritten Dockerfile, if there is one, to a folder outside the context, with its ignore file beside it.

    BuildKit looks for `NAME.dockerignore` beside the Dockerfile, then for `.dockerignore` in the context; podman is
    told by an option. docker's legacy builder knows the second only.
    """
    iidfile = f"{folder}/iid"
    if not request.dockerfile_text:
        return BuildFiles(request.dockerfile, iidfile)
    name = os.path.basename(request.dockerfile) or "Dockerfile"
    written = f"{folder}/{name}"
    _write(written, request.dockerfile_text)
    beside = f"{request.dockerfile}.dockerignore"
    if not request.dockerfile or not os.path.isfile(beside):
        return BuildFiles(written, iidfile)
    if ignore_flag:
        return BuildFiles(written, iidfile, ignorefile=beside)
    with open(beside, encoding="utf-8", errors="surrogateescape") as file:
        _write(f"{written}.dockerignore", file.read())
    return BuildFiles(written, iidfile)


def _ignore(line: str) -> None:
    pass


def build_certificate_image(engine: CliEngine, certificates: Certificates) -> str:
    """Return the name of an image that holds only the bundle; made without network, once per content."""
    import shutil

    from cove.host.files import hash_file, scratch
    from cove.spec.certificates import render_certificates_image
    from cove.spec.run import BuildRequest

    reference = f"{CERTIFICATE_IMAGE}:{hash_file(certificates.bundle)[:12]}"
    if engine.inspect_image(reference) is None:
        with scratch("ca") as folder:
            shutil.copyfile(certificates.bundle, f"{folder}/ca.pem")
            os.chmod(f"{folder}/ca.pem", 0o644)
            _write(f"{folder}/Dockerfile", render_certificates_image())
            request = BuildRequest(context=folder, dockerfile=f"{folder}/Dockerfile", tags=(reference,))
            run_build(engine, request, _ignore)
    return reference


# -- what leaves the machine -------------------------------------------------------------------------------------------


def _check_publishable(engine: CliEngine, request: BuildRequest) -> None:
    if request.publishing and request.certificates is not None and engine.certificate_way == "copy":
        raise Refused(
            "docker's legacy builder would keep this machine's certificate authorities in the image",
            hint="Install docker's buildx plug-in, or build with `--engine podman`.",
        )


def _check_published(engine: CliEngine, image: str, request: BuildRequest) -> None:
    """Make sure that no value of this machine's is in the image's history or configuration.

    Proxies are build arguments that builders leave out of the history by themselves, unless the Dockerfile declares
    them with ARG.
    """
    told = engine.call("history", "--no-trunc", "--format", "{{.CreatedBy}}", image).stdout
    told += engine.call("image", "inspect", image).stdout
    secrets = {name: value for name, value in request.secret_args.items() if len(value) >= SHORTEST_SECRET}
    if request.certificates is not None:
        secrets["the path of the certificate authorities"] = request.certificates.bundle
    # The exceptions to a proxy are names (`.example.org`) that an image may well hold for reasons of its own.
    kept = [
        name
        for name, value in secrets.items()
        if (f"{name}={value}" if name.upper() == "NO_PROXY" else value) in told
    ]
    if kept:
        raise Refused(
            f"the image would carry this machine's {', '.join(kept)}, so it is not for publishing",
            hint="Remove the ARG or ENV lines of that name from the Dockerfile: builds get these values without them.",
        )


# -- files -------------------------------------------------------------------------------------------------------------


def _builder(engine: CliEngine) -> str:
    if engine.name == "podman":
        return "podman"
    return "docker (BuildKit)" if engine.dialect.buildkit else "docker (legacy builder)"


def _write(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)


def _read_text(path: str) -> str:
    """Return the Dockerfile as its author wrote it; nothing where there is none, or it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _read_id(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            found = file.read().strip()
    except OSError as error:
        raise BuildError("the builder says it is done, but names no image") from error
    if not found:
        raise EngineError("the builder says it is done, but names no image")
    return found if found.startswith("sha256:") else f"sha256:{found}"
