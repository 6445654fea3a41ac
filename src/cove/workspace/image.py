"""From a configuration to an image that is ready to run: pulled or built, with the right user in it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from cove.errors import ConfigurationError, EngineError
from cove.spec.config import ComposeSource, ImageSource
from cove.spec.dockerfile import (
    base_images,
    final_base,
    parse_dockerfile,
    render_build_files,
    render_certificates,
    render_replaced_bases,
    render_uid_update,
    render_user_image,
    render_without_caches,
)
from cove.spec.layer import Layer
from cove.spec.merge import merge_layers, parse_metadata_label, render_metadata_label
from cove.spec.run import BuildRequest
from cove.spec.variables import substitute
from cove.workspace.bases import BuildOptions, fetch_base
from cove.workspace.mirrors import build_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cove.engines.base import ImageInfo
    from cove.host.machine import Owner
    from cove.spec.config import DockerfileSource
    from cove.spec.merge import Merged
    from cove.workspace.progress import Step
    from cove.workspace.read import Reading
    from cove.workspace.session import Session

METADATA = "devcontainer.metadata"
BARE_USER = "dev"
"""The user that cove adds to a bare Dockerfile whose user is root."""


class Image(NamedTuple):
    """An image ready to run, and where it came from."""

    reference: str
    info: ImageInfo
    layers: tuple[Layer, ...]
    """Image metadata, then the configuration's own, as written."""
    merged: Merged
    origin: str
    """In a person's words: `Dockerfile`, or the image's name."""
    substitutes: Mapping[str, str]
    """Base images that could not be had, and what stands in for them."""
    recovery: bool = False
    """It stands in for one that could not be made or did not start."""


def prepare_image(
    session: Session, reading: Reading, *, name: str, options: BuildOptions | None = None
) -> Image:
    """Pull or build the image of a configuration, and give it the right user.

    Raises ConfigurationError, BuildError, NetworkError, EngineError, or Refused.
    """
    options = options or BuildOptions()
    for sentence in reading.configuration.additions.unknown:
        session.progress.warn(sentence)
    if reading.inferred:
        session.progress.note(
            "no devcontainer.json and no Dockerfile here, so this is inferred (`cove init` writes it down):"
        )
        for reason in reading.inferred.reasons:
            session.progress.note(f"  {reason}")
    substitutes: dict[str, str] = {}
    source = reading.configuration.source
    assert not isinstance(source, ComposeSource), "its reading has what the service runs or builds"
    features = reading.configuration.features
    inner = options.inner if features else options  # on which Features are installed
    origin = source.image if isinstance(source, ImageSource) else _origin(source, reading)
    with session.progress.step("image", f"image from {origin}") as step:
        if isinstance(source, ImageSource):
            reference = source.image
            info = None if options.pull or options.publishing else session.engine.inspect_image(reference)
            if info is None:
                reference = fetch_base(session, reference, step, substitutes, options)
                if inner.tags:
                    reference = _publish(session, reading, reference, step, options)
        else:
            tag = _tag(name, reading, "image")
            reference, info = _build(session, reading, source, tag, step, substitutes, inner), None
        info = info or _inspect(session, reference)
    layers = (*_metadata(session, info), reading.written.layer)
    image = Image(reference, info, layers, _merged(layers, reading), origin, substitutes)
    if features:
        image = _with_features(session, reading, image, name, options)
    if options.publishing:
        return image
    if reading.project and reading.project.user:
        image = image._replace(info=image.info._replace(user=reading.project.user))
    return with_user(session, reading, image, name)


def _merged(layers: tuple[Layer, ...], reading: Reading) -> Merged:
    return merge_layers(substitute(layers, reading.scope))


def _metadata(session: Session, info: ImageInfo | None) -> tuple[Layer, ...]:
    """Return the layers of an image's label; one that cannot be read is somebody else's mistake, and only told."""
    try:
        return parse_metadata_label(info.labels.get(METADATA, "")) if info else ()
    except ConfigurationError as error:
        session.progress.warn(f"the base image's metadata is ignored: {error.message}")
        return ()


def remote_user(image: Image) -> str:
    """Return the user that commands and the editor run as."""
    return image.merged.remote_user or _container_user(image)


# -- building


def _build(
    session: Session,
    reading: Reading,
    source: DockerfileSource,
    tag: str,
    step: Step,
    substitutes: dict[str, str],
    options: BuildOptions,
) -> str:
    """Build the configuration's own Dockerfile and return a name of the result."""
    text = read_dockerfile(source, reading)
    dockerfile = parse_dockerfile(text, path=source.dockerfile)
    bases = base_images(dockerfile, source.args, source.target)
    replaced = {
        base: found
        for base in bases
        if (found := fetch_base(session, base, step, substitutes, options)) != base
    }
    if replaced:
        text = render_replaced_bases(dockerfile, replaced, source.args)
    if session.engine.certificate_way == "copy":  # docker's legacy builder, which knows no mounts
        text = render_without_caches(parse_dockerfile(text, path=source.dockerfile))
    labels = {}
    if options.publishing and options.tags and (base := final_base(dockerfile, source.args, source.target)):
        labels = _published_labels(session, reading, replaced.get(base, base))
    tags = options.tags or (tag,)
    session.engine.build(
        BuildRequest(
            context=source.context,
            dockerfile=source.dockerfile,
            dockerfile_text=_with_certificates(session, text, source.dockerfile, options),
            tags=tags,
            args=source.args,
            secret_args=session.proxies,
            target=source.target,
            labels={**labels, **options.labels},
            cache_from=(*options.cache_from, *source.cache_from),
            cache_to=options.cache_to,
            output=options.output,
            options=source.options,
            no_cache=options.no_cache,
            platform=options.platform,
            push=options.push,
            certificates=session.certificates,
            files=build_files(session),
            publishing=options.publishing,
        ),
        step.line,
    )
    return tags[0]


def _publish(session: Session, reading: Reading, reference: str, step: Step, options: BuildOptions) -> str:
    """Give an image from elsewhere the configuration's metadata label, and names of its own."""
    session.engine.build(
        BuildRequest(
            context="",
            dockerfile="",
            dockerfile_text=f"FROM {reference}\n",
            tags=options.tags,
            labels={**_published_labels(session, reading, reference), **options.labels},
            cache_from=options.cache_from,
            cache_to=options.cache_to,
            output=options.output,
            no_cache=options.no_cache,
            platform=options.platform,
            push=options.push,
            publishing=True,
        ),
        step.line,
    )
    return options.tags[0]


def _published_labels(session: Session, reading: Reading, base: str) -> dict[str, str]:
    """Return the label by which the image carries its configuration: the base's layers, then the configuration's."""
    layers = (*_metadata(session, session.engine.inspect_image(base)), reading.written.layer)
    return {METADATA: render_metadata_label(layers)}


def read_dockerfile(source: DockerfileSource, reading: Reading) -> str:
    """Return a Dockerfile's text. Raises ConfigurationError when it cannot be read, naming who points to it."""
    path = reading.configuration.path
    try:
        with open(source.dockerfile, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        raise ConfigurationError(f"the Dockerfile {source.dockerfile} does not exist", path=path) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the Dockerfile: {error}", path=source.dockerfile) from error


def _with_certificates(session: Session, text: str, path: str, options: BuildOptions) -> str:
    """Return the text with the host's certificate authorities and the mirrors in sight of every build step."""
    certificates, way = session.certificates, session.engine.certificate_way
    if way != "copy" and (files := build_files(session)):
        text = render_build_files(parse_dockerfile(text, path=path), files, way=way)
    if certificates is None:
        return text
    image = session.engine.certificate_image(certificates) if way == "copy" and not options.publishing else ""
    return render_certificates(parse_dockerfile(text, path=path), way=way, image=image)


# -- Features


def _with_features(
    session: Session, reading: Reading, image: Image, name: str, options: BuildOptions
) -> Image:
    """Return the image with the configuration's Features installed; one that was made before costs one look."""
    from cove.spec.feature_install import Users, render_features_dockerfile
    from cove.workspace.feature_image import install_features, render_tag
    from cove.workspace.features import LockOptions, resolve_features

    lock = LockOptions(frozen=options.frozen_lockfile, ignored=options.no_lockfile)
    installation = resolve_features(session, reading, lock)
    *base, own = image.layers
    layers = (*base, *installation.layers, own)
    of_service = reading.project.user if reading.project else ""
    container = image.merged.container_user or of_service or _container_user(image)
    users = Users(image.info.user or "root", container, image.merged.remote_user or container)
    digest = render_tag(image.info.id, installation, users)
    tags = options.tags or (f"{_tag(name, reading, 'features')}-{digest}",)
    info = None if options.publishing or options.no_cache else session.engine.inspect_image(tags[0])
    if info is None:
        shown = layers if options.feature_customizations else _without_customizations(layers)
        text = render_features_dockerfile(image.reference, installation.order, users)
        request = BuildRequest(
            context="",
            dockerfile="",
            dockerfile_text=_with_certificates(session, text, "", options),
            tags=tags,
            secret_args=session.proxies,
            labels={METADATA: render_metadata_label(shown), **options.labels} if options.publishing else {},
            cache_from=options.cache_from,
            cache_to=options.cache_to,
            output=options.output,
            no_cache=options.no_cache,
            platform=options.platform,
            push=options.push,
            certificates=session.certificates,
            files=build_files(session),
            publishing=options.publishing,
        )
        install_features(session, installation, users, request)
        info = _inspect(session, tags[0])
    return image._replace(reference=tags[0], info=info, layers=layers, merged=_merged(layers, reading))


def _without_customizations(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Return the layers without what Features, which alone have an id, say to editors."""
    return tuple(
        layer._replace(
            customizations=None, written={k: v for k, v in layer.written.items() if k != "customizations"}
        )
        if layer.id
        else layer
        for layer in layers
    )


def _container_user(image: Image) -> str:
    return image.merged.container_user or image.info.user or "root"


# -- users


def with_user(session: Session, reading: Reading, image: Image, name: str) -> Image:
    """Return the image with the user the specification wants: the host user's ids, where they can and may be had."""
    owner = reading.owner
    user = remote_user(image)
    engine = session.engine.info()
    if engine.rootless and engine.name == "docker":
        session.progress.note("docker runs rootless: root in the container is you on this machine")
        return image
    if reading.address.config_path == "" and is_root(user):
        if owner.uid == 0:
            session.progress.note("the folder belongs to root, so the container's user is root")
            return image
        added = render_user_image(image.reference, user=BARE_USER, uid=owner.uid, gid=owner.gid)
        return _derive(session, reading, image, name, added, remote=BARE_USER)
    if not wants_uid_update(image, user, owner):
        if owner.uid == 0 and not is_root(user):
            session.progress.note(f"the folder belongs to root, so {user} may not be able to write in it")
        return image
    text = render_uid_update(
        image.reference, remote_user=user, uid=owner.uid, gid=owner.gid, image_user=image.info.user or "root"
    )
    return _derive(session, reading, image, name, text)


def is_root(user: str) -> bool:
    """Return whether a USER value means root."""
    return user.partition(":")[0] in {"", "root", "0"}


def wants_uid_update(image: Image, user: str, owner: Owner) -> bool:
    """Return whether `updateRemoteUserUID` applies: a named, non-root user on a Linux host whose owner is not root."""
    return image.merged.update_remote_user_uid and not is_root(user) and not user.isdigit() and owner.uid != 0


def _derive(
    session: Session, reading: Reading, image: Image, name: str, text: str, *, remote: str = ""
) -> Image:
    """Build a small Dockerfile on top of the image, unless that was done before; return the result.

    The tag holds the base's id and the recipe, so an image that has not changed costs one look.
    """
    digest = hashlib.sha256(f"{image.info.id}\n{text}".encode()).hexdigest()[:12]
    tag = f"{_tag(name, reading, 'user')}-{digest}"
    info = session.engine.inspect_image(tag)
    if info is None:
        with session.progress.step("user", "user with your ids") as step:
            session.engine.build(
                BuildRequest(context="", dockerfile="", dockerfile_text=text, tags=(tag,)), step.line
            )
        info = _inspect(session, tag)
    if not remote:
        return image._replace(reference=tag, info=info)
    layers = (*image.layers, Layer(remote_user=remote))
    return image._replace(reference=tag, info=info, layers=layers, merged=_merged(layers, reading))


def _inspect(session: Session, reference: str) -> ImageInfo:
    info = session.engine.inspect_image(reference)
    if info is None:
        raise EngineError(f"the image {reference} has vanished", hint="Was it removed meanwhile? Try again.")
    return info


def _tag(name: str, reading: Reading, part: str) -> str:
    return f"localhost/cove/{name}-{reading.address.id}:{part}"


def _origin(source: DockerfileSource, reading: Reading) -> str:
    if reading.inferred:
        return reading.inferred.origin
    return source.dockerfile.removeprefix(f"{reading.address.folder}/")
