"""Stack: a stage is called as the template allows it, everywhere: no other name leads to a place in SSM."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from herald import wiring
from herald.errors import InvalidSettings
from herald.settings import stack
from tests.house import ROOT

(PATTERN,) = re.findall(r'AllowedPattern: "(\[a-z\].*)"', (ROOT / "template.yaml").read_text())


@given(st.text(st.sampled_from("az09-A/._ \nß"), max_size=18) | st.text(max_size=18))
@example("local/channels")
@example("a" * 16)
def test_a_stage_is_called_as_the_template_allows_it(name: str) -> None:
    if re.fullmatch(PATTERN, name):
        assert stack.path(name) == f"/herald/{name}"
    else:
        with pytest.raises(InvalidSettings, match="small letter"):
            stack.path(name)


@pytest.mark.parametrize("read", [wiring.parameters, wiring.key_records, wiring.real])
def test_no_other_name_is_read_in_ssm(read: object) -> None:
    with pytest.raises(InvalidSettings):
        read("local/channels")  # type: ignore[operator]
