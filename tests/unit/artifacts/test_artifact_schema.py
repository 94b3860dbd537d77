from hypothesis import given
from hypothesis import strategies as st

from pytest_dre.artifacts.schema import CONDITIONS, EVALUATIONS, EVENTS, RUNS, block_columns, factor_columns

NAMES = st.sampled_from(["arm", "admissible", "factor_admissible", "study_id", "block_x", "x", "factor_block_x"])


def test_the_leading_columns_are_those_of_the_schema():
    """Column orders of schema 0.2.0, which other tools rely on."""
    assert CONDITIONS.header[: CONDITIONS.required] == (
        "study_id",
        "condition_id",
        "admissible",
        "constraint_messages",
        "assignment_meta_json",
    )
    assert ",".join(RUNS.header[: RUNS.required + 1]) == (
        "study_id,condition_id,run_id,problem_id,problem_family,agent_id,agent_kind,pattern_name,model_name,seed,"
        "replicate,status,start_time,end_time,latency_s,input_tokens,output_tokens,cost_usd,primary_outcome,"
        "trace_path,manifest_path,error_info"
    )
    assert ",".join(EVENTS.header) == (
        "timestamp,record_id,text,session_id,actor_id,event_type,meta_json,level,study_id,run_id,condition_id"
    )
    assert ",".join(EVALUATIONS.header[: EVALUATIONS.required]) == (
        "run_id,evaluator_id,metric_name,metric_value,metric_unit,aggregation_level,notes_json"
    )


def test_factors_keep_their_names_unless_taken():
    assert factor_columns(["arm", "admissible", "block_x"], ["x"]) == {
        "arm": "arm",
        "admissible": "factor_admissible",
        "block_x": "factor_block_x",
    }


def test_a_prefixed_name_that_is_itself_a_factor_is_prefixed_again():
    assert factor_columns(["factor_admissible", "admissible"], []) == {
        "factor_admissible": "factor_admissible",
        "admissible": "factor_factor_admissible",
    }


@given(st.lists(NAMES, unique=True), st.lists(NAMES, unique=True))
def test_no_two_columns_share_a_name_whatever_the_order_of_the_factors(factors, blocks):
    columns = factor_columns(factors, blocks)
    names = [*CONDITIONS.header, *columns.values(), *block_columns(blocks).values()]
    assert len(set(names)) == len(names)
    assert factor_columns(reversed(factors), blocks) == columns
