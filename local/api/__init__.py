"""The embedded AWS: ministack in process, plus the behaviour of AWS that it lacks. It knows AWS's API only."""
