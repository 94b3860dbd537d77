"""Imports of what stands beside a study: each study gets its own modules, made of what their files hold now.

Python keeps one module a name. Two studies of a session may each have a `helpers.py`; whichever came second would be
carried out with the other's, and its results told to be its own.
"""

import sys
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType

from pytest_dre.definitions import is_users

_CONFTEST = "conftest.py"  # pytest puts the directory of each on the import path, for good

# All below are of the process, as `sys.modules` is.
_owners: "weakref.WeakKeyDictionary[ModuleType, tuple[Path, Path]]" = weakref.WeakKeyDictionary()
"""Of each module that a study's import has brought in from beside it: the study's directory, and the module's."""

_aside: dict[Path, dict[str, ModuleType]] = {}
"""By directory: its modules that had to make room for those of another."""

_reached: dict[Path, dict[Path, None]] = {}
"""By a study's directory: those that its references have been loaded from, in order."""


def forget() -> None:
    """Start anew: what earlier sessions of this process have imported is as any other module."""
    _owners.clear()
    _aside.clear()
    _reached.clear()


@contextmanager
def study_imports(study_dir: Path) -> Iterator[None]:
    """Let imports that runs make find the modules that the study's references were loaded with."""
    with ExitStack() as stack:
        for directory in _reached.get(study_dir.resolve(), ()):
            stack.enter_context(imports_from(directory, study_dir, on_path=False))
        yield


class imports_from:
    """Let imports find modules in a directory, as they would if no other study had been loaded before.

    The directory stands on the import path behind all else but the directories of other studies. Modules that another
    study has brought in from beside it are set aside, and put in place again when that study's turn comes.

    Args:
        directory: Where to look.
        study_dir: The directory of the study that the imports are for.
        on_path: Whether the directory is added to the import path.
        keep: Whether the study's modules stay in place afterwards.
    """

    def __init__(self, directory: Path, study_dir: Path, *, on_path: bool = True, keep: bool = True) -> None:
        self._directory = directory.resolve()
        self._study = study_dir.resolve()
        self._on_path, self._keep = on_path, keep

    def __enter__(self) -> None:
        _reached.setdefault(self._study, {})[self._directory] = None
        self._entries = [str(self._directory)] if self._on_path else []
        self._foreign = [entry for entry in sys.path if self._is_foreign(entry)]
        self._path = sys.path[:]
        own = [entry for entry in sys.path if entry not in self._foreign]
        sys.path[:] = [*own, *self._entries, *self._foreign]
        sys.meta_path.insert(_place_of_finder(), CURRENT_CODE)
        own_names = _names_in(self._directory)
        self._made_room = _set_aside(lambda name, module: self._others_home(name, module, own_names))
        sys.modules.update(_aside.pop(self._directory, {}))
        self._before = set(sys.modules)

    def __exit__(self, *_: object) -> None:
        for name in _top_level(set(sys.modules) - self._before):
            module = sys.modules[name]
            if isinstance(module, ModuleType) and _home(module) == self._directory:
                _owners[module] = self._study, self._directory
        if not self._keep:
            _set_aside(self._own_home)
        for name, home in self._made_room.items():
            # Those of other studies wait for their turn: this study's runs are not to find them either.
            if name not in sys.modules and _aside.get(home, {}).get(name) not in _owners:
                _put_back(name, home)
        with suppress(ValueError):  # somebody has put the finders back
            sys.meta_path.remove(CURRENT_CODE)
        self._restore_path()

    def _restore_path(self) -> None:
        for entry in self._entries:
            with suppress(ValueError):
                sys.path.remove(entry)
        if self._foreign:  # what the imports added to the path stays on it
            added = [entry for entry in sys.path if entry not in self._path]
            sys.path[:] = [*added, *self._path]

    def _is_foreign(self, entry: str) -> bool:
        """Return whether an entry of the import path is there for other studies or tests."""
        place = Path(entry).resolve()
        if self._directory.is_relative_to(place):  # a conftest above serves this study too
            return False
        others = {home for study, home in _owners.values() if study != self._study}
        return place in others or (place / _CONFTEST).is_file()

    def _own_home(self, _: str, module: ModuleType) -> Path | None:
        study, home = _owners.get(module, (None, None))
        return home if study == self._study else None

    def _others_home(self, name: str, module: ModuleType, own_names: set[str]) -> Path | None:
        """Return the directory of a module that imports must not find here, None of all others."""
        study, home = _owners.get(module, (None, None))
        if home == self._directory:
            return None
        if study not in (None, self._study):
            return home
        if name not in own_names:
            return None
        if home is None and (there := _home(module)) and self._is_foreign(str(there)):
            return there  # a conftest of another directory has imported it
        return home


class _CurrentCode(MetaPathFinder):
    """Finds what the finders behind it find; the user's own modules are loaded from what their files hold now."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the module's spec, None if nobody finds it."""
        behind = sys.meta_path[sys.meta_path.index(self) + 1 :]
        for finder in behind:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(fullname, path, target) if find else None
            if spec is not None:
                return _with_current_code(spec)
        return None


CURRENT_CODE = _CurrentCode()


class _CheckedBytecode(SourceFileLoader):
    """Takes compiled code only if it is newer than any change of its source.

    Python compares size and time of modification in whole seconds, so that a file saved twice within one second, or
    with its former time, would run as it was before, under a version that is made of the source as it is now.
    """

    def get_data(self, path: str) -> bytes:
        """Return the content of source or compiled code."""
        if path.endswith(".pyc"):
            source = Path(self.path).stat()
            if Path(path).stat().st_mtime_ns <= max(source.st_mtime_ns, source.st_ctime_ns):
                raise FileNotFoundError(path)  # Python then compiles the source, and keeps that
        return super().get_data(path)


def _with_current_code(spec: ModuleSpec) -> ModuleSpec:
    loader = spec.loader
    if type(loader) is SourceFileLoader and is_users(loader.path):
        spec.loader = _CheckedBytecode(loader.name, loader.path)
    return spec


def _place_of_finder() -> int:
    """Return the place before Python's own finder of files; hooks that rewrite what they find stand before it."""
    return next((place for place, finder in enumerate(sys.meta_path) if finder is PathFinder), len(sys.meta_path))


def _set_aside(home_of: Callable[[str, ModuleType], Path | None]) -> dict[str, Path]:
    """Take the modules that have a home out of `sys.modules`, with all of their parts; return names and homes."""
    homes = {
        name: home
        for name, module in list(sys.modules.items())
        if "." not in name and isinstance(module, ModuleType) and (home := home_of(name, module)) is not None
    }
    for name, home in homes.items():
        parts = [part for part in sys.modules if part == name or part.startswith(f"{name}.")]
        _aside.setdefault(home, {}).update((part, sys.modules.pop(part)) for part in parts)
    return homes


def _put_back(name: str, home: Path) -> None:
    modules = _aside.get(home, {})
    for part in [part for part in modules if part == name or part.startswith(f"{name}.")]:
        sys.modules[part] = modules.pop(part)


def _top_level(names: set[str]) -> set[str]:
    return {name for name in names if "." not in name}


def _home(module: ModuleType) -> Path | None:
    """Return the directory that a top-level module was found in, None if there is none or no single one."""
    places, file = list(vars(module).get("__path__", ())), vars(module).get("__file__")
    found = {Path(place).resolve().parent for place in places or ([file] if isinstance(file, str) else [])}
    return found.pop() if len(found) == 1 else None


def _names_in(directory: Path) -> set[str]:
    """Return the names of the modules and packages in a directory."""
    try:
        items = [item for item in directory.iterdir() if item.suffix == ".py" or item.is_dir()]
    except OSError:
        return set()
    return {item.stem for item in items if item.stem.isidentifier()}
