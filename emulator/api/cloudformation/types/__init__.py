"""The resource types that ministack's CloudFormation lacks, or has in name only; a module for each area."""
