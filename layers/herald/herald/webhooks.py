"""Webhooks: for whoever receives them: ``verify`` tells whether one is Herald's, unchanged, and new."""

from herald.pipeline.announce.signature import HEADER, verify

__all__ = ["HEADER", "verify"]
