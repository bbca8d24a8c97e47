"""Long work: what the declaration gives, and how a job ended with the rows that failed."""

from __future__ import annotations

from typing import Any

import click

from lifang.cli import importing, showing
from lifang.cli.exporting import hand_out
from lifang.cli.frame import Command, Given
from lifang.cli.nouns import Noun
from lifang.cli.params import option
from lifang.cli.session import Session
from lifang.cli.verbs import key, number_of
from lifang.kit.words import n_
from lifang.resources.resource import Resource


def command(name: str, help: str, session: Session) -> click.Command:
    """The noun `jobs`."""
    return Noun(
        session, name, help, extra=lambda session: [_result(session.resource("core", name))]
    )


def _result(resource: Resource[Any]) -> click.Command:
    def work(session: Session, given: Given) -> None:
        from lifang.services import importing as services
        from lifang.services import reading, uploads

        caller = session.caller_for(resource)
        job = reading.get(caller, resource, number_of(session, resource, given["key"]))
        if given["output"]:
            hand_out(uploads.failing(caller, job), given["output"])
        elif session.json:
            showing.emit(services.outcome_of(job))
        else:
            importing.tell(services.outcome_of(job), dry_run=job.state == "waiting", skipped=True)

    kept = n_("把有误的行连同原因写入这个文件")
    params = [key(resource), option("--output", "-o", metavar="FILE.csv", help=kept)]
    return Command("result", n_("任务做了什么，哪些行有误"), work, params)
