"""From a study file to a validated study, with the place of every key, and back."""

from pytest_dre.loading.reading import load_study, parse_study, study_from_dict
from pytest_dre.loading.schema import study_schema
from pytest_dre.loading.validation import validate_study
from pytest_dre.loading.writing import dump_json, dump_yaml, study_to_dict, write_study

__all__ = [
    "dump_json",
    "dump_yaml",
    "load_study",
    "parse_study",
    "study_from_dict",
    "study_schema",
    "study_to_dict",
    "validate_study",
    "write_study",
]
