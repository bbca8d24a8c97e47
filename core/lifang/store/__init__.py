"""The database: one engine per process, transactions, records, sensitive fields, migrations."""
