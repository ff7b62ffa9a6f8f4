from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sbsim.initiator.multipath_conf import BEGIN, END, LEFT_OUT, with_settings

OPERATORS = """\
# queue_if_no_path is what the vendor wants
defaults {
    polling_interval 10
    no_path_retry queue
}
blacklist {
    device {
        vendor "*"
        product "Virtual disk"
    }
}
devices {
    device {
        vendor "X"
        features "1 queue_if_no_path"
        no_path_retry fail
    }
}
multipaths {
    multipath {
        wwid 36001405000000000000000000000000a1
        alias data
    }
}
"""


def test_without_a_file_there_are_our_settings_alone() -> None:
    text = with_settings("")
    assert text.startswith(BEGIN)
    assert text.endswith(f"{END}\n")
    assert '\n        path_selector "round-robin 0"\n' in text
    assert "\n        no_path_retry fail\n" in text


def test_braces_are_balanced() -> None:
    text = with_settings(OPERATORS)
    assert text.count("{") == text.count("}")


def test_what_queues_or_renames_is_left_out_and_the_star_is_a_regular_expression() -> None:
    lines = with_settings(OPERATORS).splitlines()
    assert f"{LEFT_OUT}no_path_retry queue" in lines
    assert f'{LEFT_OUT}features "1 queue_if_no_path"' in lines
    assert f"{LEFT_OUT}alias data" in lines
    assert '        vendor ".*"' in lines
    active = [line for line in lines if not line.startswith("#")]
    assert not any("queue" in line or "alias" in line or '"*"' in line for line in active)


def test_everything_else_of_the_operators_stays() -> None:
    changed = {"    no_path_retry queue", '        features "1 queue_if_no_path"',
               "        alias data", '        vendor "*"'}  # fmt: skip
    lines = with_settings(OPERATORS).splitlines()
    assert [line for line in OPERATORS.splitlines() if line not in lines] == [
        line for line in OPERATORS.splitlines() if line in changed
    ]


@given(st.lists(st.sampled_from([*OPERATORS.splitlines(), "", BEGIN, END]), max_size=12))
def test_doing_it_again_changes_nothing(lines: list[str]) -> None:
    once = with_settings("".join(f"{line}\n" for line in lines))
    assert with_settings(once) == once
