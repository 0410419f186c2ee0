"""GET /api/v1/openapi.json: OpenAPI 3.1, made from the structs that the handlers answer with, so that both agree.
Pages for people are not described."""

from collections.abc import Iterator
from typing import Any

import msgspec
from aiohttp import web

from collector.faces.operations import JSON, OPERATIONS, Operation
from collector.faces.parameters import Parameter
from shared.wire import Problem

REF = "#/components/schemas/{name}"


def document(version: str, url: str) -> dict[str, Any]:
    """The OpenAPI document as plain JSON values."""
    _, schemas = msgspec.json.schema_components([*_structs(), Problem], ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _describe(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kentongan collector", "version": version, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": url}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "browser": {"type": "http", "scheme": "basic", "description": "the read token as password"},
            },
        },
    }


def route(version: str, url: str) -> web.RouteDef:
    """The route that serves the document."""
    body = msgspec.json.encode(document(version, url))

    async def openapi(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=JSON)

    return web.get("/api/v1/openapi.json", openapi)


def _structs() -> Iterator[type[msgspec.Struct]]:
    for operation in OPERATIONS:
        yield from (s for s in (operation.answer, operation.body) if isinstance(s, type))


def _describe(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.text,
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": {
            "200": {"description": "OK", "content": _content(operation.answer)},
            **{str(status): _error(status) for status in operation.errors},
        },
        "security": [{"token": []}, {"browser": []}] if 401 in operation.errors else [],
    }
    if operation.body:
        described["requestBody"] = {"required": True, "content": _content(operation.body)}
        described["security"] = [{"token": []}]
    return described


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.where == "path",
        "description": parameter.text,
        "schema": dict(parameter.schema),
    }


def _content(answer: type[msgspec.Struct] | str) -> dict[str, Any]:
    if isinstance(answer, str):
        return {answer: {"schema": {"type": "object" if answer == JSON else "string"}}}
    return {JSON: {"schema": {"$ref": REF.format(name=answer.__name__)}}}


def _error(status: int) -> dict[str, Any]:
    media = {"application/problem+json": {"schema": {"$ref": REF.format(name=Problem.__name__)}}}
    return {"description": f"problem {status}", "content": media}
