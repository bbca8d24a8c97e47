"""The core's own records: communities, organizations, people, and who may act among them."""
