"""`GET /metrics`: what Prometheus collects. Numbers, routes and versions; no text, no person.

It needs a token of scope `admin`: how often somebody talks to whom is nobody else's business.
"""

import time
from collections.abc import Iterator

from fastapi import APIRouter, Request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maverick_assets.api.asking import require_scope
from maverick_assets.serving.service import ChatService

router = APIRouter(tags=["health"])
_EXAMPLE = 'maverick_answers_total{personality="robbie",version="v1.0"} 12.0\n'
_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300)


class ServiceCollector(Collector):
    """The service as it is when it is asked."""

    def __init__(self, service: ChatService) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        service = self._service
        labels = ["personality", "version"]
        answers = CounterMetricFamily("maverick_answers", "complete answers", labels=labels)
        tokens = CounterMetricFamily(
            "maverick_tokens", "tokens of complete answers", labels=[*labels, "kind"]
        )
        for (personality, version), counts in service.answered.items():
            answers.add_metric([personality, version], counts.answers)
            tokens.add_metric([personality, version, "prompt"], counts.prompt_tokens)
            tokens.add_metric([personality, version, "completion"], counts.completion_tokens)
        versions = GaugeMetricFamily("maverick_version", "1 for what is in service", labels=labels)
        for personality, version in service.served().items():
            versions.add_metric([personality, version], 1)
        yield from (answers, tokens, versions)
        yield GaugeMetricFamily(
            "maverick_answers_under_way", "answers that are computed or wait", service.answers
        )
        yield GaugeMetricFamily(
            "maverick_answers_waiting", "answers that wait for a slot", service.waiting
        )
        yield GaugeMetricFamily(
            "maverick_engines",
            "engines in memory: two while a version is taken in",
            service.engines,
        )


class Metrics:
    """What an application counts."""

    def __init__(self, service: ChatService) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(ServiceCollector(service))
        self.requests = Histogram(
            "maverick_request_seconds",
            "requests by route and status, to the end of their answers",
            ["method", "route", "status"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._refused = Counter(
            "maverick_refused_requests",
            "requests that went no further than the door, by status: no token (401), another site "
            "(403), too long (413), another name (421), too many (429)",
            ["status"],
            registry=self.registry,
        )

    def refuse(self, status: int) -> None:
        """Count a request that the door refused."""
        self._refused.labels(str(status)).inc()


class RequestMetrics:
    """ASGI middleware that measures requests."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.monotonic(), "none"  # of a caller who hung up

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            # The route's pattern: a path may hold anything that a caller writes.
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if route != "none" else "none"
            self._metrics.requests.labels(method, route, status).observe(time.monotonic() - started)


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"example": _EXAMPLE}}}},
)
def metrics(request: Request) -> Response:
    """Counts, durations, tokens, queue and versions, in Prometheus' text format."""
    require_scope(request, "admin")
    content = generate_latest(request.app.state.metrics.registry)
    return Response(content, media_type=CONTENT_TYPE_LATEST)
