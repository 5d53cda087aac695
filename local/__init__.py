"""The laptop: what stands in for the world outside, so that the whole service runs without AWS and without a phone."""
