module kubequorum.invalid/artifacts/calico-start

go 1.25.0
