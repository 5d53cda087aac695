"""Vendors: the simulated ends of the providers' contracts, one file each."""
