"""The Prometheus exporter: what a host's sockets are, each time that somebody asks.

look.py looks at the host once, metrics.py says it in Prometheus' terms, sharing.py has many who ask
share one look, server.py takes them and exchange.py answers. Only metrics.py and page.py need the
extra `exporter`.
"""
