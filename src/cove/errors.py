"""Every error a person can meet, as one tree.

CoveError                     exit  http
├── UsageError                   2   400   a command's words do not fit
├── ConfigurationError           3   422   devcontainer.json, Dockerfile, settings, a missing folder
├── EngineError                  4   503   no engine, or it refuses
├── BuildError                   5   500   an image did not build
├── LifecycleError               6   500   a lifecycle command failed
├── GpuError                     7   503   the GPUs asked for are not to be had
├── NetworkError                 8   502   a registry, gallery or download
├── PlaceError                   9   503   a scheduler, another machine, the way to a container
├── DiskError                   11   507   a disk is full or cannot be written
├── NotFound                     3   404   no such workspace
├── Refused                     10   403   the person said no, or consent is missing
└── Interrupted                130   503   Ctrl-C

Adapters translate foreign exceptions at their edge with `raise … from`. Three boundaries render these: the command
line, the gateway and (later) the Jupyter page. Whatever is not a CoveError is a bug of cove's own: exit code 70,
traceback kept.
"""


class CoveError(Exception):
    """Something a person can act on: what happened (`message`), and what to try next (`hint`, may be empty).

    `detail` is longer evidence, such as the last lines of a build, shown below the message.
    """

    exit_code = 70
    http_status = 500

    def __init__(self, message: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail


class UsageError(CoveError):
    """A command's words do not fit together."""

    exit_code = 2
    http_status = 400


class ConfigurationError(CoveError):
    """A file of the repository or of the person's settings is missing or wrong.

    With `path` given, the message starts with `path:line:column`; line and column count from 1, 0 means unknown.
    """

    exit_code = 3
    http_status = 422

    def __init__(
        self,
        message: str,
        *,
        path: str = "",
        line: int = 0,
        column: int = 0,
        hint: str = "",
        detail: str = "",
    ) -> None:
        where = ":".join([path, *(str(number) for number in (line, column) if number)]) if path else ""
        super().__init__(f"{where}: {message}" if where else message, hint=hint, detail=detail)
        self.path = path
        self.line = line
        self.column = column


class DiskError(CoveError):
    """A disk of this machine is full, or cannot be written."""

    exit_code = 11
    http_status = 507


class NotFound(CoveError):  # noqa: N818 - read at the raise: `raise NotFound(...)`
    """No workspace answers to that name or folder."""

    exit_code = 3
    http_status = 404


class EngineError(CoveError):
    """docker or podman is missing, does not answer, or refuses."""

    exit_code = 4
    http_status = 503


class BuildError(CoveError):
    """An image did not build."""

    exit_code = 5


class LifecycleError(CoveError):
    """A lifecycle command of the configuration failed."""

    exit_code = 6


class GpuError(CoveError):
    """The GPUs asked for are not there, not free, or do not fit."""

    exit_code = 7
    http_status = 503


class NetworkError(CoveError):
    """A registry, an index, an extension gallery or a download did not answer as it should."""

    exit_code = 8
    http_status = 502


class PlaceError(CoveError):
    """A scheduler, another machine, or the way to a container failed."""

    exit_code = 9
    http_status = 503


class Refused(CoveError):  # noqa: N818 - as above
    """The person said no, or a consent that was needed was not given."""

    exit_code = 10
    http_status = 403


class Interrupted(CoveError):  # noqa: N818 - as above
    """The person pressed Ctrl-C."""

    exit_code = 130
    http_status = 503
