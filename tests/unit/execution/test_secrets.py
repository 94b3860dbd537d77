"""No value of a secret environment variable is stored or shown."""

import base64
import json
import os
from dataclasses import fields, replace
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.execution.secrets import SecretMasker
from pytest_dre.execution.surroundings import kept_surroundings
from pytest_dre.model.runs import RunResult, RunStatus

KEY = "sk-proj/Ab+9é\"x'\\y"
# Ids and the like are the study's, and other parts compare them; numbers hold no text.
NEVER_MASKED = {
    "study_id",
    "condition_id",
    "run_id",
    "agent_id",
    "problem_id",
    "replicate",
    "seed",
    "status",
    "status_reason",
    "start_time",
    "end_time",
    "latency_s",
    "fingerprint",
    "attempts",
    "lost_usd",
    "lost_tokens",
    "lost_s",
}


def masker(**environment):
    return SecretMasker(environment=environment)


def result(**changes):
    values = {"study_id": "s", "condition_id": "c", "run_id": "r", "replicate": 1, "agent_id": "a", "problem_id": "p"}
    return replace(RunResult(**values, seed=1, status=RunStatus.SUCCESS), **changes)


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "openai_api_key",
        "AZURE_OPENAI_API_KEY_2",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "HF_TOKEN",
        "TOKEN",
        "CLIENT_SECRET",
        "DB_PASSWORD",
        "PGPASSWORD",
        "SMTP_PASSWD",
        "MYSQL_PWD",
        "DB_PASS",
        "GOOGLE_CREDENTIALS",
        "GITHUB_PAT",
        "SENTRY_DSN",
        "APIKEY",
        "SECRET_KEY_BASE_SECRET_1",
    ],
)
def test_variables_that_look_like_keys_are_secret(name):
    assert masker(**{name: "hunter2hunter2"}).text("it is hunter2hunter2.") == "it is ***."


@pytest.mark.parametrize("name", ["HOME", "PWD", "MONKEY", "HF_TOKENIZER", "SSH_AUTH_SOCK", "KEYBOARD", "PATTERN"])
def test_other_variables_are_not(name):
    assert masker(**{name: "hunter2hunter2"}).text("it is hunter2hunter2.") == "it is hunter2hunter2."


def test_further_names_can_be_given():
    more = SecretMasker(["lab_*"], {"LAB_BADGE": "hunter2hunter2"})
    assert more.text("hunter2hunter2") == "***"


@pytest.mark.parametrize("value", ["short", "true", "12345678", "1e10", "-3.25e+100", "*" * 12, __file__])
def test_values_that_ordinary_text_holds_are_not_masked(value):
    plain = masker(MY_TOKEN=value)
    assert plain.text(f"<{value}>") == f"<{value}>"


@pytest.mark.parametrize("value", ["1234567890123456", "/no/such/file/bXlzZWNyZXQ=", "/" + "x" * 5000, "abc\0d/efgh"])
def test_what_merely_looks_like_a_number_or_path_is(value):
    assert masker(MY_TOKEN=value).text(f"<{value}>") == "<***>"


@pytest.mark.parametrize(
    "form",
    [
        KEY,
        json.dumps(KEY)[1:-1],
        json.dumps(KEY, ensure_ascii=False)[1:-1],
        repr(KEY)[1:-1],
        quote(KEY),
        quote(KEY, safe=""),
        quote_plus(KEY),
        base64.b64encode(KEY.encode()).decode(),
        base64.urlsafe_b64encode(KEY.encode()).decode().rstrip("="),
    ],
)
def test_a_secret_is_found_however_it_is_written(form):
    assert masker(API_KEY=KEY).text(f"Authorization: {form}, sent") == "Authorization: ***, sent"


def test_a_newline_behind_a_value_does_not_hide_it():
    assert masker(API_KEY="hunter2hunter2\n").text("is hunter2hunter2?") == "is ***?"


def test_the_password_in_a_url_is_secret_whatever_the_variable():
    database = masker(DATABASE_URL="postgres://me:pa55word-long@db.example/x")
    assert database.text("cannot log in with pa55word-long at db.example") == "cannot log in with *** at db.example"
    assert masker(PROXY="http://me@proxy.example:8080").text("proxy.example:8080") == "proxy.example:8080"


def test_several_keys_in_one_variable_are_secret_each():
    assert masker(API_KEYS="first-secret, second-secret").text("used second-secret") == "used ***"
    assert masker(API_KEY="correct horse, secretly").text("secretly") == "secretly"


def test_lines_of_a_private_key_are_secret_each():
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASC\n-----END PRIVATE KEY-----\n"
    private = masker(TLS_KEY=pem)
    assert private.text("  line 2: MIIEvQIBADANBgkqhkiG9w0B") == "  line 2: ***"
    assert private.text("-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----"


def test_the_longest_secret_goes_first():
    two = masker(A_KEY="abcdefgh", B_KEY="abcdefgh-and-more")
    assert two.text("abcdefgh-and-more abcdefgh") == "*** ***"


def test_a_secret_that_masking_puts_together_is_masked_too():
    assert masker(A_KEY="inner-secret", B_KEY="out***er-side").text("outinner-secreter-side") == "***"


def test_every_text_of_a_result_is_masked_and_nothing_else():
    said = f"used {KEY} here"
    texts = {
        "outputs": {"text": said, "nested": [{"deep": [said, 3, None, True]}]},
        "metrics": {"primary_outcome": 0.5, "note": said, KEY: 1, "count": 2},
        "evaluations": [{"metric_name": said, "metric_value": 1.5}],
        "events": ({"text": said, "meta": {KEY: KEY}},),
        "trace_refs": [said],
        "metadata": {"url": f"https://x/?key={quote_plus(KEY)}"},
        "versions": {"agent": said},
    }
    texts |= {item.name: said for item in fields(RunResult) if item.name not in {*texts, *NEVER_MASKED}}
    identity = {"study_id": KEY, "condition_id": KEY, "run_id": KEY, "agent_id": KEY, "fingerprint": KEY}
    masked = masker(API_KEY=KEY).result(result(**texts, **identity))
    for name in NEVER_MASKED:
        assert getattr(masked, name) == getattr(result(**identity), name)
    assert masked.error_info == masked.traceback == masked.model_name == "used *** here"
    assert masked.outputs == {"text": "used *** here", "nested": [{"deep": ["used *** here", 3, None, True]}]}
    assert masked.metrics == {"primary_outcome": 0.5, "note": "used *** here", "***": 1, "count": 2}
    assert masked.events == ({"text": "used *** here", "meta": {"***": "***"}},)
    assert masked.metadata == {"url": "https://x/?key=***"}
    rest = {name: value for name, value in masked.to_dict().items() if name not in NEVER_MASKED}
    assert KEY not in repr(rest)
    assert rest.keys() == texts.keys()


def test_a_result_without_secrets_is_the_same_object():
    plain = result(outputs={"text": "nothing", "number": float("nan")})
    assert masker(API_KEY=KEY).result(plain) is plain
    assert masker(HOME="/somewhere").result(plain) is plain


def test_keys_that_masking_makes_equal_keep_their_values():
    two = masker(A_KEY="first-secret", B_KEY="second-secret")
    value = {"first-secret": 1, "second-secret": 2, "***": 3, 4: "first-secret"}
    assert two.value(value) == {"***": 1, "***-2": 2, "***-3": 3, 4: "***"}


def test_captured_sections_are_masked():
    captured = [("Captured stdout call", f"key {KEY}\n"), ("Captured log call", "fine")]
    masked = masker(API_KEY=KEY).value(captured)
    assert masked == [("Captured stdout call", "key ***\n"), ("Captured log call", "fine")]


@pytest.fixture
def environment(monkeypatch):
    monkeypatch.setenv("FIRST_TOKEN", "hunter1hunter1")
    monkeypatch.delenv("DOTENV_TOKEN", raising=False)
    return monkeypatch


def test_the_process_environment_counts(environment):
    assert SecretMasker().text("hunter1hunter1") == "***"


def test_a_secret_that_a_run_brings_in_is_masked_after_it(environment):
    watching = SecretMasker()
    with kept_surroundings(watching.observe):
        os.environ["DOTENV_TOKEN"] = "hunter2hunter2"
        del os.environ["FIRST_TOKEN"]
    assert "DOTENV_TOKEN" not in os.environ
    assert watching.text("hunter1hunter1 hunter2hunter2") == "*** ***"


def test_a_secret_set_between_runs_is_seen_at_the_start_of_the_next(environment):
    watching = SecretMasker()
    environment.setenv("DOTENV_TOKEN", "hunter2hunter2")
    with kept_surroundings(watching.observe):
        assert watching.text("hunter2hunter2") == "***"


def test_variables_that_come_and_go_change_nothing_for_secrets():
    changing = masker(A_KEY="hunter1hunter1")
    changing.observe({"A_KEY": "hunter1hunter1", "HOME": "/somewhere"})
    changing.observe({})
    assert changing.text("hunter1hunter1 /somewhere") == "*** /somewhere"


SECRETS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=8, max_size=20)
PIECES = st.one_of(st.text(max_size=10), st.sampled_from(["***", "*", "key=", "\\", '"']))


def plain_data(texts):
    leaves = texts | st.none() | st.booleans() | st.floats() | st.integers()
    return st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))


def texts_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (*texts_in(key), *texts_in(item))
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


@given(st.data(), st.lists(SECRETS, min_size=1, max_size=3))
def test_no_secret_survives_and_masking_twice_changes_nothing_more(data, secrets):
    environment = {f"A_{number}_KEY": secret for number, secret in enumerate(secrets)}
    all_of_them = SecretMasker(environment=environment)
    masked_ones = [secret.strip() for secret in secrets if all_of_them.text(secret.strip()) != secret.strip()]
    pieces = st.lists(PIECES | st.sampled_from(secrets), max_size=4).map("".join)
    original = result(outputs={"x": data.draw(plain_data(pieces))}, error_info=data.draw(pieces))
    masked = all_of_them.result(original)
    texts = [*texts_in(dict(masked.outputs)), masked.error_info]
    assert not [secret for secret in masked_ones for text in texts if secret in text]
    assert all_of_them.result(masked) is masked
    assert all(all_of_them.text(text) == text for text in texts)


@given(st.lists(st.text(max_size=7)).map("☃".join), SECRETS.filter(lambda secret: "☃" not in secret))
def test_text_without_a_secret_is_unchanged(text, secret):
    """No piece between two snowmen has room for a secret."""
    assert masker(A_KEY=secret).text(text) == text
