module kubequorum.invalid/artifacts/pause

go 1.25.0
