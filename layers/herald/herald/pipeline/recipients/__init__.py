"""Recipients: a person's messages and wishes, found by the keyed hash of the number."""
