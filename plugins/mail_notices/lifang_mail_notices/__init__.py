"""Notices by mail (邮件通知) for Lifang."""
