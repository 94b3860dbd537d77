"""The order in which runs are started."""

from collections.abc import Generator

import pytest

from pytest_dre.integration.nodes import RunItem, StudyFile


class ReplicatesInOrder:
    """Puts runs of studies that may stop early back into the order of replicates, whoever shuffled or sorted them.

    A look can be judged once the runs of its replicates are in: in any other order, most others would be carried out
    by then. All processes of a session have the same items in the same order, and so they have afterwards.
    """

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, object, object]:
        """Sort each study's within the places that they have."""
        result = yield
        places: dict[StudyFile, list[int]] = {}
        for index, item in enumerate(items):
            if isinstance(item, RunItem):
                places.setdefault(item.parent, []).append(index)
        for study_file, indices in places.items():
            if any(gate.may_stop_early for gate in study_file.planned.study.gates):
                runs = [item for index in indices if isinstance(item := items[index], RunItem)]
                for index, run in zip(indices, sorted(runs, key=lambda item: item.run.replicate), strict=True):
                    items[index] = run
        return result
