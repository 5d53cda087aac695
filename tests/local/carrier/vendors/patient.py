"""Patient: boto3's clients of a twin, who wait two seconds for it and leave all checking to it."""

from typing import Any

from botocore.config import Config

from tests.providers.contract import aws

PATIENCE, SLOWER = 2, 4


def client(kind: str, url: str) -> Any:
    """One attempt a call. A twin whose slow answers take ``SLOWER`` seconds is too slow for it."""
    config = Config(
        connect_timeout=PATIENCE, read_timeout=PATIENCE, retries={"total_max_attempts": 1}, parameter_validation=False
    )
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    return aws().client(kind, endpoint_url=url, config=config, **keys)
