module kubequorum.invalid/artifacts/netprobe

go 1.25.0
