"""Stack: a stage is called as the template allows it, everywhere: no other name leads to a place in SSM."""

import re
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from herald import wiring
from herald.errors import InvalidSettings
from herald.keys.grant import Grant
from herald.keys.key import create
from herald.settings import stack
from tests.house import ROOT

(PATTERN,) = re.findall(r'AllowedPattern: "(\[a-z\].*)"', (ROOT / "template.yaml").read_text())


@given(st.text(st.sampled_from("az09-A/._ \nß"), max_size=18) | st.text(max_size=18))
@example("local/channels")
@example("a" * 16)
def test_a_stage_is_called_as_the_template_allows_it(name: str) -> None:
    if re.fullmatch(PATTERN, name):
        assert stack.path(name) == f"/herald/{name}"
        assert stack.keys_path(name) == f"/herald-keys/{name}"
    else:
        with pytest.raises(InvalidSettings, match="small letter"):
            stack.keys_path(name)
        with pytest.raises(InvalidSettings, match="small letter"):
            stack.path(name)


@pytest.mark.parametrize("read", [wiring.parameters, wiring.keys, wiring.real])
def test_no_other_name_is_read_in_ssm(read: object) -> None:
    with pytest.raises(InvalidSettings):
        read("local/channels")  # type: ignore[operator]


def test_a_stage_reads_its_api_keys_only_when_somebody_asks_for_one(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", engine)
    wiring.parameters.cache_clear()
    wiring.keys.cache_clear()
    here = wiring.Stack("keys-of-a-stage")
    wiring.keys("keys-of-a-stage").write("shop", create(Grant("shop", per_day=7)).record, replace=True)
    assert here.parameters.current() == {}
    long_ago = here.clock() - timedelta(hours=1)
    shop, *others = (here.grant(name, long_ago) for name in ("shop", "shop2", "", "../settings"))
    assert shop and (shop.name, shop.per_day) == ("shop", 7)
    assert others == [None, None, None]
    wiring.parameters.cache_clear()
