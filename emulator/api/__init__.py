"""The embedded AWS: ministack in process, plus what AWS does and it does not. It knows AWS's API only."""
