"""Mutation: small wrong changes to the core, one at a time. A test of its rooms must notice each of them."""
