"""How one run is carried out: how long it may take, and which failures are tried again."""

from dataclasses import dataclass

from pytest_dre.model.running import Limits

# What networks and rate limits raise, by the names of the classes; a class derived from one of them counts as well.
DEFAULT_RETRY_ON = (
    # Python itself
    "ConnectionError",  # also of requests and botocore
    "TimeoutError",  # also of urllib3
    "socket.gaierror",
    "http.client.IncompleteRead",
    # openai, anthropic and their kin; litellm derives from them
    "RateLimitError",
    "APIConnectionError",
    "APITimeoutError",
    "InternalServerError",  # also of google.api_core
    "OverloadedError",
    "ServiceUnavailableError",
    "DeadlineExceededError",
    "TooManyRequestsError",
    # httpx and httpcore; requests
    "ConnectError",
    "ReadError",
    "WriteError",
    "ConnectTimeout",
    "ReadTimeout",
    "WriteTimeout",
    "PoolTimeout",
    "RemoteProtocolError",
    "requests.Timeout",
    "requests.exceptions.ChunkedEncodingError",
    # aiohttp, urllib3
    "aiohttp.ClientConnectionError",
    "aiohttp.ClientPayloadError",
    "urllib3.exceptions.MaxRetryError",
    "urllib3.exceptions.NewConnectionError",
    "urllib3.exceptions.ProtocolError",
    # Google, Amazon
    "google.api_core.exceptions.TooManyRequests",
    "google.api_core.exceptions.ResourceExhausted",
    "google.api_core.exceptions.ServiceUnavailable",
    "google.api_core.exceptions.BadGateway",
    "google.api_core.exceptions.GatewayTimeout",
    "google.api_core.exceptions.DeadlineExceeded",
    "google.genai.errors.ServerError",
    "botocore.exceptions.HTTPClientError",
    "ThrottlingException",
    "TooManyRequestsException",
    "ServiceUnavailableException",
)


@dataclass(frozen=True, slots=True)
class RunPolicy:
    """What one run may take, and how often it is tried. The fields mean what they do in `limits` of a study.

    Attributes:
        timeout_s: Seconds for all attempts and the waits between them, None for no limit.
        retries: How often a run is tried again at most.
        retry_on: Names of the exceptions after which it is: "Name", or "package.Name" where names are ambiguous.
        retry_wait_s: About how long to wait before the second attempt, seconds; twice as long before each further one.
        retry_max_wait_s: The longest wait, seconds.
    """

    timeout_s: float | None = None
    retries: int = 0
    retry_on: tuple[str, ...] = DEFAULT_RETRY_ON
    retry_wait_s: float = 1.0
    retry_max_wait_s: float = 60.0

    def retries_after(self, error: BaseException | None) -> bool:
        """Return whether a run that failed with `error` may be tried again; of a group, all its errors must allow it.

        A name stands for a class of this name and all derived from it; before the name may stand the class's module
        or a package that holds it: "requests.Timeout" is `requests.exceptions.Timeout`.
        """
        try:
            return self._allows(error)
        except Exception:  # it fails when it is looked at, or holds others in too many levels
            return False

    def _allows(self, error: BaseException | None) -> bool:
        if isinstance(error, BaseExceptionGroup):
            return all(map(self._allows, error.exceptions))
        kinds = () if error is None else type(error).__mro__
        return any(_is_called(kind, name) for kind in kinds for name in self.retry_on)


def policy_for(limits: Limits, agent_id: str | None) -> RunPolicy:
    """Return what the study's limits say of the agent's runs; of each key, the agent's own value wins."""
    own = limits.agents.get(agent_id) if agent_id is not None else None
    layers = (limits,) if own is None else (limits, own)
    given = {key: value for layer in layers for key in _KEYS if (value := getattr(layer, key)) is not None}
    return RunPolicy(**given)


_KEYS = ("timeout_s", "retries", "retry_on", "retry_wait_s", "retry_max_wait_s")


def _is_called(kind: type, name: str) -> bool:
    place, dot, bare = name.rpartition(".")
    if kind.__name__ != bare:
        return False
    return not dot or kind.__module__ == place or kind.__module__.startswith(f"{place}.")
