"""The proofs of docs/promises.md: small in ``make test``, whole in ``make prove``."""
