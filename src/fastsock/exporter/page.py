"""One look as the text that Prometheus reads: for all who share it, each form made once."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterable, Iterator

from prometheus_client import ProcessCollector
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import choose_encoder

from fastsock.exporter.accepting import accepts
from fastsock.exporter.metrics import make_families

TYPE_CHECKING = False
if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from fastsock.exporter.look import Look
    from fastsock.exporter.server import Served

_PROCESS = ProcessCollector(registry=None)

_OPENMETRICS = "application/openmetrics-text"


class Page:
    """What is told of a look, and of the server that tells it.

    `looks` and `failed` count the looks until then.
    """

    def __init__(self, look: Look, served: Served, looks: int, failed: int) -> None:
        self._families: list[Metric] = [
            *make_families(look),
            *_about_server(served, looks, failed),
            *_PROCESS.collect(),
        ]
        self._lock = threading.Lock()
        self._texts: dict[str, tuple[bytes, str]] = {}
        self._packed: dict[str, bytes] = {}

    def collect(self) -> Iterator[Metric]:
        """Yield the families, as a registry would."""
        yield from self._families

    def encode(self, accept: str) -> tuple[bytes, str]:
        """Return the text and its content type: OpenMetrics if that is accepted, else text 0.0.4.

        No more of the header is looked at: what it says besides would come back in ours.
        """
        form = _OPENMETRICS if accepts(accept, _OPENMETRICS) else ""
        with self._lock:
            if form not in self._texts:
                encoder, kind = choose_encoder(form)
                self._texts[form] = encoder(self), kind
            return self._texts[form]

    def pack(self, accept: str) -> bytes:
        """Return the same text, compressed with gzip."""
        text, kind = self.encode(accept)
        with self._lock:
            if kind not in self._packed:
                # 6 makes it a twentieth smaller than 1 does, and takes three times as long.
                self._packed[kind] = gzip.compress(text, 1)
            return self._packed[kind]


def _about_server(served: Served, looks: int, failed: int) -> Iterable[Metric]:
    answers = CounterMetricFamily(
        "fastsock_http_requests", "Requests answered, by status.", labels=("code",)
    )
    for code, number in sorted(served.codes().items()):
        answers.add_metric((str(code),), number)
    yield answers
    yield CounterMetricFamily(
        "fastsock_http_connections_refused",
        "Connections refused because there were too many at once.",
        value=served.refused,
    )
    yield CounterMetricFamily("fastsock_scans", "Looks at the host.", value=looks)
    yield CounterMetricFamily("fastsock_scan_failures", "Looks that failed.", value=failed)
