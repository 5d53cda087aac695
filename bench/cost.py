"""Cost: what AWS bills for a million messages, by the prices of docs/cost.md (us-east-1, USD, November 2026)."""

REST_REQUEST, LAMBDA_REQUEST, GB_SECOND = 3.50, 0.20, 13.3334
WRITE_UNIT, READ_UNIT, GB_OF_LOGS = 0.625, 0.125, 0.50

MEMORY_GB, SECONDS, LOGS_GB = 0.25, 0.150, 1.5
# Of DynamoDB, for each message that is sent at once: what stands in docs/cost.md, without the receipt.
WRITES = {
    "claimed as sending": 1, "sent": 1, "the index of what is due, in and out": 2, "the index by recipient": 1,
    "its turn under the channel's rate": 1, "its block of numbers": 1, "all messages, ten at once": 0.1,
}  # fmt: skip
READS = {"whether the person opted out": 1}


def per_million() -> float:
    """One synchronous send over HTTPS, answered in 150 ms; no receipt, no event, no retry."""
    function = LAMBDA_REQUEST + MEMORY_GB * SECONDS * GB_SECOND
    table = sum(WRITES.values()) * WRITE_UNIT + sum(READS.values()) * READ_UNIT
    return REST_REQUEST + function + table + LOGS_GB * GB_OF_LOGS
