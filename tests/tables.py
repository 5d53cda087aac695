"""Tables: real clients of the local engine, and tables like the template's."""

import uuid
from typing import Any

import boto3
from botocore.config import Config

from herald.journal.lists import BY_HASH


def client(service: str, engine: str) -> Any:
    """A real client of the local engine, with as many connections as a crowd of threads needs."""
    config = Config(max_pool_connections=50, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client(service, endpoint_url=engine, config=config)


KEYS = ("pk", "due", "due_at", "recipient", "reference_hash", "created_at")


def a_table(dynamodb: Any) -> str:
    """A new table as the template makes it."""
    name = f"herald-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in KEYS],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
            *(
                {
                    "IndexName": index,
                    "KeySchema": [
                        {"AttributeName": name, "KeyType": "HASH"},
                        {"AttributeName": "created_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
                for name, index in BY_HASH.items()
            ),
        ],
    )
    return name
