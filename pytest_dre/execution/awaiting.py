"""Results of `async def` functions, waited for."""

import contextvars
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from pytest_dre.execution.forking import end_if_forked, getpid


def settle(value: Any) -> Any:
    """Return `value`, or, if it is awaitable, what it yields.

    Each awaitable gets an event loop of its own. Where one is running already (a notebook), that happens in a thread.
    """
    if not hasattr(type(value), "__await__"):
        return value
    import asyncio  # only studies with such agents pay for it

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        return _in_thread(partial(asyncio.run, _wait_for(value)))
    return asyncio.run(_wait_for(value))


async def _wait_for(value: Awaitable[Any]) -> Any:
    """Wait; a forked child ends here, before it closes the loop, which would take its parent's wake-ups away."""
    from asyncio import CancelledError

    process = getpid()
    try:
        settled = await value
    except CancelledError:  # by what made the loop end, which tells a child's exit code
        raise
    except BaseException as error:
        end_if_forked(process, error)
        raise
    end_if_forked(process)
    return settled


def _in_thread(wait: Callable[[], Any]) -> Any:
    results: list[Any] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(wait())
        except BaseException as error:  # handed over to the caller's thread, SystemExit too
            errors.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), name="dre-await")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
