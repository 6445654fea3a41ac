"""Work that goes on in a thread beside other work, and is given up when that fails."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Beside(Generic[T]):
    """A `with` block beside which `work` runs; `result()` waits for it and returns or raises what it did.

    When the block fails or is interrupted, `cancel` is called and nobody waits: the thread is a daemon, so what it
    does must be safe to leave half-done.
    """

    def __init__(
        self, work: Callable[[], T], *, name: str, cancel: Callable[[], object] | None = None
    ) -> None:
        self._work = work
        self._cancel = cancel
        self._outcome: list[T] = []
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def _run(self) -> None:
        try:
            self._outcome.append(self._work())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            self._error = error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            self._thread.join()
        elif self._cancel is not None:
            self._cancel()

    @property
    def done(self) -> bool:
        """Whether the work has ended."""
        return not self._thread.is_alive()

    def result(self) -> T:
        """Wait for the work and return its result, or raise its error."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._outcome[0]
