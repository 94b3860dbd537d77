"""What a study's limits say of one run, and which failures are tried again."""

import http.client
import socket
import subprocess
import sys

import pytest

from pytest_dre.execution.limits import DEFAULT_RETRY_ON, RunPolicy, policy_for
from pytest_dre.model.running import Limits


def made(name, module, *bases):
    return type(name, bases or (Exception,), {"__module__": module})


def test_an_agent_s_own_limits_win_key_by_key():
    limits = Limits.model_validate(
        {
            "timeout_s": 9.0,
            "retries": 2,
            "retry_wait_s": 0.5,
            "agents": {"a": {"retries": 0, "retry_on": ["Busy"]}, "b": {"timeout_s": 1.0, "retry_max_wait_s": 2.0}},
        }
    )
    assert policy_for(limits, None) == RunPolicy(9.0, 2, retry_wait_s=0.5)
    assert policy_for(limits, "other") == RunPolicy(9.0, 2, retry_wait_s=0.5)
    assert policy_for(limits, "a") == RunPolicy(9.0, 0, ("Busy",), 0.5)
    assert policy_for(limits, "b") == RunPolicy(1.0, 2, DEFAULT_RETRY_ON, 0.5, 2.0)


def test_without_limits_nothing_is_bounded_or_tried_again():
    assert policy_for(Limits(), "a") == RunPolicy()
    assert RunPolicy().retries == 0
    assert RunPolicy().timeout_s is None


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(),
        TimeoutError(),
        socket.gaierror(),
        http.client.RemoteDisconnected(),
        http.client.IncompleteRead(b""),
        made("RateLimitError", "openai")(),
        made("Timeout", "litellm.exceptions", made("APITimeoutError", "openai"))(),
        made("OverloadedError", "anthropic._exceptions")(),
        made("ConnectError", "httpx")(),
        made("ReadTimeout", "httpcore")(),
        made("Timeout", "requests.exceptions")(),
        made("SSLError", "requests.exceptions", made("ConnectionError", "requests.exceptions"))(),
        made("ResourceExhausted", "google.api_core.exceptions")(),
        made("EndpointConnectionError", "botocore.exceptions", made("ConnectionError", "botocore.exceptions"))(),
        made("ThrottlingException", "botocore.errorfactory")(),
        made("ServerDisconnectedError", "aiohttp", made("ClientConnectionError", "aiohttp.client_exceptions"))(),
        ExceptionGroup("two", [ConnectionError(), ExceptionGroup("one", [TimeoutError()])]),
    ],
    ids=lambda error: f"{type(error).__module__}.{type(error).__name__}",
)
def test_transient_failures_of_networks_and_rate_limits_are_tried_again_by_default(error):
    assert RunPolicy().retries_after(error)


@pytest.mark.parametrize(
    "error",
    [
        None,
        ValueError(),
        OSError(),
        PermissionError(),
        made("AuthenticationError", "openai")(),
        made("BadRequestError", "openai")(),
        made("Timeout", "my.own")(),
        made("Timeout", "requestsx")(),
        made("ServerError", "my.own")(),
        ExceptionGroup("mixed", [ConnectionError(), ValueError()]),
        KeyboardInterrupt(),
    ],
    ids=lambda error: f"{type(error).__module__}.{type(error).__name__}",
)
def test_other_failures_are_not(error):
    assert not RunPolicy().retries_after(error)


def test_the_sdk_s_own_classes_are_known():
    openai = pytest.importorskip("openai")
    known = {kind.__name__ for kind in (openai.RateLimitError, openai.APITimeoutError, openai.InternalServerError)}
    assert known <= set(DEFAULT_RETRY_ON)
    assert RunPolicy().retries_after(openai.APIConnectionError(request=None))
    assert RunPolicy(retry_on=("openai.APIConnectionError",)).retries_after(openai.APITimeoutError(request=None))


@pytest.mark.parametrize(
    ("name", "matches"),
    [
        ("LookupError", True),
        ("KeyError", True),
        ("builtins.LookupError", True),
        ("Exception", True),
        ("IndexError", False),
        ("other.KeyError", False),
        ("Key", False),
    ],
)
def test_a_name_stands_for_a_class_and_those_derived_from_it(name, matches):
    assert RunPolicy(retry_on=(name,)).retries_after(KeyError()) is matches


def test_a_package_may_stand_for_its_modules():
    error = made("Timeout", "requests.exceptions")()
    assert RunPolicy(retry_on=("requests.Timeout",)).retries_after(error)
    assert not RunPolicy(retry_on=("request.Timeout",)).retries_after(error)
    assert not RunPolicy(retry_on=()).retries_after(error)


def test_reading_a_policy_does_not_import_what_only_retries_need():
    code = "import sys, pytest_dre.execution\nassert 'tenacity' not in sys.modules\n"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
