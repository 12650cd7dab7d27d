"""Viewers as the server meets them: sessions over real WebSockets that ask for a page and wait until all of it is drawn."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

PATHS = ("", "outcomes", "flow", "knowledge", "explore", "health")
LAST = "Data complete:"  # what stands at the foot of every page
PATIENCE = 600  # seconds that a viewer waits for a page


@dataclass(frozen=True)
class Seen:
    """One page as one viewer saw it: how long it took, what was said on it, and what was wrong."""

    path: str
    seconds: float
    said: str
    wrong: str = ""


async def look(session: ClientConnection, path: str, query: str = "") -> Seen:
    """Ask for a page as a browser does, and return what was drawn when its script had ended."""
    ask, said, wrong, begun = BackMsg(), [], [], time.perf_counter()
    ask.rerun_script.page_name = path
    ask.rerun_script.query_string = query
    try:
        async with asyncio.timeout(PATIENCE):
            await session.send(ask.SerializeToString())
            async for told in session:
                message = ForwardMsg.FromString(told)
                element = message.delta.new_element
                said.append(element.html.body)
                wrong += [element.exception.message] if element.HasField("exception") else []
                if message.HasField("script_finished") and message.script_finished != message.FINISHED_EARLY_FOR_RERUN:
                    wrong += [] if message.script_finished == message.FINISHED_SUCCESSFULLY else ["it did not end well"]
                    break
    except (WebSocketException, TimeoutError, OSError) as error:
        wrong.append(repr(error))
    text = "\n".join(said)
    wrong += [] if wrong or LAST in text else ["it was not drawn to its foot"]
    return Seen(path, time.perf_counter() - begun, text, "; ".join(wrong))


def open_session(address: str) -> connect:
    """Return a new session with the server at an address, to be used with `async with`."""
    stream = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    return connect(stream, subprotocols=["streamlit"], max_size=None, open_timeout=PATIENCE, ping_interval=None)


async def crowd(address: str, count: int, ended: Callable[[], bool], paths: Sequence[str] = PATHS) -> list[Seen]:
    """Return what so many viewers saw who all come at once, each looking at page after page, until `ended` and once at least."""

    async def viewer(nth: int) -> list[Seen]:
        seen = []
        try:
            async with open_session(address) as session:
                while not seen or not ended():
                    seen.append(await look(session, paths[(nth + len(seen)) % len(paths)]))
        except (WebSocketException, TimeoutError, OSError) as error:
            seen.append(Seen("", 0, "", repr(error)))
        return seen

    return [one for every in await asyncio.gather(*map(viewer, range(count))) for one in every]
