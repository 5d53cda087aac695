"""The benchmark: Herald as it ships, beside others, on one machine, without AWS. ``make bench`` runs it."""
