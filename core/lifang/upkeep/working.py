"""The worker: ticks, delivers, seals, works off jobs and backs up until it is told to stop."""

from __future__ import annotations

import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType

from lifang.access.callers import plugin_caller
from lifang.events.event import Away
from lifang.kit.errors import LifangError
from lifang.plugins.plugin import Duty as PluginDuty
from lifang.services import bulk, importing
from lifang.services.clockwork import Clockwork
from lifang.services.delivery import Outsiders, dispatcher_of
from lifang.services.instance import Instance
from lifang.services.jobs import Jobs
from lifang.store.doorbell import Doorbell
from lifang.upkeep.backup import Daily
from lifang.upkeep.sealing import BATCH, seal
from lifang.upkeep.stalls import Alarm
from lifang.upkeep.sweeping import Sweeper

POLL = 1.0  # seconds: a lost wake-up costs one poll, a due retry waits no longer
YIELD = 0.005  # seconds between batches, longer than a waiting web writer sleeps: it goes first
DRAIN = 10.0  # seconds to finish what is due after being told to stop
LONGEST_PAUSE = 30.0
AN_HOUR = 3600.0

KNOWN = (bulk, importing)
"""The modules that know how a kind of job is done: a worker that never met them could do none."""

log = logging.getLogger("lifang.worker")


class Duty:
    """One of the worker's tasks: when it fails it is taken up again later, and the others go on."""

    def __init__(
        self,
        name: str,
        work: Callable[[], bool],
        *,
        every: float,
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Call `work` every so many seconds, and at once again while it says there is more.

        `ready` is called before it: the database's server may have been away meanwhile.
        """
        self.name = name
        self.work = work
        self._ready = ready
        self._every = every
        self._next = 0.0
        self._pause = 0.0

    def turn(self) -> bool:
        """Do the next piece if its time has come; says whether there is more."""
        if time.monotonic() < self._next:
            return False
        try:
            self._ready()
            more = self.work()
        except (LifangError, OSError, Away) as error:
            log.warning("%s: %s; it tries again in %.0f s", self.name, error, self._put_off())
            return False
        except Exception:
            log.exception("%s failed and tries again in %.0f s", self.name, self._put_off())
            return False
        self._pause = 0.0
        self._next = 0.0 if more else time.monotonic() + self._every
        return more

    def finish(self, end: float) -> None:
        """Do what is left, until a moment at the latest."""
        try:
            while time.monotonic() < end and self.work():
                pass
        except Exception:  # the next start takes it up, and until then nothing is lost
            log.exception("%s could not finish", self.name)

    def _put_off(self) -> float:
        self._pause = min(max(POLL, self._pause * 2), LONGEST_PAUSE)
        self._next = time.monotonic() + self._pause
        return self._pause


class Worker:
    """Runs in one thread; `stop` may be called from another one or from a signal handler."""

    def __init__(
        self, instance: Instance, more: Mapping[str, Callable[[], bool]] = MappingProxyType({})
    ) -> None:
        """Work for an instance; `more` are tasks of the layers above, by name, every second."""
        self._instance = instance
        self._dispatcher = dispatcher_of(instance)
        self._outsiders = Outsiders(instance)
        self._threads: list[threading.Thread] = []
        self._rung = threading.Condition()
        self._daily, self._sweeper = Daily(instance), Sweeper(instance)
        ready = instance.database.mend
        self._duties = (
            Duty("clock", Clockwork(instance).step, ready=ready, every=POLL),
            Duty("delivery", self._dispatcher.step, ready=ready, every=0.0),
            Duty("outside", self._send_out, ready=ready, every=POLL),
            Duty("sealing", lambda: seal(instance) == BATCH, ready=ready, every=POLL),
            Duty("jobs", Jobs(instance).step, ready=ready, every=POLL),
            Duty("backup", self._daily.step, ready=ready, every=LONGEST_PAUSE),
            Duty("alarm", Alarm(instance).step, ready=ready, every=LONGEST_PAUSE),
            Duty("retention", self._sweeper.step, ready=ready, every=AN_HOUR),
            *(Duty(name, work, ready=ready, every=POLL) for name, work in more.items()),
        )
        self._stopping = False
        self._alarm, self._alarmed = socket.socketpair()
        self._alarm.settimeout(0)

    def stop(self) -> None:
        """Finish what is due and return from `run`."""
        self._stopping = True
        with suppress(OSError):  # it has been woken already, or has finished
            self._alarm.send(b"1")

    def run(self) -> None:
        """Deliver and seal, as soon as there is something and at least every second.

        Told to stop, it finishes within ten seconds and gives up its leases.
        """
        database = self._instance.database
        with database.doorbell() as bell, database.connection():
            while not self._stopping:
                more = [duty.turn() for duty in self._duties]
                if any(more):
                    time.sleep(YIELD)
                else:
                    self._wait(bell)
            end = time.monotonic() + DRAIN
            self._daily.stop()
            self._sweeper.stop()
            self._call_home(end)
            for duty in self._duties:
                duty.finish(end)
            self._dispatcher.release()
        self._alarm.close()
        self._alarmed.close()

    def _send_out(self) -> bool:
        """Give each that waits for other machines a thread, so that none waits for another."""
        newcomers = [(one.name, one.step) for one in self._outsiders.newcomers()]
        for name, step in [*newcomers, *self._plugin_duties()]:
            duty = Duty(name, step, ready=self._instance.database.mend, every=0.0)
            thread = threading.Thread(target=self._outside, args=[duty], name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        return False

    def _plugin_duties(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        """The duties of plugins that were not there when this was asked before."""
        for plugin in list(self._instance.plugins.loaded.values()):
            for work in plugin.duties:
                name = f"{plugin.id}.{work.__name__}"
                if name not in (thread.name for thread in self._threads):
                    yield name, partial(self._while_on, plugin.id, work)

    def _while_on(self, plugin: str, work: PluginDuty) -> bool:
        instance = self._instance
        if not instance.plugins.refresh().where(plugin):
            return False
        return work(plugin_caller(instance, plugin, actor=None, correlation=None, cause=None))

    def _outside(self, duty: Duty) -> None:
        with self._instance.database.connection():
            while not self._stopping:
                if not duty.turn():
                    with self._rung:
                        self._rung.wait(POLL)

    def _call_home(self, end: float) -> None:
        """Wait for what is just being told outside; what hangs there ends with the process."""
        with self._rung:
            self._rung.notify_all()
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _wait(self, bell: Doorbell) -> None:
        """Sleep until somebody rings, the worker is to stop, or a second is over."""
        with selectors.DefaultSelector() as waiting:  # `select` knows no descriptor above 1,023
            for ear in (self._alarmed, *bell.ears()):
                waiting.register(ear, selectors.EVENT_READ)
            ready = {key.fileobj for key, _events in waiting.select(POLL)}
        with self._rung:
            self._rung.notify_all()
        if ready - {self._alarmed}:
            bell.quiet()
