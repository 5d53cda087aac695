"""AWS: clients for callers who wait, on the data that was built for them, or on botocore's own."""

from pathlib import Path

import pytest

from herald.aws import client
from herald.errors import InvalidSettings
from tests.aws.conftest import read_from


@pytest.fixture
def data(built: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The built data, where the layer has it."""
    return read_from(built, monkeypatch)


def test_a_client_tries_as_often_as_it_is_said_and_waits_no_longer_than_its_caller() -> None:
    for attempts, seconds in ((1, 10), (3, 5)):
        config = client.client("sns", attempts=attempts).meta.config
        assert config.retries["total_max_attempts"] == attempts
        assert (config.connect_timeout, config.read_timeout) == (3, seconds)


def test_without_a_region_it_is_said_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(InvalidSettings) as caught:
        client.client("sns")
    assert "AWS_DEFAULT_REGION" in caught.value.detail


def test_a_client_knows_the_operations_of_the_built_data_alone(data: Path) -> None:
    assert client.client("sns").meta.service_model.operation_names == ["Publish"]


def test_without_built_data_botocores_own_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_from(tmp_path / "nowhere", monkeypatch)
    assert "Subscribe" in client.client("sns").meta.service_model.operation_names


def test_a_service_that_no_function_calls_is_read_from_botocores_own(data: Path) -> None:
    assert "ListBuckets" in client.client("s3").meta.service_model.operation_names


@pytest.mark.parametrize(
    ("region", "said", "amazon"),
    [
        ("ap-south-1", {}, True),
        ("us-east-1", {}, True),
        ("cn-north-1", {}, False),
        ("us-gov-west-1", {}, False),
        ("ap-south-1", {"bundle": "/etc/ours.pem"}, False),
        ("ap-south-1", {"endpoint_url": "https://sns.example.com"}, False),
    ],
)
def test_amazons_authorities_are_trusted_alone_where_they_vouch(
    data: Path, monkeypatch: pytest.MonkeyPatch, region: str, said: dict[str, str], amazon: bool
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    if "bundle" in said:
        monkeypatch.setenv("AWS_CA_BUNDLE", said["bundle"])
    made = client.client("sns", region_name=region, endpoint_url=said.get("endpoint_url"))
    assert (made._endpoint.http_session._verify == str(client.ROOTS)) == amazon
