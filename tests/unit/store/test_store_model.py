"""The store against a model of it in plain lists and dicts, whatever is done in whatever order."""

import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pytest_dre.model.runs import Attempt, RunResult, RunStatus, Spending
from pytest_dre.store.runs import RunStore
from pytest_dre.store.totals import Means, Totals, Unstarted

RUNS = st.sampled_from(["r1", "r2", "r3"])
SESSIONS = st.sampled_from(["one", "two"])
AGENTS = st.sampled_from(["a", "b", None])
FINGERPRINTS = st.sampled_from(["f", "g"])
TEXTS = st.text(max_size=5)
EIGHTHS = st.integers(0, 800).map(lambda number: number / 8)  # sums of them are exact
STATUSES = st.sampled_from([RunStatus.SUCCESS, RunStatus.FAILED, RunStatus.SKIPPED])


@st.composite
def results(draw) -> RunResult:
    return RunResult(
        study_id="s",
        condition_id="c",
        run_id=draw(RUNS),
        replicate=1,
        agent_id=draw(AGENTS),
        problem_id="p",
        seed=draw(st.integers(0, 2**31)),
        status=draw(STATUSES),
        error_info=draw(st.none() | TEXTS),
        fingerprint=draw(FINGERPRINTS),
        latency_s=draw(st.none() | EIGHTHS),
        outputs={"text": draw(TEXTS)},
        metrics={"cost_usd": draw(EIGHTHS), "output_tokens": draw(st.integers(0, 10_000))},
        evaluations=[],
        events=[],
        trace_refs=[],
    )


class StoreMachine(RuleBasedStateMachine):
    """Every rule does the same to the store, through either of two connections, and to the model."""

    @initialize()
    def create(self):
        self.directory = Path(tempfile.mkdtemp())
        self.stores = [self.opened(), self.opened()]
        self.recorded: list[tuple[RunResult, str]] = []
        self.attempts: list[tuple[Attempt, str]] = []
        self.versions: dict = {}
        self.stops: dict[str, str] = {}
        self.notes: dict[str, Unstarted] = {}

    def opened(self) -> RunStore:
        path = self.directory / "store.sqlite"
        return RunStore.create_or_open(path, "s", on_salvage=lambda told: self.fail_with(str(told)))

    def fail_with(self, message: str) -> None:
        raise AssertionError(message)

    def teardown(self):
        for store in self.stores:
            store.close()
        shutil.rmtree(self.directory)

    @rule(which=st.integers(0, 1))
    def reopen(self, which):
        self.stores[which].close()
        self.stores[which] = self.opened()

    @rule(which=st.integers(0, 1), result=results(), session=SESSIONS)
    def record(self, which, result, session):
        self.stores[which].record(result, session)
        self.recorded.append((result, session))

    @rule(which=st.integers(0, 1), result=results(), session=SESSIONS)
    def record_unless_recorded(self, which, result, session):
        known = any(item.run_id == result.run_id and of == session for item, of in self.recorded)
        assert self.stores[which].record_unless_recorded(result, session) is not known
        if not known:
            self.recorded.append((result, session))

    @rule(which=st.integers(0, 1), run=RUNS, agent=AGENTS, session=SESSIONS, cost=EIGHTHS, text=TEXTS)
    def record_attempt(self, which, run, agent, session, cost, text):
        attempt = Attempt(run, agent, "p", len(self.attempts), text, Spending(cost, 5, cost), "")
        self.stores[which].record_attempt(attempt, session)
        self.attempts.append((attempt, session))

    @rule(which=st.integers(0, 1), versions=st.dictionaries(st.tuples(st.just("agent"), RUNS), TEXTS))
    def set_versions(self, which, versions):
        self.stores[which].set_versions(versions)
        self.versions.update(versions)

    @rule(which=st.integers(0, 1), session=SESSIONS, reason=TEXTS)
    def request_stop(self, which, session, reason):
        self.stores[which].request_stop(session, reason)
        self.stops.setdefault(session, reason)

    @rule(which=st.integers(0, 1), run=RUNS, session=SESSIONS, reason=TEXTS, message=TEXTS)
    def note_unstarted(self, which, run, session, reason, message):
        self.stores[which].note_unstarted(run, session, reason, message)
        self.notes[run] = Unstarted(reason, message, session)

    @invariant()
    def results_agree(self):
        for store in self.stores:
            found: dict[str, set[str]] = defaultdict(set)
            for item, _ in self.recorded:
                found[item.run_id].add(item.fingerprint)
            assert store.fingerprints() == found
            for run in ("r1", "r2", "r3"):
                assert store.latest(run) == self.latest(run)
                for fingerprint in ("f", "g"):
                    counts = self.counting(run, fingerprint)
                    assert store.result(run, fingerprint) == counts
                    done = counts is not None and counts.status is RunStatus.SUCCESS
                    assert store.completed(run, fingerprint) == (counts if done else None)

    @invariant()
    def sessions_agree(self):
        for store in self.stores:
            assert store.versions() == self.versions
            assert store.unstarted() == self.notes
            for session in ("one", "two"):
                assert store.stop_reason(session) == self.stops.get(session)
                carried_out = {True: set(), False: set()}
                for item, of in self.recorded:
                    if item.status is not RunStatus.SKIPPED:
                        carried_out[of == session].add(item.run_id)
                assert store.only_before(session) == carried_out[False] - carried_out[True]
                for run in ("r1", "r2", "r3"):
                    mine = [item for item, of in self.attempts if item.run_id == run and of == session]
                    assert store.attempts(run, session) == mine

    @invariant()
    def spending_agrees(self):
        for store in self.stores:
            for session in ("one", "two", None):
                for agent in ("a", "b", None):
                    assert store.spending(session, agent) == self.spent(session, agent)
            means = store.means()
            assert means.keys() == self.means().keys()
            for key, mean in self.means().items():
                assert means[key].runs == mean.runs
                assert abs(means[key].cost_usd - mean.cost_usd) < 1e-9
                assert abs(means[key].tokens - mean.tokens) < 1e-9
                assert abs(means[key].seconds - mean.seconds) < 1e-9

    def counting(self, run: str, fingerprint: str) -> RunResult | None:
        mine = [item for item, _ in self.recorded if (item.run_id, item.fingerprint) == (run, fingerprint)]
        carried_out = [item for item in mine if item.status is not RunStatus.SKIPPED]
        return (carried_out or mine or [None])[-1]

    def latest(self, run: str) -> RunResult | None:
        mine = [item for item, _ in self.recorded if item.run_id == run and item.status is not RunStatus.SKIPPED]
        return ([item for item in mine if item.status is RunStatus.SUCCESS] or mine or [None])[-1]

    def spent(self, session: str | None, agent: str | None) -> Totals:
        runs = [
            item
            for item, of in self.recorded
            if session in (None, of) and agent in (None, item.agent_id) and item.status is not RunStatus.SKIPPED
        ]
        failed = [item for item, of in self.attempts if session in (None, of) and agent in (None, item.agent_id)]
        spendings = [item.spending for item in (*runs, *failed)]
        return Totals(
            sum((item.cost_usd for item in spendings), 0.0),
            sum(item.tokens for item in spendings),
            sum((item.seconds for item in spendings), 0.0),
            len(runs),
            sum(item.status is RunStatus.FAILED for item in runs),
        )

    def means(self) -> dict[tuple[str | None, str | None], Means]:
        last = {item.run_id: item for item, _ in self.recorded if item.status is RunStatus.SUCCESS}
        groups = defaultdict(list)
        for item in last.values():
            groups[item.agent_id, item.problem_id].append(item.spending)
        return {
            key: Means(
                len(items),
                sum(item.cost_usd for item in items) / len(items),
                sum(item.tokens for item in items) / len(items),
                sum(item.seconds for item in items) / len(items),
            )
            for key, items in groups.items()
        }


StoreMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None, derandomize=True)
TestStore = StoreMachine.TestCase
