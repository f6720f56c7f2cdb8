"""A cluster as a picture: a document that is drawn, its history, and the page that draws it.

`model` is the document. `compose` makes it of what AWS and Kubernetes answered, without asking anybody;
`watch` asks them again and again; `history` keeps what was seen; `server` has the page, whose files are in
`page/`.
"""
