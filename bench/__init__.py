"""Speed, measured side by side in one run: the claim is a ratio, never a time."""
