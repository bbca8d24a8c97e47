"""What lies here to be built by a walk is no test of ours."""

collect_ignore = ["lost_and_found"]
