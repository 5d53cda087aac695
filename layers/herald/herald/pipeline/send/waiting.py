"""Waiting: a message is put into the queue until its time."""

from herald.message import Message
from herald.pipeline.ports import Ports
from herald.pipeline.send import transitions
from herald.pipeline.trouble import told


def put(ports: Ports, message: Message) -> None:
    """Queue a message until its time. If that fails the sweep does it, once the message is overdue."""
    now = ports.clock()
    with told(ports.observer, "message not queued", message_id=message.id):
        ports.queue.put(message.id, (transitions.comes_at(message, now) - now).total_seconds())
