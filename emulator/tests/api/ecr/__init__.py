"""ECR: tokens, and the registry behind them."""
