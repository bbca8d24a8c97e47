"""A small city to try Lifang on, told by real actions: only `lifang demo` and the tests need it."""
