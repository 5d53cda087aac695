"""Mutation: small wrong changes to the core, one at a time. A test of the same part must notice each of them."""
