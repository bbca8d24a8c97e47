"""The bridge to NATS JetStream (消息桥) for Lifang."""
