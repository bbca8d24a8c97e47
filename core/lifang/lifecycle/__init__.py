"""The life of a plugin here: installed, switched along the tree, set, upgraded, removed."""
