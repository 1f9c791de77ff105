"""A look at what passes between a client and an engine: a proxy that changes nothing (`proxy`), and
a reader of the copy it gets (`http_parser`)."""
