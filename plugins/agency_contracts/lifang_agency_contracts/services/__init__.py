"""What is done with the records of agency contracts, by noun."""
