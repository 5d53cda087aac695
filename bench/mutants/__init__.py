"""Mutation: small wrong changes to the core, one at a time. A test of its modules must notice each of them."""
