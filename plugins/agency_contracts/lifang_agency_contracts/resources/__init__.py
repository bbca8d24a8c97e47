"""Everything of agency contracts as people work with it: who sees it, and who may do what.

The purchaser is whoever administers the subdistrict, the bureau whoever administers the district;
provider and evaluator are organizations, for which their liaisons act.
"""
