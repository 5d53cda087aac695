"""Cost: what AWS bills for a million messages, by docs/cost.md's own prices (us-east-1, USD, November 2026)."""

REST_REQUEST, LAMBDA_REQUEST, GB_SECOND = 3.50, 0.20, 13.3334
WRITE_UNIT, READ_UNIT, LOGS_GB = 0.625, 0.125, 0.50

MEMORY_GB, SECONDS = 0.25, 0.150
LOGS_KB = 1.7


def per_million(writes: float = 4 + 2, reads: float = 1) -> float:
    """One synchronous send over HTTPS through Amazon SNS: no receipt, no event, no retry.

    ``writes`` are those units of the journal (claimed, recorded, and what changes in its two indexes) and of its
    counters (the block of numbers, and all).
    """
    function = LAMBDA_REQUEST + MEMORY_GB * SECONDS * GB_SECOND
    return REST_REQUEST + function + writes * WRITE_UNIT + reads * READ_UNIT + LOGS_KB / 1000 * LOGS_GB
