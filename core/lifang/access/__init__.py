"""Who may do what where: roles, the policy condition, sign-in and tokens."""
