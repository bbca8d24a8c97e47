"""Voluntary service and points (志愿服务与积分) for Lifang."""
