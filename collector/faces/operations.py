"""Every operation of the API: what it is asked, what it answers. A test compares the list with the routes there are."""

from dataclasses import dataclass

import msgspec

from collector.faces import (
    acts_api,
    answers,
    followups_api,
    indicator_answers,
    ledger_answers,
    open_answers,
    reports_api,
)
from collector.faces.inquiry import FILTERS as FILTERS_OF_FIGURES
from collector.faces.parameters import (
    AFTER,
    AS_OF,
    CLOSED,
    CODE,
    CONDITION,
    ENTRIES,
    FORMAT,
    FROM,
    KIND,
    LANGUAGE,
    LIMIT,
    OUTAGES,
    PERIOD,
    PROVIDER,
    REGENCY,
    SINCE,
    SITE_OF,
    TO,
    UNTIL,
    Parameter,
)
from collector.figures import periods
from collector.figures.shares import Exclusions, Hours
from collector.figures.totals import SCOPES
from collector.followups import FollowUpState
from collector.reports.press import ZIP
from collector.reports.writing.formats import FORMATS
from shared.wire import Batch, Receipt

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method on one path. `answer` is a struct, or the media type of text."""

    method: str
    path: str
    name: str
    text: str
    answer: type[msgspec.Struct] | str
    parameters: tuple[Parameter, ...] = ()
    body: type[msgspec.Struct] | None = None
    errors: tuple[int, ...] = (401, 403)


OPERATIONS = (
    Operation(
        method="get",
        path="/api/v1/sites",
        name="sites",
        text="Sites by code, with what each is in now",
        answer=answers.SitesAnswer,
        parameters=(CONDITION, REGENCY, PROVIDER, CLOSED, LIMIT, AFTER),
        errors=(400, 401, 403),
    ),
    Operation(
        method="get",
        path="/api/v1/sites/{code}",
        name="site",
        text="One site with its groups, targets and agents",
        answer=answers.SiteDetail,
        parameters=(CODE,),
        errors=(401, 403, 404),
    ),
    Operation(
        method="get",
        path="/api/v1/sites/{code}/flips",
        name="flips",
        text="Changes of state of a site, its groups and its targets",
        answer=answers.FlipsAnswer,
        parameters=(CODE, FROM, TO, Parameter("scope", "site, a group, or group:agent/target; all when missing")),
        errors=(400, 401, 403, 404),
    ),
    Operation(
        method="get",
        path="/api/v1/outages",
        name="outages",
        text="Outages that touch a period, each told whole",
        answer=answers.OutagesAnswer,
        parameters=(FROM, TO, Parameter("site", "code of one site; all when missing"), OUTAGES, AFTER),
        errors=(400, 401, 403, 404),
    ),
    Operation(
        method="get",
        path="/api/v1/indicators",
        name="indicators",
        text="Availability with error bars, outages and latency, by site, provider, regency ...; also as text/csv",
        answer=indicator_answers.IndicatorsAnswer,
        parameters=(
            Parameter("scope", "what is told of", schema=(("type", "string"), ("enum", [*SCOPES]))),
            Parameter("of", "only this one, by code or name; every one when missing"),
            *(Parameter(name, f"only sites of this {name}") for name in FILTERS_OF_FIGURES),
            PERIOD,
            SINCE,
            UNTIL,
            Parameter("hours", "all, or service hours alone", schema=(("type", "string"), ("enum", [*Hours]))),
            Parameter("exclusions", "with: excluded time is out", schema=(("type", "string"), ("enum", [*Exclusions]))),
            AS_OF,
            FORMAT,
        ),
        errors=(400, 401, 403, 404),
    ),
    Operation(
        method="get",
        path="/api/v1/ledger",
        name="ledger",
        text="Milliseconds of a site in each row, by hour, day, week, month, quarter or year; also as text/csv",
        answer=ledger_answers.LedgerAnswer,
        parameters=(
            SITE_OF,
            PERIOD,
            SINCE,
            UNTIL,
            Parameter("by", "pieces; day when missing", schema=(("type", "string"), ("enum", [*periods.BY]))),
            AS_OF,
            FORMAT,
        ),
        errors=(400, 401, 403, 404),
    ),
    Operation(
        method="get",
        path="/api/v1/revisions",
        name="revisions",
        text="The closed days of a site as they were told and corrected; also as text/csv",
        answer=ledger_answers.RevisionsAnswer,
        parameters=(SITE_OF, PERIOD, SINCE, UNTIL, FORMAT),
        errors=(400, 401, 403, 404),
    ),
    Operation(
        method="get",
        path="/api/v1/reports",
        name="reports",
        text="What reports there are, and in which formats",
        answer=reports_api.ReportsAnswer,
        parameters=(LANGUAGE,),
        errors=(400, 401, 403),
    ),
    Operation(
        method="get",
        path="/api/v1/reports/{kind}",
        name="report",
        text="A report as a file: JSON, CSV, XLSX, HTML, PDF, or a pack as ZIP; one after the other",
        answer=JSON,
        parameters=(
            KIND,
            Parameter("period", "2026-11-22, 2026-W47, 2026-11, 2026-Q4 or 2026"),
            Parameter("scope", "whom it is about; all when missing", schema=(("type", "string"), ("enum", [*SCOPES]))),
            Parameter("of", "which one, by code or name"),
            Parameter("format", "as what file", schema=(("type", "string"), ("enum", [*FORMATS, ZIP]))),
            LANGUAGE,
        ),
        errors=(400, 401, 403, 404, 429, 500, 501, 503, 507),
    ),
    Operation(
        method="get",
        path="/api/v1/exclusions",
        name="exclusions",
        text="Spans taken out of the account, also those that were withdrawn",
        answer=acts_api.ExclusionsAnswer,
    ),
    Operation(
        method="post",
        path="/api/v1/exclusions",
        name="addExclusion",
        text="Take a span out of the account; with an operator token",
        answer=acts_api.ExclusionAnswer,
        body=acts_api.NewExclusion,
        errors=(400, 401, 403, 413, 415, 503),
    ),
    Operation(
        method="post",
        path="/api/v1/exclusions/{id}/withdraw",
        name="withdrawExclusion",
        text="Let an exclusion count no more; with an operator token",
        answer=acts_api.ExclusionAnswer,
        parameters=(Parameter("id", "number of the exclusion", "path"),),
        body=acts_api.Withdrawal,
        errors=(400, 401, 403, 404, 409, 413, 415, 503),
    ),
    Operation(
        method="get",
        path="/api/v1/causes",
        name="causes",
        text="What people say outages came from",
        answer=acts_api.CausesAnswer,
        parameters=(Parameter("site", "code of one site; all when missing"),),
    ),
    Operation(
        method="post",
        path="/api/v1/causes",
        name="giveCause",
        text="Say what an outage came from; with an operator token",
        answer=acts_api.CauseAnswer,
        body=acts_api.NewCause,
        errors=(400, 401, 403, 413, 415, 503),
    ),
    Operation(
        method="get",
        path="/api/v1/followups",
        name="followups",
        text="What is to be done about what was found, and what was done",
        answer=followups_api.FollowUpsAnswer,
        parameters=(Parameter("state", "only those in it", schema=(("type", "string"), ("enum", [*FollowUpState]))),),
        errors=(400, 401, 403),
    ),
    Operation(
        method="post",
        path="/api/v1/followups",
        name="addFollowUp",
        text="Say what is to be done; with an operator token",
        answer=followups_api.FollowUpAnswer,
        body=followups_api.NewFollowUp,
        errors=(400, 401, 403, 413, 415, 503),
    ),
    Operation(
        method="post",
        path="/api/v1/followups/{id}/steps",
        name="addStep",
        text="Say what was done; with an operator token",
        answer=followups_api.FollowUpAnswer,
        parameters=(Parameter("id", "number of the follow-up", "path"),),
        body=followups_api.NewStep,
        errors=(400, 401, 403, 404, 413, 415, 503),
    ),
    Operation(
        method="get",
        path="/api/v1/acknowledgements",
        name="acknowledgements",
        text="Who takes care of the alerts that fire, and which wait",
        answer=followups_api.AcknowledgementsAnswer,
    ),
    Operation(
        method="post",
        path="/api/v1/acknowledgements",
        name="acknowledge",
        text="Take care of an alert that fires: no reminder of it any more; with an operator token",
        answer=followups_api.AcknowledgementAnswer,
        body=followups_api.NewAcknowledgement,
        errors=(400, 401, 403, 404, 413, 415, 503),
    ),
    Operation(
        method="get",
        path="/api/v1/audit",
        name="audit",
        text="Every human act, in a chain of digests; for operators of the whole province",
        answer=acts_api.AuditLogAnswer,
        parameters=(
            Parameter("after", "`next` of the page before", schema=(("type", "integer"), ("minimum", 1))),
            Parameter("limit", "entries a page", schema=ENTRIES),
        ),
        errors=(400, 401, 403),
    ),
    Operation(
        method="post",
        path="/api/v1/batches",
        name="push",
        text="Results from an agent; answered when they are on disk. Also application/msgpack, zstd and gzip",
        answer=Receipt,
        body=Batch,
        errors=(400, 401, 403, 408, 409, 413, 415, 503),
    ),
    Operation(
        method="get",
        path="/open.json",
        name="openData",
        text="What is set public, for everybody, with its licence; 404 where nothing is",
        answer=open_answers.OpenAnswer,
        errors=(404,),
    ),
    Operation(
        method="get",
        path="/open.csv",
        name="openTable",
        text="The sites of /open.json as CSV: RFC 4180 with a header; the licence also in a Link header",
        answer="text/csv",
        errors=(404,),
    ),
    Operation(method="get", path="/api/v1/openapi.json", name="openapi", text="This document", answer=JSON),
    Operation(method="get", path="/metrics", name="metrics", text="For Prometheus", answer="text/plain"),
    Operation(
        method="get", path="/-/healthy", name="healthy", text="200 while it runs", answer="text/plain", errors=()
    ),
    Operation(
        method="get", path="/-/ready", name="ready", text="200 when it can work", answer="text/plain", errors=(503,)
    ),
)
