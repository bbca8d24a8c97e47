"""Agency contracts (政府购买社工服务) for Lifang."""
