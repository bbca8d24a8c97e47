"""What an instance does for itself: works, delivers, backs up, sweeps, and says how it is."""
