"""Webhooks (网络回调) for Lifang."""
