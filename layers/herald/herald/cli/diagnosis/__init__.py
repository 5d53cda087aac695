"""Diagnosis: what ``herald doctor`` looks at, and what it finds. A file in ``checks`` is a check."""
